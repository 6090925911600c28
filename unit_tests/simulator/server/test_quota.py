"""Quotas: moving windows over arrivals, exact at their borders, and requests at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest

from mixpanel_simulator import Scenario, start_simulator
from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.server.quota import Quota, export_limits, query_limits
from unit_tests.simulator.wire_client import WireAnswer, engage, export

SCENARIO = Scenario(quotas=True)
DAY = date(2026, 1, 1)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def admitted(quota: Quota, running: int = 1, *, counts_in_hour: bool = True) -> bool:
    try:
        quota.admit(running, counts_in_hour=counts_in_hour)
    except Refusal:
        return False
    return True


def test_fourth_export_within_a_second_is_refused() -> None:
    """The window moves: it opens exactly a second after the first arrival, not at the turn of a second."""
    clock = Clock()
    quota = Quota(SCENARIO, export_limits(SCENARIO), clock)
    for arrival_s, expected in [(0.75, True), (1.25, True), (1.5, True), (1.7, False), (1.75, True), (2.0, False)]:
        clock.now_s = arrival_s
        assert admitted(quota) == expected, arrival_s


def test_sixty_first_export_within_an_hour_is_refused() -> None:
    """Both counters are named; an hour after the first arrival there is room for exactly one more."""
    clock = Clock()
    quota = Quota(SCENARIO, export_limits(SCENARIO), clock)
    for number in range(60):
        clock.now_s = number * 10.0
        assert admitted(quota)
    clock.now_s = 3_599.9
    with pytest.raises(Refusal) as refusal:
        quota.admit(1)
    usage = "1/100 queries running concurrently and 61/60 queries running in the last hour"
    assert (refusal.value.status, refusal.value.message) == (429, f"Query rate limit exceeded: {usage}")
    clock.now_s = 3_600.0
    assert (admitted(quota), admitted(quota)) == (True, False)


def test_refused_arrivals_count_when_told_to() -> None:
    """A client that hammers a stricter server never gets in."""
    for scenario, expected in [(SCENARIO, True), (replace(SCENARIO, rejected_count=True), False)]:
        clock = Clock()
        quota = Quota(scenario, export_limits(scenario), clock)
        assert [admitted(quota) for _ in range(4)] == [True, True, True, False]
        clock.now_s += 0.75
        assert not admitted(quota)
        clock.now_s += 0.25
        assert admitted(quota)
        clock.now_s += 0.5
        assert [admitted(quota) for _ in range(2)] == [True, expected]


def test_too_many_at_once_are_refused() -> None:
    quota = Quota(SCENARIO, query_limits(SCENARIO), Clock())
    assert (admitted(quota, 5), admitted(quota, 6)) == (True, False)


def test_later_pages_do_not_count_toward_the_hour_unless_told_to() -> None:
    """Even when the hour is used up they are let in."""
    quota = Quota(SCENARIO, query_limits(SCENARIO), Clock())
    assert all(admitted(quota) for _ in range(60))
    assert (admitted(quota), admitted(quota, counts_in_hour=False)) == (False, True)


def test_quota_is_not_enforced_unless_told_to() -> None:
    scenario = Scenario()
    quota = Quota(scenario, export_limits(scenario), Clock())
    assert all(admitted(quota, 1_000) for _ in range(200))


def test_requests_are_refused_over_http_until_the_quota_is_reset() -> None:
    """Each API has its own; Retry-After is there when told to."""
    scenario = Scenario(
        quotas=True, days=1, profiles=3, export_hour_limit=2, query_hour_limit=1, retry_after_s=7, page_size=1
    )
    with start_simulator(scenario) as simulator:
        assert [export(simulator, DAY, DAY).status for _ in range(3)] == [200, 200, 429]
        session_id = engage(simulator).json["session_id"]
        assert engage(simulator, page=1, session_id=session_id).status == 200
        refused = engage(simulator)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "7")
        assert "1/5 queries running concurrently and 2/1 queries running in the last hour" in refused.json["error"]
        simulator.reset_quota()
        assert (export(simulator, DAY, DAY).status, engage(simulator).status) == (200, 200)


def test_later_pages_are_refused_over_http_when_they_count() -> None:
    scenario = Scenario(quotas=True, profiles=3, query_hour_limit=1, page_size=1, later_pages_count=True)
    with start_simulator(scenario) as simulator:
        session_id = engage(simulator).json["session_id"]
        assert engage(simulator, page=1, session_id=session_id).status == 429


def test_hour_passes_when_it_is_short() -> None:
    """A request is let in again once the hour, as long as the scenario says, has gone by."""
    with start_simulator(Scenario(quotas=True, hour_s=0.2, query_hour_limit=1, profiles=1)) as simulator:
        assert engage(simulator).status == 200
        statuses: list[int] = []
        while not statuses or statuses[-1] == 429:
            statuses.append(engage(simulator).status)
        assert statuses[-1] == 200


def test_exports_at_once_are_counted_over_http() -> None:
    """The third of three that run at once is refused, and named in the log as the third."""
    scenario = Scenario(quotas=True, days=1, export_concurrent_limit=2, export_second_limit=100, latency_per_day_s=1.0)
    answers: list[WireAnswer] = []
    with start_simulator(scenario) as simulator:
        threads = [threading.Thread(target=lambda: answers.append(export(simulator, DAY, DAY))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status for answer in answers) == [200, 200, 429]
        assert [entry.running for entry in simulator.requests()] == [1, 2, 3]
        refused = next(answer for answer in answers if answer.status == 429)
        assert "3/2 queries running concurrently" in refused.json["error"]
