"""The instants of a project's day, and how Mixpanel writes them into ``time``.

Projects from 2023 on: days and ``time`` are UTC. Older ones: days are local, and ``time`` is the local wall clock
written as if it were an epoch, so that daylight saving makes days of 23 and 25 hours.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class DayClock:
    """One day: its first instant, its length, and the offset of the wall clock before and after a change."""

    start_ms: int
    length_ms: int
    change_ms: int
    offset_before_ms: int
    offset_after_ms: int

    def written_ms(self, instant_ms: int) -> int:
        """Return the ``time`` of an event that happened at *instant_ms*."""
        return instant_ms + (self.offset_before_ms if instant_ms < self.change_ms else self.offset_after_ms)


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp()) * 1000


def _offset_ms(instant_ms: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant_ms // 1000, zone).utcoffset() or timedelta()
    return round(offset.total_seconds()) * 1000


def _change_ms(start_ms: int, end_ms: int, zone: ZoneInfo) -> int:
    """Return the first instant that has the offset of *end_ms*, to the second."""
    first, last = start_ms // 1000, end_ms // 1000
    after = _offset_ms(end_ms, zone)
    while first < last:
        middle = (first + last) // 2
        if _offset_ms(middle * 1000, zone) == after:
            last = middle
        else:
            first = middle + 1
    return first * 1000


def utc_day(day: date) -> DayClock:
    """Return the clock of *day* in a project whose days are UTC."""
    start_ms = _epoch_ms(datetime.combine(day, time(), timezone.utc))
    return DayClock(start_ms, 86_400_000, start_ms, 0, 0)


def local_day(day: date, zone: ZoneInfo) -> DayClock:
    """Return the clock of *day* in a project from before 2023 in *zone*."""
    start_ms = _epoch_ms(datetime.combine(day, time(), zone))
    end_ms = _epoch_ms(datetime.combine(day + timedelta(days=1), time(), zone))
    return DayClock(
        start_ms,
        end_ms - start_ms,
        _change_ms(start_ms, end_ms - 1000, zone),
        _offset_ms(start_ms, zone),
        _offset_ms(end_ms - 1000, zone),
    )
