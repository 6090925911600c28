"""Which days the database holds, by the state that the destination keeps in it.

In: what `destination-duckdb state` prints; out: the finished days of each stream of events, gaps, and what the next
sync will ask for. Pure. Raises SyncError on a state that is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mixpanel_to_duckdb.errors import SyncError
from source_mixpanel_parallel.date_windows import DateWindow, merge, subtract

Range = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FinishedDays:
    """The days of one stream that were read whole, and the filter that was in force."""

    windows: tuple[DateWindow, ...] = ()
    read_through: date | None = None
    asked: Mapping[str, Any] | None = None

    def gaps(self, failed: Sequence[Range] = ()) -> list[DateWindow]:
        """Return the days that are missing: within what was read, or in the ranges that *failed*."""
        missing = windows_of(failed)
        if self.windows:
            missing.append(DateWindow(self.windows[0].from_date, self.windows[-1].to_date))
        return subtract(missing, self.windows)

    def missing(self, wanted: DateWindow, lookback_days: int, asked: Mapping[str, Any]) -> list[DateWindow]:
        """Return the days of *wanted* that a sync asks for: unread ones, and the last ones once more."""
        if (self.asked or {}) != asked:
            return [wanted]
        days = subtract([wanted], self.windows)
        if self.read_through and lookback_days:
            again = DateWindow(self.read_through - timedelta(days=lookback_days - 1), self.read_through)
            days += subtract([again], subtract([again], [wanted]))
        return merge(days)


def finished_days(states: bytes) -> dict[str, FinishedDays]:
    """Return the finished days of each stream that has any."""
    finished = {}
    try:
        for state in json.loads(states):
            stream = state.get("stream") or {}
            content = stream.get("stream_state") or {}
            if "finished_ranges" in content:
                through = content.get("read_through")
                finished[str(stream["stream_descriptor"]["name"])] = FinishedDays(
                    tuple(windows_of(content["finished_ranges"])),
                    date.fromisoformat(through) if through else None,
                    content.get("asked"),
                )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SyncError(f"the database's state can't be read ({error}): sync with --full-refresh") from error
    return finished


def windows_of(ranges: Sequence[Sequence[str]]) -> list[DateWindow]:
    """Return ranges of texts as few windows, in order."""
    return merge(DateWindow(date.fromisoformat(first), date.fromisoformat(last)) for first, last in ranges)


def as_text(windows: Sequence[DateWindow]) -> list[Range]:
    """Return windows as pairs of texts."""
    return [(str(window.from_date), str(window.to_date)) for window in windows]
