"""The source's stdout in a storm of log lines, prints and signals: nothing lands within a message, and none is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration_tests.record_of import event_record, profile_record, with_made_id
from integration_tests.source_run import config_for
from integration_tests.storm import SlowReader, storm_environment
from mixpanel_simulator import Scenario, Simulator, start_simulator

MAIN = Path(__file__).resolve().parents[2] / "main.py"
SIGNALS = (signal.SIGCHLD, signal.SIGWINCH)  # those that do not kill where there is no handler
DAYS, EVENTS_PER_DAY = 8, 3000
SCENARIO = Scenario(days=DAYS, events_per_day=EVENTS_PER_DAY, profiles=300, page_size=50)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with start_simulator(SCENARIO) as simulator:
        yield simulator


@contextmanager
def reading(
    folder: Path, simulator: Simulator, unbuffered: bool
) -> Iterator[tuple[subprocess.Popen[bytes], SlowReader]]:
    """Run `read` in a storm, with a slow reader."""
    config = folder / "config.json"
    config.write_text(json.dumps(config_for(simulator, window_days=1)))
    environment = storm_environment(folder, unbuffered=unbuffered)
    command = [sys.executable, str(MAIN), "read", "--config", str(config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, bufsize=0
    ) as process:
        assert process.stdout
        reader = SlowReader(process.stdout.fileno())
        yield process, reader
        reader.join()


@pytest.mark.parametrize("unbuffered", [False, True])
def test_read_in_a_storm(tmp_path: Path, simulator: Simulator, unbuffered: bool) -> None:
    """Every line is a message, and the records are the simulator's."""
    with reading(tmp_path, simulator, unbuffered) as (process, reader):
        while process.poll() is None:
            for number in SIGNALS:
                process.send_signal(number)
            time.sleep(0.003)
    messages = [json.loads(line) for line in reader.all().split(b"\n")[:-1]]
    assert process.returncode == 0
    events = simulator.events(SCENARIO.first_day, SCENARIO.last_day, time_in_ms=True)
    assert _as_text(_data(messages, "events")) == _as_text(event_record(event) for event in events)
    profiles = simulator.profiles()
    assert _as_text(_data(messages, "profiles")) == _as_text(profile_record(profile) for profile in profiles)
    logs = {message["log"]["message"] for message in messages if message["type"] == "LOG"}
    assert {"storm: a log line", "storm: a warning"} <= logs
    assert not {"storm: printed", "storm: from C"} & logs


@pytest.mark.parametrize("unbuffered", [False, True])
def test_sigterm_in_a_storm(tmp_path: Path, simulator: Simulator, unbuffered: bool) -> None:
    """After SIGTERM, too, each line that ends is a message, and what was cut off has nothing after it."""
    with reading(tmp_path, simulator, unbuffered) as (process, reader):
        while b'"STATE"' not in reader.received:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
    *lines, cut = reader.all().split(b"\n")
    messages = [json.loads(line) for line in lines]
    assert process.returncode in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert {"RECORD", "STATE"} <= {message["type"] for message in messages}
    assert cut == b"" or (cut.startswith(b'{"type":"') and cut.count(b'{"type":"') == 1)


def _data(messages: list[dict[str, Any]], stream: str) -> Iterator[dict[str, Any]]:
    records = (message["record"] for message in messages if message["type"] == "RECORD")
    data = (record["data"] for record in records if record["stream"] == stream)
    return (with_made_id(each) if stream == "events" else each for each in data)


def _as_text(records: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)
