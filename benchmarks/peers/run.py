"""Other ways to get the same events, side by side with ours: whole processes, start-up included.

    python -m benchmarks.peers.run [--quick] [--json FILE]

Without latency, 150,000 events of 3 days. Out of Mixpanel: the source, the CDK with nothing but a manifest, and
mixpanel-utils, which writes a file. Into DuckDB: the pipe, and PyAirbyte, whose cache loads what our source sends.
`make bench` makes the environments that the other programs live in.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.command import run_command
from benchmarks.destination_pipe import pipe_s
from benchmarks.figure import TIMES, Figure
from benchmarks.source_events import read_events
from client_tests.environments import client_program
from client_tests.pyairbyte_run import PyAirbyte
from mixpanel_simulator import Scenario, Simulator, start_simulator

GROUP = "peers"
DAYS = 3  # no window waits for the next second of the quota, which the others do not keep
FIRST_DAY = date(2026, 1, 1)
PROGRAMS = Path(__file__).parent


def measure(quick: bool) -> Iterator[Figure]:
    """Yield events a second of each, and how many times as fast ours is."""
    count, runs = (15_000, 1) if quick else (150_000, 3)
    scenario = Scenario(first_day=FIRST_DAY, days=DAYS, events_per_day=count // DAYS, render_ahead="gzip")
    with start_simulator(scenario) as simulator, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours: dict[str, Callable[[], float]] = {
            "source": lambda: read_events(simulator, window_days=1).process_s,
            "source | destination": lambda: pipe_s(folder, simulator, "append_dedup"),
        }
        others: dict[str, Sequence[tuple[str, Callable[[], float]]]] = {
            "source": (
                ("the CDK with a manifest alone", lambda: plain_cdk_s(simulator, folder, count)),
                ("mixpanel-utils to a file", lambda: mixpanel_utils_s(simulator, folder, count)),
            ),
            "source | destination": (("our source, PyAirbyte's cache", lambda: pyairbyte_s(simulator, folder)),),
        }
        for own, run in ours.items():
            seconds = {own: tuple(run() for _ in range(runs))}
            seconds |= {other: (run_other(),) for other, run_other in others[own]}
            yield from rates(count, own, seconds)


def rates(count: int, own: str, seconds: dict[str, tuple[float, ...]]) -> Iterator[Figure]:
    """Yield the rates of all, and how ours compares with each other one."""
    for name, each in seconds.items():
        told = tuple(count / one for one in each)
        yield Figure(GROUP, f"{count:,} events, {name}: whole processes", "events/s", told)
    best = min(seconds[own])
    for name, each in seconds.items():
        if name != own:
            yield Figure(GROUP, f"{own}, times as fast as {name}", TIMES, tuple(one / best for one in each))


def plain_cdk_s(simulator: Simulator, folder: Path, count: int) -> float:
    """Return the seconds that a source takes which is nothing but a manifest."""
    config, catalog = folder / "plain.json", folder / "plain-catalog.json"
    config.write_text(json.dumps(account(simulator)))
    stream = {"name": "events", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
    catalog.write_text(json.dumps({"streams": [configured]}))
    program = PROGRAMS / "plain_cdk.py"
    command = [sys.executable, str(program), "read", "--config", str(config), "--catalog", str(catalog)]
    started_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    records = sum(b'"RECORD"' in line for line in process.stdout)
    process.stdout.close()
    assert (process.wait(), records) == (0, count)
    return time.perf_counter() - started_s


def mixpanel_utils_s(simulator: Simulator, folder: Path, count: int) -> float:
    """Return the seconds that mixpanel-utils takes for the same range."""
    path = folder / "export.json"
    python = client_program("benchmarks", "python")
    program = PROGRAMS / "mixpanel_utils_export.py"
    started_s = time.perf_counter()
    subprocess.run([python, program, json.dumps(account(simulator)), path], check=True)
    taken_s = time.perf_counter() - started_s
    assert len(json.loads(path.read_text())) == count
    return taken_s


def pyairbyte_s(simulator: Simulator, folder: Path) -> float:
    """Return the seconds that PyAirbyte takes to load what our source sends."""
    config = {
        "credentials": simulator.credentials,
        "start_date": str(FIRST_DAY),
        "end_date": str(simulator.scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        "window_days": 1,
    }
    started_s = time.perf_counter()
    PyAirbyte(folder).read(config, ("events",))
    return time.perf_counter() - started_s


def account(simulator: Simulator) -> dict[str, Any]:
    """Return what the others need to know."""
    scenario = simulator.scenario
    return {
        "url": simulator.url,
        "username": scenario.username,
        "secret": scenario.secret,
        "project_id": scenario.project_id,
        "first_day": str(scenario.first_day),
        "last_day": str(scenario.last_day),
    }


if __name__ == "__main__":
    run_command(measure, __doc__)
