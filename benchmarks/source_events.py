"""How fast the source reads events: throughput, CPU and memory without latency, and speed-up on a model with it.

    python -m benchmarks.source_events [--quick] [--json FILE]

Throughput: 1,000,000 events of about 660 bytes in 5 windows. Model: 0.667 s a day and connection, quotas on; the peer
is one `curl` that asks for the whole range at once, run side by side. Memory: one day of 100,000 to 3,000,000 events.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.source_process import SourceProcess, run_source_process
from mixpanel_simulator import Scenario, Simulator, start_simulator

FIRST_DAY = date(2025, 1, 1)


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


def curl_s(simulator: Simulator) -> float:
    """Return the seconds that one connection takes for the whole range, to /dev/null."""
    scenario = simulator.scenario
    address = f"{simulator.url}/api/2.0/export?project_id={scenario.project_id}&time_in_ms=true"
    address += f"&from_date={scenario.first_day}&to_date={scenario.last_day}"
    user = f"{scenario.username}:{scenario.secret}"
    command = ["curl", "--silent", "--fail", "--compressed", "--user", user, "--output", os.devnull, address]
    started_s = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - started_s


def throughput(runs: int, events: int) -> dict[str, Any]:
    """Measure rows a second and CPU an event, start-up apart."""
    scenario = Scenario(first_day=FIRST_DAY, days=5, events_per_day=events // 5, render_ahead="gzip")
    empty = Scenario(first_day=FIRST_DAY, days=5, events_per_day=0)
    with start_simulator(empty) as simulator:
        start_up = statistics.median(read_events(simulator, window_days=1).cpu_s for _ in range(3))
    with start_simulator(scenario) as simulator:
        reads = [read_events(simulator, window_days=1) for _ in range(runs)]
    rates = sorted(read.rows / read.read_s for read in reads)
    return {
        "events": events,
        "rows_per_s": [round(rate) for rate in rates],
        "median_rows_per_s": round(statistics.median(rates)),
        "cpu_us_per_event": round(statistics.median((r.cpu_s - start_up) / r.rows * 1e6 for r in reads), 2),
        "start_up_cpu_s": round(start_up, 2),
        "peak_mib": round(max(read.peak_mib for read in reads)),
    }


def speed_up(days: int, runs: int) -> dict[str, Any]:
    """Measure how much faster the planned windows are than one connection, on the model."""
    scenario = Scenario(
        first_day=FIRST_DAY, days=days, events_per_day=1000, latency_per_day_s=0.667, quotas=True, render_ahead="gzip"
    )
    with start_simulator(scenario) as simulator:
        single_s = curl_s(simulator)
        reads = []
        for _ in range(runs):
            simulator.reset_quota()
            reads.append(read_events(simulator))
    read_s = statistics.median(read.read_s for read in reads)
    return {
        "days": days,
        "one_connection_s": round(single_s, 2),
        "read_s": [round(read.read_s, 2) for read in reads],
        "speed_up": round(single_s / read_s, 2),
        "process_s": round(statistics.median(read.process_s for read in reads), 2),
        "speed_up_of_process": round(single_s / statistics.median(read.process_s for read in reads), 2),
    }


def memory(events: int) -> dict[str, Any]:
    """Measure the peak of one day of *events*."""
    with start_simulator(Scenario(first_day=FIRST_DAY, days=1, events_per_day=events)) as simulator:
        read = read_events(simulator)
    return {"events": events, "peak_mib": round(read.peak_mib), "rows_per_s": round(read.rows / read.read_s)}


def main() -> None:
    """Run everything and print it, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer events and days, one run of each")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else 5
    results: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    results["throughput"] = throughput(runs, 100_000 if arguments.quick else 1_000_000)
    print(json.dumps(results), flush=True)
    for key, sizes in (("speed_up", (30,) if arguments.quick else (30, 90, 365)),):
        results[key] = []
        for days in sizes:
            results[key].append(speed_up(days, min(runs, 3)))
            print(json.dumps(results[key][-1]), flush=True)
    results["memory"] = []
    for events in (100_000,) if arguments.quick else (100_000, 1_000_000, 3_000_000):
        results["memory"].append(memory(events))
        print(json.dumps(results["memory"][-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
