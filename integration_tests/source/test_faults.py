"""Answers that are cut, broken or refused: nothing is lost, nothing comes twice, and what fails is named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integration_tests.source.test_events import emitted, truth
from integration_tests.source_run import SourceRun, config_for, run_source
from mixpanel_simulator import Fault, Simulator

DAY = date(2026, 1, 10)

PASSING_FAULTS = [
    Fault(kind="cut"),
    Fault(kind="cut", at_byte=1),
    Fault(kind="cut", content_length=True),
    Fault(kind="cut_at_line"),
    Fault(kind="cut_at_line", content_length=True),
    Fault(kind="cut_gzip"),
    Fault(kind="lost_chunk"),
    Fault(kind="reset"),
    Fault(kind="reset", at_byte=0),
    Fault(kind="terminated_early"),
    Fault(kind="terminated_early", after_lines=0),
    Fault(kind="export_terminated_early"),
    Fault(kind="terminated_early_json"),
    Fault(kind="terminated_early", text="\nTerminated  Early\n"),
    Fault(kind="terminated_early", text='{"error":"Query cancelled","status":"error"}\n'),
    Fault(kind="terminated_early", text='{"error":"Query cancelled"}\n', after_lines=3),
    Fault(kind="terminated_early", text="upstream connect error"),
    Fault(kind="terminated_early", text="<html><body>502 Bad Gateway</body></html>\n"),
    Fault(kind="broken_line"),
    Fault(kind="split_line"),
    Fault(kind="no_event"),
    Fault(kind="no_properties"),
    Fault(kind="no_newline"),
    Fault(kind="status", status=500),
    Fault(kind="status", status=502),
    Fault(kind="status", status=503),
    Fault(kind="status", status=504),
    Fault(kind="rate_limited", which="second"),
    Fault(kind="rate_limited", which="concurrent"),
    Fault(kind="rate_limited", which="hour", retry_after_s=1),
]


@pytest.mark.parametrize("fault", PASSING_FAULTS, ids=lambda f: f"{f.kind}-{f.status}-{f.at_byte}-{f.content_length}")
def test_every_event_arrives_once_when_an_answer_is_faulty(simulator: Simulator, fault: Fault) -> None:
    """A window whose first answer is faulty is read again, and emitted once."""
    simulator.add_fault(fault)
    run = run_source(config_for(simulator, window_days=20))
    assert [entry.fault for entry in simulator.requests()] == [fault.kind, None]
    assert (run.error, run.status("events")) == (None, "COMPLETE")
    assert emitted(run.records("events")) == truth(simulator)


@pytest.mark.parametrize(
    "text", ['{"error":"Query cancelled","status":"error"}\n', "Query cancelled", "Query cancelled\n"]
)
def test_an_export_that_always_ends_with_a_message_is_not_whole(simulator: Simulator, text: str) -> None:
    """The state does not pass its days, however often the message comes (mixpanel-data-export-js 30 and 31)."""
    day = date(2026, 1, 1)
    simulator.add_fault(Fault(kind="terminated_early", text=text, day=day, times=None))
    run = run_source(config_for(simulator))
    assert run.error is not None
    assert run.status("events") == "INCOMPLETE"
    assert "2026-01-01..2026-01-01 could not be read: Mixpanel gave up after" in str(run.messages)
    assert not any(record["time"].startswith("2026-01-01") for record in run.records("events"))


def test_twenty_429s_in_a_row_lose_nothing(simulator: Simulator) -> None:
    """429 is no failed attempt: the window waits, announced, and is read."""
    simulator.add_fault(Fault(kind="rate_limited", which="hour", retry_after_s=0.5, times=20))
    run = run_source(config_for(simulator, window_days=20))
    assert len(simulator.requests()) == 21
    assert emitted(run.records("events")) == truth(simulator)
    assert sum("quota is used up (hour)" in text for text in run.logs()) == 20


def test_waits_are_announced_when_they_are_long(simulator: Simulator) -> None:
    """A stream status with the reason RATE_LIMITED and lines with the seconds stand before the wait."""
    simulator.add_fault(Fault(kind="rate_limited", which="hour", retry_after_s=3))
    run = run_source(config_for(simulator, window_days=20))
    reasons = [
        message["trace"]["stream_status"]["reasons"]
        for message in run.messages
        if "reasons" in message.get("trace", {}).get("stream_status", {})
    ]
    assert reasons == [[{"type": "RATE_LIMITED"}]]
    tried, held = run.reports("wait: ", "events")
    place = {"from_date": "2026-01-01", "to_date": "2026-01-20"}
    assert (tried["place"], tried["wait_s"], tried["reason"], tried["quota"]) == (place, 3.0, "hour", "export")
    assert (held["place"], held["reason"], held["text"]) == (None, "hour", "waiting 3 s for Mixpanel's export quota")


def test_a_bad_day_costs_one_day(simulator: Simulator) -> None:
    """The window is split until the day stands alone; all other days arrive; the day is named everywhere."""
    simulator.add_fault(Fault(kind="status", status=500, day=DAY, times=None))
    run = run_source(config_for(simulator, window_days=7))
    good = truth(simulator) - truth(simulator, DAY, DAY)
    assert emitted(run.records("events")) == good
    assert run.status("events") == "INCOMPLETE"
    [result] = run.reports("result: ", "events")
    assert result["failed_date_ranges"] == [["2026-01-10", "2026-01-10"]]
    assert result["has_failures"] is True
    assert run.states("events")[-1]["finished_ranges"] == [["2026-01-01", "2026-01-09"], ["2026-01-11", "2026-01-20"]]
    assert run.errors()[0].startswith("events: 2026-01-10..2026-01-10 could not be read: Mixpanel answered 500: ")
    assert run.errors()[0].endswith(". Other windows continue; the next sync reads these days again.")
    assert run.codes() == ["slice_failed"]
    assert {(wait["reason"], wait["error_code"]) for wait in run.reports("wait: ", "events")} == {
        ("retry", "unreachable")
    }
    assert len(simulator.requests()) <= 3 + 15


def test_a_healed_day_is_fetched_alone(simulator: Simulator) -> None:
    """The next read asks for the gap and, without lookback, for nothing else."""
    simulator.add_fault(Fault(kind="cut_at_line", day=DAY, times=None))
    first = run_source(config_for(simulator, window_days=7, lookback_days=0))
    simulator.clear_faults()
    simulator.clear_requests()
    second = run_source(config_for(simulator, window_days=7, lookback_days=0), state=first.last_state("events"))
    assert _asked(simulator) == [("2026-01-10", "2026-01-10")]
    assert emitted(first.records("events") + second.records("events")) == truth(simulator)
    assert second.states("events")[-1]["finished_ranges"] == [["2026-01-01", "2026-01-20"]]


def test_a_lasting_broken_line_is_kept(simulator: Simulator) -> None:
    """A line that is broken twice goes to rejected_lines, with its place; the rest of the window is emitted."""
    simulator.add_fault(Fault(kind="broken_line", after_lines=5, text='{"event": "x", "prop', times=None))
    run = run_source(config_for(simulator, window_days=20), ["events", "rejected_lines"])
    assert run.error is None
    [rejected] = run.records("rejected_lines")
    assert rejected["line"] == '{"event": "x", "prop'
    assert (rejected["stream"], rejected["line_number"]) == ("events", 6)
    assert (rejected["from_date"], rejected["to_date"]) == ("2026-01-01", "2026-01-20")
    assert sum(emitted(run.records("events")).values()) == 20 * 60 - 1
    assert not emitted(run.records("events")) - truth(simulator)
    assert "events: 1 line of the response is not an event, even when read twice" in run.logs()


def test_a_lasting_broken_line_goes_to_the_log_when_its_stream_is_not_selected(simulator: Simulator) -> None:
    """Without the stream rejected_lines, the whole line stands in a log message of level ERROR."""
    simulator.add_fault(Fault(kind="broken_line", text='{"event": "x", "prop', times=None))
    run = run_source(config_for(simulator, window_days=20))
    [error] = [m["log"]["message"] for m in run.messages if m.get("log", {}).get("level") == "ERROR"]
    assert r"{\"event\": \"x\", \"prop" in error
    assert run.status("events") == "COMPLETE"


def test_rejected_lines_alone_reads_nothing(simulator: Simulator) -> None:
    """The stream has no requests of its own."""
    run = run_source(config_for(simulator), ["rejected_lines"])
    assert (run.error, run.status("rejected_lines"), simulator.requests()) == (None, "COMPLETE", [])


def test_a_server_that_never_ends_its_last_line_is_believed(simulator: Simulator) -> None:
    """A last line without newline, the same in two whole answers, is a line."""
    simulator.add_fault(Fault(kind="no_newline", times=None))
    run = run_source(config_for(simulator, window_days=20))
    assert len(simulator.requests()) == 2
    assert emitted(run.records("events")) == truth(simulator)


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"status": 401, "body": '{"error": "Unable to authenticate request"}'},
        "wrong_credentials",
        "does not accept these credentials",
    ),
    (
        {"status": 400, "body": '{"error": "Unable to authenticate request"}'},
        "wrong_credentials",
        "does not accept these credentials",
    ),
    ({"status": 402, "body": '{"error": "Your plan does not allow API calls"}'}, "plan_lacks_api", "returned 402"),
    ({"status": 403, "body": "{}"}, "no_access", "no access to the project"),
    ({"status": 400, "body": '{"error": "to_date cannot be later than today"}'}, "day_not_begun", "project_timezone"),
]


@pytest.mark.parametrize(
    ("answer", "code", "message"), REFUSALS, ids=[f"{answer['status']}-{code}" for answer, code, _ in REFUSALS]
)
def test_a_refusal_is_not_repeated(simulator: Simulator, answer: dict[str, Any], code: str, message: str) -> None:
    """What a retry can't change is asked once, said in a sentence, and ends the stream."""
    simulator.add_fault(Fault(kind="status", times=None, **answer))
    run = run_source(config_for(simulator, window_days=5, num_workers=1))
    assert len(simulator.requests()) == 1
    assert message in run.errors()[0]
    assert run.codes() == [code, "not_asked", "not_asked", "not_asked"]
    codes = [progress["error_code"] for progress in run.reports("progress: ", "events")]
    assert codes == [code, "not_asked", "not_asked", "not_asked"]
    assert (run.status("events"), run.records("events")) == ("INCOMPLETE", [])
    assert _counts(run) == (0, 4)


def test_progress_is_reported_for_every_window(simulator: Simulator) -> None:
    """One `progress:` line a window, success or failure; their number is that of the result."""
    simulator.add_fault(Fault(kind="status", status=500, day=DAY, times=None))
    run = run_source(config_for(simulator, window_days=7))
    progress = run.reports("progress: ", "events")
    assert sum(_counts(run)) == len(progress)
    whole = sum(report["rows"] for report in progress if report["success"])
    assert whole == len(run.records("events")) == run.reports("result: ", "events")[0]["rows"]
    [failure] = [report for report in progress if not report["success"]]
    assert (failure["from_date"], failure["to_date"], failure["rows"]) == ("2026-01-10", "2026-01-10", 0)
    assert "500" in failure["error"]
    assert failure["error_code"] == "unreachable"
    assert {report["error_code"] for report in progress if report["success"]} == {None}
    assert all(report["bytes"] > 0 for report in progress if report["success"])


def _counts(run: SourceRun) -> tuple[int, int]:
    [result] = run.reports("result: ", "events")
    return result["successful_batches"], result["failed_batches"]


def _asked(simulator: Simulator) -> list[tuple[str, str]]:
    return sorted((entry.params["from_date"], entry.params["to_date"]) for entry in simulator.requests())
