"""The source as a process: what goes to stdout, exit codes, signals, a reader that goes away."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from integration_tests.source_run import config_for
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

MAIN = Path(__file__).resolve().parents[2] / "main.py"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run `python main.py …` to its end."""
    return subprocess.run([sys.executable, str(MAIN), *map(str, arguments)], check=False, capture_output=True)


def write(path: Path, document: Any) -> Path:
    """Write *document* as JSON."""
    path.write_text(json.dumps(document))
    return path


def messages(stdout: bytes) -> list[dict[str, Any]]:
    """Parse stdout; each line must be a protocol message."""
    return [json.loads(line) for line in stdout.splitlines() if line]


def test_read_without_catalog_reads_every_stream(simulator: Simulator, tmp_path: Path) -> None:
    """`read --config F` alone reads all streams; all of stdout is protocol messages; no secret is in it."""
    config = config_for(simulator)
    ended = run("read", "--config", write(tmp_path / "config.json", config), "--debug")
    assert ended.returncode == 0
    records = [m["record"]["stream"] for m in messages(ended.stdout) if m["type"] == "RECORD"]
    assert {name: records.count(name) for name in set(records)} == {"events": 1200, "profiles": 25}
    credentials = config["credentials"]
    on_the_wire = base64.b64encode(f"{credentials['username']}:{credentials['secret']}".encode())
    assert b"Making outbound API request" in ended.stdout
    assert credentials["secret"].encode() not in ended.stdout + ended.stderr
    assert on_the_wire not in ended.stdout + ended.stderr


def test_state_file_goes_on_where_the_last_read_ended(simulator: Simulator, tmp_path: Path) -> None:
    """--state takes the states that an earlier read wrote, and --catalog what `catalog` prints."""
    config = write(tmp_path / "config.json", config_for(simulator, lookback_days=0))
    catalog = json.loads(run("catalog", "--config", config).stdout)
    catalog["streams"] = [stream for stream in catalog["streams"] if stream["stream"]["name"] == "events"]
    arguments: list[str | Path] = ["--config", config, "--catalog", write(tmp_path / "catalog.json", catalog)]
    first = messages(run("read", *arguments).stdout)
    states = [m["state"] for m in first if m["type"] == "STATE"]
    simulator.clear_requests()
    second = run("read", *arguments, "--state", write(tmp_path / "state.json", states[-1:]))
    assert (second.returncode, simulator.requests()) == (0, [])


def test_exit_code_is_1_when_a_stream_is_incomplete(simulator: Simulator, tmp_path: Path) -> None:
    """A failed day makes the process fail, and its last words name it."""
    simulator.add_fault(Fault(kind="status", status=500, path="engage", times=None))
    ended = run("read", "--config", write(tmp_path / "config.json", config_for(simulator)))
    assert ended.returncode == 1
    errors = [m["trace"]["error"]["message"] for m in messages(ended.stdout) if "error" in m.get("trace", {})]
    assert "profiles: page 0 could not be read: Mixpanel answered 500" in errors[0]


def test_sigterm_keeps_what_is_whole(tmp_path: Path) -> None:
    """SIGTERM in the middle: whole windows stand there with their states, nothing else, and the end comes soon."""
    scenario = Scenario(days=20, events_per_day=50, latency_per_day_s=0.4)
    with start_simulator(scenario) as simulator:
        config = write(tmp_path / "config.json", config_for(simulator, window_days=2, num_workers=4))
        command = [sys.executable, str(MAIN), "read", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            lines = []
            for line in process.stdout:
                lines.append(line)
                if b'"STATE"' in line and b'"events"' in line:
                    break
            process.send_signal(signal.SIGTERM)
            asked_s = time.monotonic()
            rest = process.stdout.read()
            assert process.wait(5) == -signal.SIGTERM
            assert time.monotonic() - asked_s < 5  # the promise itself, not a measure of speed
    written = messages(b"".join(lines) + rest)
    events = [m["record"]["data"] for m in written if m.get("record", {}).get("stream") == "events"]
    state = [m["state"]["stream"]["stream_state"] for m in written if m["type"] == "STATE" and _of_events(m)][-1]
    assert len(events) == 50 * _days(state)
    assert {event["time"][:10] for event in events} == _named(state)


def test_a_reader_that_goes_away_ends_the_source(tmp_path: Path) -> None:
    """`| head -1` ends the source without a traceback, and without fetching what nobody reads."""
    with start_simulator(Scenario(days=60, events_per_day=2000, latency_per_day_s=0.2)) as simulator:
        config = write(tmp_path / "config.json", config_for(simulator, window_days=2, num_workers=2))
        command = [sys.executable, str(MAIN), "read", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            stderr = process.stderr.read()
        assert (process.returncode, stderr) == (1, b"")
        assert len(simulator.requests()) < 10


def _of_events(message: dict[str, Any]) -> bool:
    return bool(message["state"]["stream"]["stream_descriptor"]["name"] == "events")


def _named(state: dict[str, Any]) -> set[str]:
    return {
        f"2026-01-{day:02}"
        for first, last in state["finished_ranges"]
        for day in range(int(first[-2:]), int(last[-2:]) + 1)
    }


def _days(state: dict[str, Any]) -> int:
    return sum(int(last[-2:]) - int(first[-2:]) + 1 for first, last in state["finished_ranges"])
