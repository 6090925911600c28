"""Mixpanel's `time` as RFC 3339 text in UTC, to the millisecond.

In: a number of milliseconds, which the request asks for, or of seconds, from a server that does not know time_in_ms;
out: bytes such as 2026-01-02T03:04:05.678Z. Raises ValueError for a time outside the years 1 to 9999.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: the zone is applied afterwards
# Only below this a number can be seconds: 1e11 s is the year 5138, 1e11 ms is 1973.
FIRST_MILLISECONDS = 100_000_000_000
MAX_CACHED_MINUTES = 200_000

_SECONDS = [b"%02d." % second for second in range(60)]
_MILLISECONDS = [b"%03dZ" % millisecond for millisecond in range(1000)]


class EventTime:
    """Renders times; *legacy_zone* is the project's timezone where `time` is its wall clock instead of UTC.

    Projects made before 2023 send the local wall-clock time as if it were an epoch (docs: "Export timezone").
    An hour that daylight saving repeats can't be told apart and is taken as its first pass.
    """

    def __init__(self, legacy_zone: ZoneInfo | None = None) -> None:
        self._legacy_zone = legacy_zone
        self._minutes: dict[int, bytes] = {}
        self._near_s: float | None = None

    def near(self, day: date) -> EventTime:
        """Return this for events from about *day*, which tells the unit of a number that could be either.

        Events of 1972 have times in milliseconds as small as those of 3968 in seconds.
        """
        clock = EventTime(self._legacy_zone)
        clock._minutes = self._minutes
        clock._near_s = (day - EPOCH.date()) / timedelta(seconds=1)
        return clock

    def render(self, value: float) -> bytes:
        """Return *value*, seconds or milliseconds since 1970, as text."""
        if -FIRST_MILLISECONDS < value < FIRST_MILLISECONDS and self._is_seconds(value):
            value = round(value * 1000)
        try:
            minute, rest = divmod(int(value), 60_000)
        except OverflowError as error:  # 1e999 is JSON, and Python's json reads it as infinity
            raise ValueError(f"time {value} is outside the years 1 to 9999") from error
        prefix = self._minutes.get(minute) or self._render_minute(minute)
        second, millisecond = divmod(rest, 1000)
        return prefix + _SECONDS[second] + _MILLISECONDS[millisecond]

    def _is_seconds(self, value: float) -> bool:
        return self._near_s is None or abs(value - self._near_s) < abs(value / 1000 - self._near_s)

    def _render_minute(self, minute: int) -> bytes:
        try:
            moment = EPOCH + timedelta(minutes=minute)
            if self._legacy_zone:
                moment = moment.replace(tzinfo=self._legacy_zone).astimezone(timezone.utc)
        except OverflowError as error:
            raise ValueError(f"time {minute * 60} s is outside the years 1 to 9999") from error
        text = b"%04d-%02d-%02dT%02d:%02d:" % (
            moment.year,
            moment.month,
            moment.day,
            moment.hour,
            moment.minute,
        )
        if len(self._minutes) >= MAX_CACHED_MINUTES:
            self._minutes.clear()
        self._minutes[minute] = text
        return text
