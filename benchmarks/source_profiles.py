"""How fast and how large the source is while it reads profiles, without latency.

    python -m benchmarks.source_profiles [--quick] [--json FILE]

Throughput: 200,000 profiles in pages of 1,000. Memory: 1,000,000 profiles in pages of 1,000 and of 50,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.command import run_command
from benchmarks.figure import Figure
from benchmarks.source_process import SourceProcess, run_source_process
from mixpanel_simulator import Scenario, Simulator, start_simulator

GROUP = "source"


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of profiles."""
    yield throughput(1 if quick else 3, 50_000 if quick else 200_000)
    for page_size in (1_000,) if quick else (1_000, 50_000):
        yield memory(100_000 if quick else 1_000_000, page_size)


def read_profiles(simulator: Simulator, **fields: Any) -> SourceProcess:
    """Read all profiles of *simulator*."""
    endpoints = {"export": simulator.url, "query": simulator.url}
    config = {"credentials": simulator.credentials, "endpoints": endpoints, **fields}
    return run_source_process(config, "profiles", "full_refresh", "overwrite")


def throughput(runs: int, profiles: int) -> Figure:
    """Return profiles a second."""
    with start_simulator(Scenario(profiles=profiles, render_ahead="gzip")) as simulator:
        reads = [read_profiles(simulator) for _ in range(runs)]
    rates = tuple(read.rows / read.read_s for read in reads)
    return Figure(GROUP, f"{profiles:,} profiles in pages of 1,000", "profiles/s", rates, at_least=60_000)


def memory(profiles: int, page_size: int) -> Figure:
    """Return the peak of one read."""
    with start_simulator(Scenario(profiles=profiles, page_size=page_size)) as simulator:
        read = read_profiles(simulator)
    name = f"{profiles:,} profiles in pages of {page_size:,}: peak memory"
    return Figure(GROUP, name, "MB", (read.peak_mb,), at_most=250)


if __name__ == "__main__":
    run_command(measure, __doc__)
