"""How often a window is asked for, with a Mixpanel that fails on certain days: the retriever's loop, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.events.window_attempts import WindowAttempts
from source_mixpanel_parallel.windows.date_windows import DateWindow, merge

START = date(2024, 2, 1)


@dataclass
class Outcome:
    """What reading one window came to."""

    requests: list[DateWindow] = field(default_factory=list)
    read: list[DateWindow] = field(default_factory=list)
    given_up: list[DateWindow] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)


def always(_part: DateWindow) -> bool:
    return True


def never(_part: DateWindow) -> bool:
    return False


def without(*bad: DateWindow) -> Callable[[DateWindow], bool]:
    """Return a Mixpanel that fails on every request with one of the *bad* days."""
    return lambda part: not any(contains(part, day) for day in bad)


def window_of(days: int) -> DateWindow:
    return DateWindow(START, START + timedelta(days=days - 1))


def read(window: DateWindow, answers: Callable[[DateWindow], bool]) -> Outcome:
    """Read *window*; *answers* says whether a request for a part is answered."""
    outcome, attempts = Outcome(), WindowAttempts(window)
    while part := attempts.next_part():
        while True:
            outcome.requests.append(part)
            if answers(part):
                attempts.succeeded()
                outcome.read.append(part)
                break
            wait_s = attempts.failed(part)
            if wait_s is not None:
                outcome.waits_s.append(wait_s)
                continue
            if not attempts.split(part):
                outcome.given_up.append(part)
            break
    return outcome


def single_days(window: DateWindow) -> list[DateWindow]:
    days = [window.from_date + timedelta(days=day) for day in range(window.days)]
    return [DateWindow(day, day) for day in days]


def contains(window: DateWindow, day: DateWindow) -> bool:
    return window.from_date <= day.from_date <= window.to_date


@pytest.mark.parametrize("days", [1, 2, 7, 30, 100])
def test_window_when_nothing_fails(days: int) -> None:
    """One request reads the window."""
    window = window_of(days)
    assert read(window, always) == Outcome(requests=[window], read=[window])


@pytest.mark.parametrize("days", [1, 2, 3, 7, 8, 30, 31, 64, 65, 99, 100])
def test_window_when_one_day_always_fails(days: int) -> None:
    """Wherever the bad day is, it alone is given up, each other day is read once, at 15 requests more than one."""
    window = window_of(days)
    for bad in single_days(window):
        outcome = read(window, without(bad))
        assert outcome.given_up == [bad]
        assert sum(part.days for part in outcome.read) == days - 1
        assert merge([*outcome.read, bad]) == [window]
        assert len(outcome.requests) <= 16


@pytest.mark.parametrize("days", [1, 2, 7, 30, 100])
def test_window_when_the_first_request_fails(days: int) -> None:
    """A fault that passes costs one request, and no split."""
    window = window_of(days)
    answers = iter([False, True])
    outcome = read(window, lambda _: next(answers))
    assert outcome == Outcome(requests=[window, window], read=[window], waits_s=[0.5])


@pytest.mark.parametrize("days", [2, 7, 30, 100])
def test_window_when_everything_fails(days: int) -> None:
    """Each day is given up once, and the requests are bounded: an outage is not asked day by day."""
    window = window_of(days)
    outcome = read(window, never)
    assert outcome.read == []
    assert sum(part.days for part in outcome.given_up) == days
    assert merge(outcome.given_up) == [window]
    assert len(outcome.requests) <= 16 + 7


def test_window_when_one_day_is_all_there_is() -> None:
    """A single day is asked for five times, with longer and longer waits, then given up."""
    day = window_of(1)
    outcome = read(day, never)
    assert outcome == Outcome(requests=[day] * 5, given_up=[day], waits_s=[0.5, 1.0, 2.0, 4.0])


@given(st.integers(1, 100), st.data())
def test_window_when_several_days_fail(days: int, data: st.DataObject) -> None:
    """Whatever fails, every day is either read once or given up once, and every bad day is given up."""
    window = window_of(days)
    bad = data.draw(st.sets(st.sampled_from(single_days(window)), max_size=8))
    outcome = read(window, without(*bad))
    ended = [*outcome.read, *outcome.given_up]
    assert sum(part.days for part in ended) == days
    assert merge(ended) == [window]
    assert not [day for day in bad for part in outcome.read if contains(part, day)]


@given(st.integers(2, 100), st.data())
def test_parts_when_a_window_is_split(days: int, data: st.DataObject) -> None:
    """Parts come in the order of their days, so that what is emitted first is the earliest."""
    window = window_of(days)
    bad = data.draw(st.sampled_from(single_days(window)))
    outcome = read(window, without(bad))
    assert outcome.read == sorted(outcome.read)


def test_attempts_when_the_next_part_begins() -> None:
    """The end of one part says nothing of the next; a line that was broken once is the same line in a half."""
    attempts = WindowAttempts(window_of(4))
    first = attempts.next_part()
    assert first is not None
    attempts.known_tail, attempts.broken_lines = b"half a li", frozenset({b"broken"})
    assert attempts.split(first)
    attempts.next_part()
    assert attempts.known_tail is None
    assert attempts.broken_lines == {b"broken"}


def read_with_a_broken_line(window: DateWindow, bad: DateWindow, broken: DateWindow) -> Outcome:
    """Read *window* where a day always fails, and the answers with another hold a line that is broken in each."""
    outcome, attempts = Outcome(), WindowAttempts(window)
    while part := attempts.next_part():
        while True:
            outcome.requests.append(part)
            if not contains(part, bad) and (not contains(part, broken) or b"line" in attempts.broken_lines):
                attempts.succeeded()
                outcome.read.append(part)
                break
            if not contains(part, bad):
                attempts.broken_lines |= {b"line"}
            if attempts.failed(part) is None:
                if not attempts.split(part):
                    outcome.given_up.append(part)
                break
    return outcome


@pytest.mark.parametrize("days", [2, 7, 14, 30, 100])
def test_window_when_a_day_fails_and_another_has_a_broken_line(days: int) -> None:
    """The broken line is believed when it comes a second time, in whatever part, so only the bad day is given up."""
    window = window_of(days)
    for bad in single_days(window):
        for broken in single_days(window):
            if bad != broken:
                outcome = read_with_a_broken_line(window, bad, broken)
                assert outcome.given_up == [bad]
                assert merge([*outcome.read, bad]) == [window]
                assert len(outcome.requests) <= 20
