"""Mixpanel's quotas, counted strictly by the simulator on arrival: they are kept, shared, and waits are announced."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from integration_tests.source.test_events import emitted
from integration_tests.source.test_process import MAIN, messages, write
from integration_tests.source_run import config_for, run_source
from mixpanel_simulator import Scenario, Simulator, start_simulator


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulator]:
    """Start a simulator that enforces Mixpanel's quotas, but with eight requests a second instead of three.

    It counts arrivals, and a loaded machine delivers late what left in time. Three streams that do not share their
    quota send nine at once.
    """
    scenario = Scenario(first_day=date(2026, 1, 1), days=70, events_per_day=5, quotas=True, export_second_limit=8)
    with start_simulator(scenario) as simulator:
        yield simulator


def test_no_request_is_refused_when_streams_share_the_quota(strict: Simulator) -> None:
    """Three streams of a project together keep to three requests a second; every window starts in its turn."""
    strict.reset_quota()
    strict.clear_requests()
    streams = [{"name": "purchases", "events": ["Purchase"]}, {"name": "sign_ups", "events": ["Sign Up"]}]
    run = run_source(config_for(strict, event_streams=streams, window_days=14), ["events", "purchases", "sign_ups"])
    requests = strict.requests()
    assert run.error is None
    assert {entry.status for entry in requests} == {200}
    assert len(requests) == 15
    arrivals = [entry.arrived_s for entry in requests]
    assert arrivals[-1] - arrivals[0] > 2  # three a second: the last leaves 4 s after the first, that may arrive late
    assert sum(emitted(run.records("events")).values()) == 70 * 5


def test_planned_windows_keep_the_quota(strict: Simulator) -> None:
    """The plan starts its windows in order, the larger first, and none is refused."""
    strict.reset_quota()
    strict.clear_requests()
    run = run_source(config_for(strict))
    requests = strict.requests()
    assert (run.error, {entry.status for entry in requests}) == (None, {200})
    lengths = [
        (date.fromisoformat(entry.params["to_date"]) - date.fromisoformat(entry.params["from_date"])).days
        for entry in requests
    ]
    # Three leave in a second; a loaded machine delivers one late, but not two seconds late.
    assert all(length > later for length, later in zip(lengths, lengths[6:], strict=False))


def test_the_hours_quota_is_announced_and_waited_for(strict: Simulator, tmp_path: Path) -> None:
    """The 61st request waits for the hour: said before it starts, announced with the seconds, and SIGTERM ends it."""
    strict.reset_quota()
    strict.clear_requests()
    config = write(tmp_path / "config.json", config_for(strict, window_days=1))
    command = [sys.executable, str(MAIN), "read", "--config", str(config)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if b"waiting 3" in line:
                process.send_signal(signal.SIGTERM)
    said = messages(b"".join(lines))
    logs = [message["log"]["message"] for message in said if message["type"] == "LOG"]
    assert any(text.startswith("events: 70 requests are needed, and Mixpanel allows 60 an hour") for text in logs)
    plans = [json.loads(text.removeprefix("plan: ")) for text in logs if text.startswith("plan: ")]
    [plan] = [plan for plan in plans if plan["stream"] == "events"]
    assert (plan["stream"], plan["unit"], plan["total"], plan["days"]) == ("events", "window", 70, 70)
    assert plan["estimated_s"] > 3600
    [wait] = [json.loads(text.removeprefix("wait: ")) for text in logs if text.startswith("wait: ")]
    assert (wait["stream"], wait["place"], wait["reason"], wait["quota"]) == ("events", None, "hour", "export")
    waits = [m["trace"]["stream_status"] for m in said if "reasons" in m.get("trace", {}).get("stream_status", {})]
    assert [wait["reasons"] for wait in waits] == [[{"type": "RATE_LIMITED"}]]
    assert process.returncode == -signal.SIGTERM
    asked = [entry for entry in strict.requests() if entry.path.endswith("export")]
    assert sum(entry.status == 200 for entry in asked) == 60
    states = [message["state"]["stream"]["stream_state"] for message in said if message["type"] == "STATE"]
    assert json.dumps(states[-1]).count("2026") >= 2
