"""The query API's quota: what counts, what is announced, and who shares it."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.source.profile_truth import emitted, pages_asked, truth
from integration_tests.source_run import SourceRun, config_for, run_source
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator


def waits(run: SourceRun) -> list[dict[str, Any]]:
    return run.reports("wait: ", "profiles")


def test_pages_after_the_first_do_not_wait_for_the_hour() -> None:
    """70 pages are read at once while Mixpanel does not count them; how many, and that it may bind, is said before."""
    with start_simulator(Scenario(profiles=700, page_size=10, quotas=True)) as simulator:
        run = run_source(config_for(simulator), ["profiles"])
        assert emitted(run) == truth(simulator)
        assert waits(run) == []
        said = [text for text in run.logs() if "70 pages" in text]
        assert said[0] == "profiles: 700 profiles in 70 pages of 10"
        assert "if it counts pages after the first, this read will wait about 1 h" in said[1]
        first_page = next(index for index, message in enumerate(run.messages) if message["type"] == "RECORD")
        assert all(text in str(run.messages[:first_page]) for text in said)


def test_few_pages_are_no_warning(simulator: Simulator) -> None:
    run = run_source(config_for(simulator), ["profiles"])
    assert "profiles: 25 profiles in 3 pages of 10" in run.logs()
    assert not any("an hour" in text for text in run.logs())


def test_pages_wait_once_a_429_says_that_they_count() -> None:
    """The first refusal of a later page is announced with what it means, and every profile arrives all the same."""
    scenario = Scenario(profiles=95, page_size=10, quotas=True, later_pages_count=True, query_hour_limit=6, hour_s=8.0)
    with start_simulator(scenario) as simulator:
        run = run_source(config_for(simulator), ["profiles"])
        assert (run.error, emitted(run)) == (None, truth(simulator))
        assert any(entry.status == 429 for entry in simulator.requests())
        said = [text for text in run.logs() if "counts pages after the first toward its 60 requests per hour" in text]
        assert len(said) == 1
        assert any(wait["place"] is None and wait["reason"] == "hour" for wait in waits(run))
        assert {wait["quota"] for wait in waits(run)} == {"query"}
        plans = [(plan["unit"], plan["total"], plan["requests"]) for plan in run.reports("plan: ", "profiles")]
        assert plans == [("page", None, None), ("page", 10, 10)]


def test_a_429_for_requests_at_once_says_nothing_of_the_hour(simulator: Simulator) -> None:
    """Only a refusal that names the hour tells that later pages count."""
    simulator.add_fault(Fault("rate_limited", path="engage", page=1, which="concurrent", retry_after_s=0.5))
    run = run_source(config_for(simulator), ["profiles"])
    assert emitted(run) == truth(simulator)
    assert not any("counts pages after the first" in text for text in run.logs())


def test_429s_lose_nothing(simulator: Simulator) -> None:
    """However many there are in a row, of whatever page: a 429 is no failed attempt."""
    for page in (0, 1, 2):
        simulator.add_fault(Fault("rate_limited", path="engage", page=page, retry_after_s=0.5, times=4))
    run = run_source(config_for(simulator), ["profiles"])
    assert (run.error, run.status("profiles"), emitted(run)) == (None, "COMPLETE", truth(simulator))
    assert sum(entry.status == 429 for entry in simulator.requests()) == 12
    assert run.reports("result: ", "profiles")[0]["failed_pages"] == 0


def test_all_streams_share_the_connections() -> None:
    """Streams of profiles together have no more requests at once than one alone."""
    scenario = Scenario(profiles=50, group_profiles=50, page_size=10, latency_per_page_s=0.1, quotas=True)
    with start_simulator(scenario) as simulator:
        names = ["profiles", *(f"groups_{number}" for number in range(6))]
        streams = [{"name": name, "group": name} for name in names[1:]]
        run = run_source(config_for(simulator, profile_streams=streams), names)
        assert (run.error, [len(run.records(name)) for name in names]) == (None, [50] * 7)
        assert max(entry.running for entry in simulator.requests()) == 5
        assert sorted(pages_asked(simulator.requests())) == sorted([0, 1, 2, 3, 4] * 7)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_shared_too(workers: int) -> None:
    """`profile_workers` bounds all streams of profiles together."""
    with start_simulator(Scenario(profiles=30, page_size=10, latency_per_page_s=0.05)) as simulator:
        streams = [{"name": "again"}]
        run = run_source(config_for(simulator, profile_workers=workers, profile_streams=streams), ["profiles", "again"])
        assert emitted(run) == emitted(run, "again") == truth(simulator)
        assert max(entry.running for entry in simulator.requests()) == workers
