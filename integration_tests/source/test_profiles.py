"""Profiles through the source: page 0 once, the others in parallel, compared with what the simulator holds."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.source.profile_truth import emitted, pages_asked, truth
from integration_tests.source_run import config_for, run_source
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator


@pytest.mark.parametrize(("profiles", "pages"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (600, 60)])
def test_all_profiles_arrive(profiles: int, pages: int) -> None:
    """Every profile arrives once, and every page is asked for once, with the session of page 0."""
    scenario = Scenario(days=1, events_per_day=1, profiles=profiles, page_size=10)
    with start_simulator(scenario) as simulator:
        run = run_source(config_for(simulator), ["profiles"])
        assert (run.error, run.status("profiles")) == (None, "COMPLETE")
        assert emitted(run) == truth(simulator)
        first, *others = simulator.requests()
        assert pages_asked([first]) == [0]
        assert "session_id" not in first.params
        assert sorted(pages_asked(others)) == list(range(1, pages))
        assert len({entry.params["session_id"] for entry in others}) <= 1
        assert max(entry.running for entry in simulator.requests()) <= 5
        assert [report["rows"] for report in run.reports("result: ", "profiles")] == [profiles]


SIZES: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    ({"page_size": 10, "ignore_page_size": True}, {"page_size": 25}, 3),
    ({"page_size": 10, "max_page_size": 8}, {"page_size": 25}, 4),
    ({"page_size": 10}, {"page_size": 25}, 1),
    ({"page_size": 10, "total_on_every_page": True}, {}, 3),
]


@pytest.mark.parametrize(("server", "parameters", "pages"), SIZES, ids=["ignored", "cut", "followed", "total"])
def test_the_answers_page_size_is_believed(server: dict[str, Any], parameters: dict[str, Any], pages: int) -> None:
    """`page_size` is asked for, and the answer's makes the pages; the total may be on page 0 only, or on all."""
    with start_simulator(Scenario(profiles=25, **server)) as simulator:
        run = run_source(config_for(simulator, profiles=parameters), ["profiles"])
        assert emitted(run) == truth(simulator)
        assert sorted(pages_asked(simulator.requests())) == list(range(pages))
        asked = {entry.params.get("page_size") for entry in simulator.requests()}
        assert asked == {str(parameters["page_size"]) if parameters else None}


def test_one_worker_and_five_give_the_same_records() -> None:
    """The number of workers changes how many requests run at once, and nothing else."""
    with start_simulator(Scenario(profiles=95, page_size=10, latency_per_page_s=0.3)) as simulator:
        runs, most = [], []
        for workers in (1, 3, 5):
            simulator.clear_requests()
            runs.append(run_source(config_for(simulator, profile_workers=workers), ["profiles"]))
            most.append(max(entry.running for entry in simulator.requests()))
        assert emitted(runs[0]) == emitted(runs[1]) == emitted(runs[2]) == truth(simulator)
        assert most == [1, 3, 5]


@pytest.mark.parametrize("workers", [0, 6])
def test_more_workers_than_the_api_allows_are_refused(simulator: Simulator, workers: int) -> None:
    """The config error names the API's limit, and nothing is asked for."""
    run = run_source(config_for(simulator, profile_workers=workers), ["profiles"])
    assert run.error == f"profile_workers {workers} is out of range: choose 1 to 5"
    assert simulator.requests() == []


PASSING_FAULTS = [
    Fault(kind="cut", path="engage", page=1),
    Fault(kind="lost_chunk", path="engage", page=0),
    Fault(kind="reset", path="engage", page=2),
    Fault(kind="terminated_early", path="engage", page=1),
    Fault(kind="status", path="engage", page=0, status=503),
    Fault(kind="rate_limited", path="engage", page=1, retry_after_s=1),
]


@pytest.mark.parametrize("fault", PASSING_FAULTS, ids=lambda fault: f"{fault.kind}-{fault.page}")
def test_every_profile_arrives_once_when_an_answer_is_faulty(simulator: Simulator, fault: Fault) -> None:
    """A page whose first answer is faulty is read again, and emitted once."""
    simulator.add_fault(fault)
    run = run_source(config_for(simulator), ["profiles"])
    assert (run.error, run.status("profiles")) == (None, "COMPLETE")
    assert emitted(run) == truth(simulator)


def test_a_page_that_always_fails_is_named(simulator: Simulator) -> None:
    """The other pages arrive; the failed one is listed, and the stream is INCOMPLETE."""
    simulator.add_fault(Fault(kind="status", path="engage", page=1, status=500, times=None))
    run = run_source(config_for(simulator), ["profiles"])
    assert run.status("profiles") == "INCOMPLETE"
    assert run.errors()[0].startswith("profiles: page 1 could not be read: Mixpanel answered 500")
    [result] = run.reports("result: ", "profiles")
    assert result["failed_page_indices"] == [1]
    assert (result["rows"], result["successful_pages"], result["failed_pages"]) == (15, 2, 1)
    assert len(emitted(run)) == 15
    assert not set(emitted(run)) - set(truth(simulator))


def test_progress_is_reported_for_every_page(simulator: Simulator) -> None:
    """One `progress:` line a page, with the rows so far; `result:` adds them up."""
    run = run_source(config_for(simulator, profile_workers=1), ["profiles"])
    reports = run.reports("progress: ", "profiles")
    assert [
        (report["page_index"], report["total_pages"], report["rows"], report["cumulative_rows"], report["success"])
        for report in reports
    ] == [(0, 3, 10, 10, True), (1, 3, 10, 20, True), (2, 3, 5, 25, True)]
    [result] = run.reports("result: ", "profiles")
    del result["duration_s"]
    assert result == {
        "stream": "profiles",
        "rows": 25,
        "successful_pages": 3,
        "failed_pages": 0,
        "failed_page_indices": [],
        "interrupted_pages": 0,
        "has_failures": False,
    }


def test_a_refusal_is_not_repeated(simulator: Simulator) -> None:
    """After two refusals in the middle no more is asked; the pages left are listed as failed."""
    for page in (1, 2):
        simulator.add_fault(Fault(kind="status", path="engage", page=page, status=402, body="{}", times=None))
    run = run_source(config_for(simulator, profile_workers=1, profiles={"page_size": 5}), ["profiles"])
    assert pages_asked(simulator.requests()) == [0, 1, 2]
    assert "returned 402" in run.errors()[0]
    assert run.reports("result: ", "profiles")[0]["failed_page_indices"] == [1, 2, 3, 4]


def test_a_page_that_is_refused_is_named(simulator: Simulator) -> None:
    """One page that Mixpanel refuses, and always will, costs that page."""
    simulator.add_fault(Fault(kind="status", path="engage", page=1, status=400, body="{}", times=None))
    run = run_source(config_for(simulator), ["profiles"])
    assert sorted(pages_asked(simulator.requests())) == [0, 1, 2]
    assert run.reports("result: ", "profiles")[0]["failed_page_indices"] == [1]
    assert (run.status("profiles"), len(emitted(run))) == ("INCOMPLETE", 15)


@pytest.mark.parametrize(("change", "arrived"), [(5, 20), (-5, 13)])
def test_a_total_that_changes_is_told(simulator_of_changes: Simulator, change: int, arrived: int) -> None:
    """More or fewer profiles than page 0 said: both numbers are logged."""
    simulator_of_changes.add_fault(Fault("changed_total", page=1, change=change))
    run = run_source(config_for(simulator_of_changes), ["profiles"])
    assert run.status("profiles") == "COMPLETE"
    assert len(emitted(run)) == arrived
    text = f"profiles: {arrived} profiles arrived, though Mixpanel's total was 18: profiles changed during the read"
    assert text in run.logs()


@pytest.fixture
def simulator_of_changes() -> Any:
    """Start a simulator for one test: its profiles change for good."""
    with start_simulator(Scenario(profiles=18, page_size=10)) as simulator:
        yield simulator


@pytest.mark.parametrize("page", [0, 1])
def test_an_odd_profile_stops_no_other(simulator: Simulator, page: int) -> None:
    """It goes to rejected_lines, the others of its page arrive, and the read is complete."""
    simulator.add_fault(
        Fault("odd_profile", page=page, text='{"$distinct_id": null, "$properties": {"a": 1}}', times=None)
    )
    run = run_source(config_for(simulator), ["profiles", "rejected_lines"])
    assert (run.error, run.status("profiles")) == (None, "COMPLETE")
    assert len(run.records("profiles")) == len(truth(simulator)) - 1
    [rejected] = run.records("rejected_lines")
    assert (rejected["stream"], rejected["line_number"]) == ("profiles", 1)
    assert rejected["line"] == '{"$distinct_id": null, "$properties": {"a": 1}}'
    assert rejected["error"] == f"it has no `$distinct_id` (page {page})"
    assert "profiles: 1 item of the page is not a profile" in run.logs()


def test_a_profile_on_two_pages_is_counted(simulator: Simulator) -> None:
    """A profile that moved to the next page comes twice, and how many did is logged."""
    simulator.add_fault(Fault("duplicate_profile", page=1))
    run = run_source(config_for(simulator), ["profiles"])
    assert sorted(set(emitted(run))) == truth(simulator)
    assert (
        "profiles: 26 profiles arrived, though Mixpanel's total was 25: profiles changed during the read" in run.logs()
    )
    assert "profiles: 1 of 26 profiles arrived twice, with the same distinct_id on two pages" in run.logs()


def test_events_and_profiles_are_read_together(simulator: Simulator) -> None:
    """One read brings both streams, whatever the number of workers."""
    run = run_source(config_for(simulator, num_workers=1), ["events", "profiles"])
    assert emitted(run) == truth(simulator)
    assert len(run.records("events")) == 20 * 60
