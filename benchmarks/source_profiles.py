"""How fast the source reads profiles: five workers beside one on a model with latency, throughput and memory without.

    python -m benchmarks.source_profiles [--quick] [--json FILE]

Model: 1 s a page, five requests at once. Page 0 is alone by nature, since it opens the session that the others need: so
the times are told with and without it, for 5, 10 and 50 pages behind it. Throughput: 200,000 profiles without latency.
Memory: 1,000,000 profiles in pages of 1,000 and of 50,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from pathlib import Path
from typing import Any

from benchmarks.source_process import SourceProcess, run_source_process
from mixpanel_simulator import Scenario, Simulator, start_simulator

PAGE_S = 1.0
ALLOWED = {5: 1 / 3, 10: 1 / 4, 50: 1 / 4.5}  # of one worker's time, for the pages behind page 0


def read_profiles(simulator: Simulator, **fields: Any) -> SourceProcess:
    """Read all profiles of *simulator*."""
    endpoints = {"export": simulator.url, "query": simulator.url}
    config = {"credentials": simulator.credentials, "endpoints": endpoints, **fields}
    return run_source_process(config, "profiles", "full_refresh", "overwrite")


def speed_up(pages: int, runs: int) -> dict[str, Any]:
    """Measure five workers beside one, turn by turn, with *pages* behind page 0."""
    scenario = Scenario(profiles=(pages + 1) * 1000, latency_per_page_s=PAGE_S, quotas=True, render_ahead="gzip")
    one: list[SourceProcess] = []
    five: list[SourceProcess] = []
    with start_simulator(scenario) as simulator:
        for _ in range(runs):
            for workers, reads in ((1, one), (5, five)):
                simulator.reset_quota()
                reads.append(read_profiles(simulator, profile_workers=workers))
    behind = [statistics.median(behind_page_0_s(read) for read in reads) for reads in (one, five)]
    whole = [statistics.median(read.read_s for read in reads) for reads in (one, five)]
    return {
        "pages_behind_page_0": pages,
        "one_worker_s": round(behind[0], 2),
        "five_workers_s": round(behind[1], 2),
        "share": round(behind[1] / behind[0], 3),
        "allowed_share": round(ALLOWED[pages], 3),
        "with_page_0": {
            "one_worker_s": round(whole[0], 2),
            "five_workers_s": round(whole[1], 2),
            "share": round(whole[1] / whole[0], 3),
            "best_possible_share": round((1 + -(-pages // 5)) / (1 + pages), 3),
        },
    }


def behind_page_0_s(read: SourceProcess) -> float:
    """Return the seconds from the end of page 0 to the end of the last page."""
    ends = {report["page_index"]: report["started_s"] + report["duration_s"] for report in read.reports}
    return float(max(ends.values()) - ends[0])


def throughput(runs: int, profiles: int) -> dict[str, Any]:
    """Measure profiles a second and CPU a profile, start-up apart."""
    with start_simulator(Scenario(profiles=1)) as simulator:
        start_up = statistics.median(read_profiles(simulator).cpu_s for _ in range(3))
    with start_simulator(Scenario(profiles=profiles, render_ahead="gzip")) as simulator:
        reads = [read_profiles(simulator) for _ in range(runs)]
    rates = sorted(read.rows / read.read_s for read in reads)
    return {
        "profiles": profiles,
        "rows_per_s": [round(rate) for rate in rates],
        "median_rows_per_s": round(statistics.median(rates)),
        "cpu_us_per_profile": round(statistics.median((r.cpu_s - start_up) / r.rows * 1e6 for r in reads), 2),
        "start_up_cpu_s": round(start_up, 2),
    }


def memory(profiles: int, page_size: int) -> dict[str, Any]:
    """Measure the peak of one read."""
    with start_simulator(Scenario(profiles=profiles, page_size=page_size)) as simulator:
        read = read_profiles(simulator)
    return {"profiles": profiles, "page_size": page_size, "peak_mib": round(read.peak_mib)}


def main() -> None:
    """Run everything and print it, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer profiles and pages, one run of each")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    arguments = parser.parse_args()
    quick: bool = arguments.quick
    results: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    results["python"] = platform.python_version()
    results["throughput"] = throughput(1 if quick else 5, 100_000 if quick else 200_000)
    print(json.dumps(results), flush=True)
    results["speed_up"] = []
    for pages in (5,) if quick else (5, 10, 50):
        results["speed_up"].append(speed_up(pages, 1 if quick else 3))
        print(json.dumps(results["speed_up"][-1]), flush=True)
    results["memory"] = []
    for page_size in (1_000,) if quick else (1_000, 50_000):
        results["memory"].append(memory(100_000 if quick else 1_000_000, page_size))
        print(json.dumps(results["memory"][-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
