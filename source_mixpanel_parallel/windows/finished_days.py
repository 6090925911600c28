"""The state of a stream of events: which days are finished, under which filters. Pure.

In: the stream's state as JSON; out: `FinishedDays`, what a read has to ask for, and the state as JSON again. Raises
NotOurState on a state that this connector did not write. Never looks at a clock, nor logs.

    {"finished_ranges": [["2026-01-01", "2026-01-31"], ...], "read_through": "2026-01-31", "filters": {...},
     "other_filters": [{"filters": {...}, "finished_ranges": [...], "read_through": "2026-01-20"}, ...]}

A day is finished under filters if it was read under them, or under wider ones, and was over by then. At the top stand
the filters that were in force last. `other_filters` holds what was finished under others, unless wider filters have
finished the same days. States of 0.1.0 have `asked` for `filters`, and no `other_filters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from source_mixpanel_parallel.config.filters import NO_FILTERS, Filters
from source_mixpanel_parallel.windows.date_windows import ONE_DAY, DateWindow, merge, subtract


class NotOurState(ValueError):
    """The state is damaged, or another connector's."""


@dataclass(frozen=True, slots=True)
class FinishedRanges:
    """The days finished under *filters*, as few windows in order; *read_through* is the last that ever was finished."""

    windows: tuple[DateWindow, ...] = ()
    read_through: date | None = None
    filters: Filters = NO_FILTERS

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> FinishedRanges:
        """Read one entry of a state; raise what its values raise."""
        through = state.get("read_through")
        return cls(
            tuple(windows_of(state["finished_ranges"])),
            date.fromisoformat(through) if through else None,
            Filters.from_json(state["filters"] if "filters" in state else state.get("asked")),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the entry; unset fields are absent."""
        ranges = [[str(window.from_date), str(window.to_date)] for window in self.windows]
        through = {"read_through": str(self.read_through)} if self.read_through else {}
        filters = {"filters": self.filters.as_json()} if self.filters != NO_FILTERS else {}
        return {"finished_ranges": ranges, **through, **filters}

    def with_finished(self, window: DateWindow) -> FinishedRanges:
        """Return the same with *window* finished, too."""
        newest = max(self.read_through or window.to_date, window.to_date)
        return replace(self, windows=tuple(merge([*self.windows, window])), read_through=newest)

    def without(self, windows: Iterable[DateWindow]) -> FinishedRanges:
        """Return the same with *windows* unfinished."""
        return replace(self, windows=tuple(subtract(self.windows, windows)))


@dataclass(frozen=True, slots=True)
class FinishedDays:
    """The finished days of one stream: under the filters that were in force last, and under *others*."""

    latest: FinishedRanges = FinishedRanges()
    others: tuple[FinishedRanges, ...] = ()

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> FinishedDays:
        """Read a stream's state; one that holds marks of the CDK and the platform only says nothing of days."""
        if all(name.startswith("__ab_") for name in state):
            return cls()
        try:
            entries = [FinishedRanges.from_json(each) for each in (state, *state.get("other_filters", ()))]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotOurState(repr(error)) from error
        return cls(entries[0], tuple(entries[1:]))

    def as_json(self) -> dict[str, Any]:
        """Return the stream's state."""
        others = [each.as_json() for each in self.others]
        return {**self.latest.as_json(), **({"other_filters": others} if others else {})}

    def under(self, filters: Filters) -> FinishedRanges:
        """Return the days that are finished under *filters*."""
        known = next((each for each in self._entries if each.filters == filters), None)
        return known or _finished_by(self._entries, filters)

    def gaps(self, failed: Iterable[DateWindow] = ()) -> list[DateWindow]:
        """Return the days missing within what was read, or of what *failed*, under the filters last in force."""
        windows = self.latest.windows
        span = [DateWindow(windows[0].from_date, windows[-1].to_date)] if windows else []
        return subtract([*failed, *span], windows)

    def missing(self, wanted: DateWindow, lookback_days: int, filters: Filters) -> list[DateWindow]:
        """Return the days of *wanted* to ask for: those unfinished under *filters*, and the last ones once more."""
        finished = self.under(filters)
        days = subtract([wanted], finished.windows)
        if finished.read_through and lookback_days:
            first = finished.read_through - timedelta(days=lookback_days - 1)
            days += _common([DateWindow(first, finished.read_through)], [wanted])
        return merge(days)

    def read_before(self, wanted: DateWindow, filters: Filters) -> list[DateWindow]:
        """Return the days of *wanted* that are finished, but not under *filters*."""
        finished = [window for each in self._entries for window in each.windows]
        return _common(subtract([wanted], self.under(filters).windows), finished)

    def with_finished(self, window: DateWindow, today: date, filters: Filters) -> FinishedDays:
        """Return the state after *window* was read under *filters*, which finishes its days before *today*."""
        entries = _with_first(self._entries, self.under(filters))
        yesterday = today - ONE_DAY
        if window.from_date > yesterday:
            return _pruned(entries)
        over = DateWindow(window.from_date, min(window.to_date, yesterday))
        return _pruned([each.with_finished(over) if filters.covers(each.filters) else each for each in entries])

    def reopened(self, windows: Sequence[DateWindow], filters: Filters) -> FinishedDays:
        """Return the state before *windows* are read under *filters*: unfinished under these, and under no others.

        A read that crashes leaves a gap and not a claim, and one under narrower filters costs the wider ones nothing.
        """
        return _pruned(_with_first(self._entries, self.under(filters).without(windows)))

    @property
    def _entries(self) -> tuple[FinishedRanges, ...]:
        return (self.latest, *self.others)


def windows_of(ranges: Iterable[Sequence[str]]) -> list[DateWindow]:
    """Return pairs of ISO dates as few windows, in order; raise ValueError or TypeError where they are none."""
    return merge(DateWindow(date.fromisoformat(first), date.fromisoformat(last)) for first, last in ranges)


def _finished_by(entries: Iterable[FinishedRanges], filters: Filters) -> FinishedRanges:
    """Return what entries of wider filters than *filters* have finished."""
    wider = [each for each in entries if each.filters != filters and each.filters.covers(filters)]
    newest = max((each.read_through for each in wider if each.read_through), default=None)
    return FinishedRanges(tuple(merge(window for each in wider for window in each.windows)), newest, filters)


def _with_first(entries: Iterable[FinishedRanges], first: FinishedRanges) -> list[FinishedRanges]:
    return [first, *(each for each in entries if each.filters != first.filters)]


def _pruned(entries: Sequence[FinishedRanges]) -> FinishedDays:
    """Leave out every entry but the first that the entries of wider filters say as well.

    One that has less than they is kept: it has gaps, days that were to be read again under its filters and were not.
    """
    first, *others = entries
    return FinishedDays(first, tuple(each for each in others if each != _finished_by(entries, each.filters)))


def _common(windows: Sequence[DateWindow], others: Iterable[DateWindow]) -> list[DateWindow]:
    return subtract(windows, subtract(windows, others))
