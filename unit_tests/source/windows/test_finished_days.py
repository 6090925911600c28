"""Which days are finished under which filters: the state of a stream of events, read, changed and written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from source_mixpanel_parallel.config.filters import NO_FILTERS, Filters
from source_mixpanel_parallel.windows.date_windows import DateWindow, split_date_range
from source_mixpanel_parallel.windows.finished_days import FinishedDays, FinishedRanges, NotOurState, windows_of

BUYS = Filters(("Purchase",))
SIGN_UPS = Filters(("Sign Up",))
BOTH = Filters(("Purchase", "Sign Up"))
PAID = Filters((), 'properties["plan"] == "pro"')
PAID_BUYS = Filters(("Purchase",), 'properties["plan"] == "pro"')
TRIAL = Filters((), 'properties["plan"] == "trial"')
ALL_FILTERS = (NO_FILTERS, BUYS, SIGN_UPS, BOTH, PAID, PAID_BUYS, TRIAL)
LATER = date(2026, 3, 1)
START = date(2026, 1, 1)


def january(first: int, last: int) -> DateWindow:
    """Return days of January 2026, both inclusive."""
    return DateWindow(date(2026, 1, first), date(2026, 1, last))


def days_of(windows: Iterable[DateWindow]) -> set[date]:
    return {window.from_date + timedelta(days=day) for window in windows for day in range(window.days)}


def through_json(finished: FinishedDays) -> FinishedDays:
    """Return the state as the next sync gets it."""
    return FinishedDays.from_json(json.loads(json.dumps(finished.as_json())))


def test_days_when_filters_were_wider() -> None:
    """What is finished under no filter is finished under any; what only a filter let through, under narrower ones."""
    finished = FinishedDays().with_finished(january(1, 10), LATER, NO_FILTERS)
    finished = finished.with_finished(january(11, 20), LATER, BOTH)
    wanted = january(1, 25)
    assert finished.missing(wanted, 0, NO_FILTERS) == [january(11, 25)]
    assert finished.missing(wanted, 0, TRIAL) == [january(11, 25)]
    assert finished.missing(wanted, 0, BOTH) == [january(21, 25)]
    assert finished.missing(wanted, 0, PAID_BUYS) == [january(21, 25)]


def test_lookback_when_filters_changed() -> None:
    """It counts from the last day that was ever finished under the filter, or under a wider one."""
    finished = FinishedDays().with_finished(january(1, 10), LATER, NO_FILTERS)
    finished = finished.with_finished(january(11, 20), LATER, BUYS)
    wanted = january(1, 20)
    assert finished.missing(wanted, 3, NO_FILTERS) == [january(8, 20)]
    assert finished.missing(wanted, 3, SIGN_UPS) == [january(8, 20)]
    assert finished.missing(wanted, 3, BUYS) == [january(18, 20)]
    assert finished.missing(january(1, 19), 3, BUYS) == [january(18, 19)]


def test_state_of_other_filters() -> None:
    """The filters last in force are at the top, where a state without filters has always had its days."""
    finished = FinishedDays().with_finished(january(1, 10), LATER, NO_FILTERS)
    assert finished.as_json() == {"finished_ranges": [["2026-01-01", "2026-01-10"]], "read_through": "2026-01-10"}
    finished = finished.with_finished(january(9, 12), LATER, BUYS)
    assert finished.as_json() == {
        "finished_ranges": [["2026-01-01", "2026-01-12"]],
        "read_through": "2026-01-12",
        "filters": {"events": ["Purchase"]},
        "other_filters": [{"finished_ranges": [["2026-01-01", "2026-01-10"]], "read_through": "2026-01-10"}],
    }
    narrow = FinishedRanges((january(1, 12),), date(2026, 1, 12), BUYS)
    assert finished.reopened([], NO_FILTERS) == FinishedDays(
        FinishedRanges((january(1, 10),), date(2026, 1, 10)), (narrow,)
    )


def test_state_when_wider_filters_have_caught_up() -> None:
    """What wider filters have finished, too, needs no entry of its own."""
    finished = FinishedDays().with_finished(january(1, 12), LATER, BUYS)
    finished = finished.with_finished(january(5, 20), LATER, NO_FILTERS)
    assert [each.filters for each in finished.others] == [BUYS]
    assert finished.with_finished(january(1, 4), LATER, NO_FILTERS) == FinishedDays(
        FinishedRanges((january(1, 20),), date(2026, 1, 20))
    )


def test_state_of_0_1_0() -> None:
    """A state that has `asked` says the same as one that has `filters`."""
    old = {"finished_ranges": [["2026-01-01", "2026-01-12"]], "read_through": "2026-01-12"}
    assert FinishedDays.from_json(old) == FinishedDays(FinishedRanges((january(1, 12),), date(2026, 1, 12)))
    narrow = FinishedDays(FinishedRanges((january(1, 12),), date(2026, 1, 12), BOTH))
    assert FinishedDays.from_json({**old, "asked": {"events": ["Sign Up", "Purchase"]}}) == narrow
    assert narrow.as_json() == {**old, "filters": {"events": ["Purchase", "Sign Up"]}}


@pytest.mark.parametrize("state", [{}, {"__ab_no_cursor_state_message": True}])
def test_state_when_it_says_nothing_of_days(state: dict[str, bool]) -> None:
    """No state, and the platform's own marks, are a beginning."""
    assert FinishedDays.from_json(state) == FinishedDays()


def test_state_when_it_is_not_ours() -> None:
    """It is refused, with what is wrong with it."""
    with pytest.raises(NotOurState, match="finished_ranges"):
        FinishedDays.from_json({"date": "2026-01-31"})
    with pytest.raises(NotOurState, match="are not filters"):
        FinishedDays.from_json({"finished_ranges": [], "other_filters": [{"finished_ranges": [], "filters": 5}]})


def test_days_reopened_under_narrower_filters() -> None:
    """They are a gap there, even though wider filters have them, until they are read under either; no gap elsewhere."""
    finished = FinishedDays().with_finished(january(1, 20), LATER, NO_FILTERS)
    reopened = through_json(finished.reopened([january(16, 20)], BUYS))
    assert reopened.missing(january(1, 20), 0, BUYS) == [january(16, 20)]
    assert reopened.missing(january(1, 20), 0, NO_FILTERS) == []
    assert reopened.missing(january(1, 20), 0, SIGN_UPS) == []
    for filters in (BUYS, BOTH, NO_FILTERS):
        assert reopened.with_finished(january(16, 20), LATER, filters).missing(january(1, 20), 0, BUYS) == []


def test_days_that_other_filters_have() -> None:
    """Days that were read, but not under these filters or wider ones, can be counted beforehand."""
    finished = FinishedDays().with_finished(january(1, 4), LATER, NO_FILTERS)
    finished = finished.with_finished(january(5, 10), LATER, BUYS)
    assert finished.read_before(january(3, 20), NO_FILTERS) == [january(5, 10)]
    assert finished.read_before(january(3, 20), PAID_BUYS) == []


def test_gaps() -> None:
    """Days between those that were read are missing, and so is what failed outside of them."""
    finished = FinishedDays(FinishedRanges((january(3, 4), january(7, 8))))
    assert finished.gaps() == [january(5, 6)]
    assert finished.gaps([january(1, 2), january(4, 5)]) == [january(1, 2), january(5, 6)]
    assert FinishedDays().gaps() == []
    assert finished.with_finished(january(5, 6), LATER, BUYS).gaps() == []


def test_missing_days() -> None:
    """Unread days, and the last ones once more, within what is wanted."""
    finished = FinishedDays(FinishedRanges((january(1, 4), january(6, 20)), date(2026, 1, 20)))
    assert finished.missing(january(1, 31), 5, NO_FILTERS) == [january(5, 5), january(16, 31)]
    assert finished.missing(january(1, 18), 5, NO_FILTERS) == [january(5, 5), january(16, 18)]
    assert finished.missing(january(1, 18), 0, NO_FILTERS) == [january(5, 5)]
    assert FinishedDays().missing(january(1, 31), 5, NO_FILTERS) == [january(1, 31)]


def test_windows_of() -> None:
    """Ranges come as few windows, in order."""
    assert windows_of([("2026-01-02", "2026-01-31"), ("2026-01-01", "2026-01-01")]) == [january(1, 31)]


@dataclass
class NaiveDays:
    """The same, day by day: every attempt to read a day, under which filters, and whether it finished the day."""

    attempts: dict[date, list[tuple[Filters, bool]]] = field(default_factory=lambda: defaultdict(list))
    through: dict[Filters, date] = field(default_factory=dict)

    def add(self, day: date, filters: Filters, *, finished: bool) -> None:
        """Note an attempt."""
        self.attempts[day].append((filters, finished))
        if finished:
            self.through[filters] = max(self.through.get(filters, day), day)

    def lookback(self, days: int, filters: Filters) -> set[date]:
        """Return the last days before the newest that any covering filters have finished."""
        newest = max((day for wide, day in self.through.items() if wide.covers(filters)), default=None)
        return {newest - timedelta(days=ago) for ago in range(days)} if newest else set()

    def since_finished(self, day: date, filters: Filters) -> list[Filters] | None:
        """Return under which covering filters a day has failed since they finished it; None if they never did."""
        covering = [(wide, finished) for wide, finished in self.attempts[day] if wide.covers(filters)]
        if not any(finished for _, finished in covering):
            return None
        last = max(index for index, (_, finished) in enumerate(covering) if finished)
        return [wide for wide, _ in covering[last + 1 :]]

    def must_ask(self, day: date, filters: Filters) -> bool:
        """Tell whether the day was never finished, or was to be read again under just these filters and was not."""
        failed = self.since_finished(day, filters)
        return failed is None or filters in failed

    def may_ask(self, day: date, filters: Filters) -> bool:
        """Tell whether the day may be forgotten: since it was finished, a read of it failed under covering filters."""
        return self.since_finished(day, filters) != []


@hypothesis_settings(max_examples=200)
@given(st.data())
def test_reads_under_random_filters(data: st.DataObject) -> None:
    """No day is claimed that was not read, none is read again without need, whatever fails and whichever filters."""
    naive, finished, today = NaiveDays(), FinishedDays(), START
    for _ in range(data.draw(st.integers(1, 8))):
        today += timedelta(days=data.draw(st.integers(0, 5)))
        filters = data.draw(st.sampled_from((NO_FILTERS, BOTH, BUYS, PAID_BUYS)))
        lookback_days = data.draw(st.integers(0, 4))
        first = data.draw(st.integers(0, (today - START).days))
        wanted = DateWindow(START + timedelta(days=first), today)
        finished = through_json(finished)
        asked = finished.missing(wanted, lookback_days, filters)
        within = days_of([wanted])
        again = naive.lookback(lookback_days, filters) & within
        assert {day for day in within if naive.must_ask(day, filters)} | again <= days_of(asked)
        assert days_of(asked) <= {day for day in within if naive.may_ask(day, filters)} | again
        finished = finished.reopened(asked, filters)
        for window in (piece for days in asked for piece in split_date_range(days.from_date, days.to_date, 2)):
            done = data.draw(st.booleans())
            if done:
                finished = finished.with_finished(window, today, filters)
            for day in days_of([window]):
                naive.add(day, filters, finished=done and day < today)
        assert through_json(finished) == finished
        assert finished.latest.filters == filters


@given(st.lists(st.tuples(st.sampled_from(ALL_FILTERS), st.integers(1, 28), st.integers(0, 9)), max_size=20))
def test_entries_are_bounded(reads: list[tuple[Filters, int, int]]) -> None:
    """There is one entry a filter at most, and none beside the last for what a read without filters has finished."""
    finished = FinishedDays()
    for filters, first, length in reads:
        finished = finished.with_finished(january(first, min(first + length, 31)), LATER, filters)
    entries = [finished.latest.filters, *(each.filters for each in finished.others)]
    assert len(entries) == len(set(entries))
    assert finished.with_finished(january(1, 31), LATER, NO_FILTERS).others == ()
