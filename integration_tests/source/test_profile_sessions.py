"""Sessions that expire, reads that go on, and what is asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import DestinationSyncMode

from integration_tests.source.profile_truth import emitted, pages_asked, truth
from integration_tests.source_run import SourceRun, config_for, run_source
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

PAGES = 7


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Start a simulator for each test: profiles are added to it for good."""
    with start_simulator(Scenario(profiles=68, page_size=10)) as simulator:
        yield simulator


def read(simulator: Simulator, workers: int = 1) -> SourceRun:
    return run_source(config_for(simulator, profile_workers=workers), ["profiles"])


@pytest.mark.parametrize("workers", [1, 5])
def test_an_expired_session_is_renewed(simulator: Simulator, workers: int) -> None:
    """Page 0 is asked for again, pages that came are not; every profile arrives once."""
    simulator.add_fault(Fault("expired_session", page=3))
    run = read(simulator, workers)
    assert (run.error, run.status("profiles")) == (None, "COMPLETE")
    assert emitted(run) == truth(simulator)
    whole = [entry for entry in simulator.requests() if entry.status == 200]
    assert sorted(pages_asked(whole)) == [0, 0, 1, 2, 3, 4, 5, 6]
    assert [e.params["session_id"][:2] for e in whole if e.params["page"] == "3"] == ["2-"]
    assert [report["page_index"] for report in run.reports("progress: ", "profiles")].count(0) == 1
    assert run.reports("result: ", "profiles")[0]["successful_pages"] == PAGES
    said = "profiles: the new session has the same size, 68 profiles in 7 pages of 10: pages already read are not"
    assert sum(text.startswith(said) for text in run.logs()) == 1


@pytest.mark.parametrize("workers", [1, 5])
def test_a_read_starts_over_when_the_new_session_has_other_pages(simulator: Simulator, workers: int) -> None:
    """All pages are asked for again, and the log says so; a profile that was emitted is not emitted twice."""
    simulator.add_fault(Fault("changed_total", page=2, change=7))
    simulator.add_fault(Fault("expired_session", page=4))
    run = read(simulator, workers)
    assert (run.error, run.status("profiles")) == (None, "COMPLETE")
    assert emitted(run) == truth(simulator)
    assert len(emitted(run)) == 75
    whole = [entry for entry in simulator.requests() if entry.status == 200]
    last_session = whole[-1].params["session_id"]
    assert sorted(pages_asked([e for e in whole if e.params.get("session_id") == last_session])) == list(range(1, 8))
    assert (
        sum("the new session has different pages, so the read starts over: 75 profiles" in text for text in run.logs())
        == 1
    )
    result = run.reports("result: ", "profiles")[0]
    assert (result["rows"], result["successful_pages"], result["failed_pages"]) == (75, 8, 0)
    assert not any("arrived twice" in text or "though Mixpanel's total" in text for text in run.logs())


def test_a_session_is_renewed_once(simulator: Simulator) -> None:
    """If the new session expires too, the pages that are left fail, by index, and are not asked for in vain."""
    simulator.add_fault(Fault("expired_session", page=5, times=None))
    run = read(simulator)
    assert pages_asked(simulator.requests()) == [0, 1, 2, 3, 4, 5, 0, 5]
    assert run.status("profiles") == "INCOMPLETE"
    assert run.reports("result: ", "profiles")[0]["failed_page_indices"] == [5, 6]
    assert len(emitted(run)) == 50


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"error": "request for page in uncached query for params {}"}'),
        (404, '{"error": "session not found"}'),
        (410, "Session expired"),
        (200, '{"status": "error", "error": "session expired"}'),
    ],
)
def test_an_expired_session_is_known_by_what_mixpanel_says(simulator: Simulator, status: int, body: str) -> None:
    """Several answers say that the session is gone."""
    simulator.add_fault(Fault("status", path="engage", page=3, status=status, body=body))
    run = read(simulator)
    assert emitted(run) == truth(simulator)
    assert pages_asked(simulator.requests()) == [0, 1, 2, 3, 0, 3, 4, 5, 6]


SAME_GENERATION: dict[str, Any] = {"generation_id": 4, "minimum_generation_id": 4}


def interrupted(simulator: Simulator, **configured: Any) -> SourceRun:
    """Read all pages; return the run up to its fourth state, as if the process had been killed there."""
    run = run_source(config_for(simulator), ["profiles"], **configured)
    simulator.clear_requests()
    position = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"][3]
    return SourceRun(run.messages[: position + 1])


def test_a_full_refresh_goes_on_while_the_session_lives(simulator: Simulator) -> None:
    """The next attempt of the same generation asks for the pages that miss; together they have every profile once."""
    first = interrupted(simulator, **SAME_GENERATION)
    second = run_source(config_for(simulator), ["profiles"], first.last_state("profiles"), **SAME_GENERATION)
    assert len(pages_asked(simulator.requests())) == PAGES - 4
    assert sorted(emitted(first) + emitted(second)) == truth(simulator)
    assert second.status("profiles") == "COMPLETE"
    assert "profiles: resuming an earlier read: 4 of 7 pages already emitted" in second.logs()
    third = run_source(config_for(simulator), ["profiles"], second.last_state("profiles"), **SAME_GENERATION)
    assert (third.records("profiles"), third.status("profiles")) == ([], "COMPLETE")
    assert len(simulator.requests()) == PAGES - 4


def test_a_full_refresh_starts_from_page_0_when_the_session_is_dead(simulator: Simulator) -> None:
    """What was emitted under the dead session comes again, and the log says so."""
    first = interrupted(simulator, **SAME_GENERATION)
    simulator.add_fault(Fault("expired_session"))
    second = run_source(config_for(simulator), ["profiles"], first.last_state("profiles"), **SAME_GENERATION)
    whole = [entry for entry in simulator.requests() if entry.status == 200]
    assert sorted(pages_asked(whole)) == list(range(PAGES))
    assert emitted(second) == truth(simulator)
    assert any("the session of the earlier read has expired" in text for text in second.logs())


def test_an_overwrite_is_read_whole_when_nothing_says_that_its_rows_are_still_there(simulator: Simulator) -> None:
    """Without generations a destination throws away what an earlier attempt wrote, so all pages are read."""
    first = interrupted(simulator)
    second = run_source(config_for(simulator), ["profiles"], first.last_state("profiles"))
    assert sorted(pages_asked(simulator.requests())) == list(range(PAGES))
    assert emitted(second) == truth(simulator)


def test_every_state_covers_what_was_emitted_before_it(simulator: Simulator) -> None:
    """After a crash right behind any state, what was emitted and what the next read brings is everything, once."""
    mode: dict[str, Any] = {"destination_sync_mode": DestinationSyncMode.append}
    run = run_source(config_for(simulator), ["profiles"], **mode)
    positions = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"]
    assert len(positions) == PAGES + 1
    for position in positions[: PAGES - 1]:
        before = SourceRun(run.messages[:position])
        after = run_source(config_for(simulator), ["profiles"], [run.messages[position]["state"]], **mode)
        assert sorted(emitted(before) + emitted(after)) == truth(simulator)
