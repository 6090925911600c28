"""How fast and how large the source is while it reads events, without latency.

    python -m benchmarks.source_events [--quick] [--json FILE]

Throughput: 1,000,000 events of about 660 bytes in 5 windows. Memory: one day of 100,000 to 3,000,000 events.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import date
from typing import Any

from benchmarks.command import run_command
from benchmarks.figure import Figure
from benchmarks.source_process import SourceProcess, run_source_process
from mixpanel_simulator import Scenario, Simulator, start_simulator

FIRST_DAY = date(2025, 1, 1)
GROUP = "source"


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of events."""
    yield from throughput(1 if quick else 5, 100_000 if quick else 1_000_000)
    for events in (100_000,) if quick else (100_000, 1_000_000, 3_000_000):
        yield from one_day(events)


def read_events(simulator: Simulator, **fields: Any) -> SourceProcess:
    """Run `main.py read` for the events of *simulator*."""
    scenario = simulator.scenario
    config = {
        "credentials": simulator.credentials,
        "start_date": str(scenario.first_day),
        "end_date": str(scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        **fields,
    }
    return run_source_process(config, "events", "incremental", "append_dedup")


def throughput(runs: int, events: int) -> Iterator[Figure]:
    """Yield rows a second and CPU an event, start-up apart."""
    scenario = Scenario(first_day=FIRST_DAY, days=5, events_per_day=events // 5, render_ahead="gzip")
    empty = Scenario(first_day=FIRST_DAY, days=5, events_per_day=0)
    with start_simulator(empty) as simulator:
        start_ups = [read_events(simulator, window_days=5) for _ in range(3)]
    with start_simulator(scenario) as simulator:
        reads = [read_events(simulator, window_days=1) for _ in range(runs)]
    rates = tuple(read.rows / read.read_s for read in reads)
    yield Figure(GROUP, f"{events:,} events in 5 windows", "events/s", rates, at_least=180_000)
    start_up_s = statistics.median(read.cpu_s for read in start_ups)
    costs = tuple((read.cpu_s - start_up_s) / read.rows * 1e6 for read in reads)
    yield Figure(GROUP, "CPU an event, start-up apart", "µs", costs, at_most=6)
    yield Figure(GROUP, "an event as a RECORD line", "bytes", (reads[0].stdout_bytes / reads[0].rows,))
    yield Figure(GROUP, "a read without events, whole process", "s", tuple(read.process_s for read in start_ups))


def one_day(events: int) -> Iterator[Figure]:
    """Yield the peak memory and the rate for one day of *events*, which is one window."""
    scenario = Scenario(first_day=FIRST_DAY, days=1, events_per_day=events, render_ahead="gzip")
    with start_simulator(scenario) as simulator:
        read = read_events(simulator)
    yield Figure(GROUP, f"one day of {events:,}: peak memory", "MB", (read.peak_mb,), at_most=250, at=events)
    yield Figure(GROUP, f"one day of {events:,}: rate", "events/s", (read.rows / read.read_s,), at=events)


if __name__ == "__main__":
    run_command(measure, __doc__)
