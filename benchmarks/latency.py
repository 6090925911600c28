"""What reading at once gains where Mixpanel takes its time: models with latency, quotas kept.

    python -m benchmarks.latency [--quick] [--json FILE]

Events: 0.667 s for each day of data and connection; the peer is one `curl` that asks for the whole range at once.
Profiles: 1 s a page; the peer is the same source with one worker. Page 0 is alone by nature, since it opens the session
that the others need: the shares are those of the pages behind it. A model waits and hardly computes, so the longest
curl runs beside all the others.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.command import run_command
from benchmarks.figure import TIMES, Figure
from benchmarks.source_events import FIRST_DAY, read_events
from benchmarks.source_process import SourceProcess
from benchmarks.source_profiles import read_profiles
from mixpanel_simulator import Scenario, Simulator, start_simulator

GROUP = "latency"
DAY_S = 0.667
PAGE_S = 1.0
SPEED_UPS = {30: 5.5, 90: 9.0, 365: 16.0}
SHARES = {5: 1 / 3, 10: 1 / 4, 50: 1 / 4.5}


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of all models."""
    days = (30,) if quick else tuple(SPEED_UPS)
    runs = 1 if quick else 3
    with start_simulator(model(days[-1])) as longest, ThreadPoolExecutor(1) as beside:
        single = beside.submit(curl_s, longest)
        for count in days[:-1]:
            with start_simulator(model(count)) as simulator:
                yield from speed_up(simulator, curl_s(simulator), runs)
        for pages in (5,) if quick else tuple(SHARES):
            yield from page_share(pages, runs if pages < 50 else 1)
        yield from speed_up(longest, single.result(), runs)


def model(days: int) -> Scenario:
    """Return a project in which an export takes its time."""
    return Scenario(
        first_day=FIRST_DAY, days=days, events_per_day=1000, latency_per_day_s=DAY_S, quotas=True, render_ahead="gzip"
    )


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


def speed_up(simulator: Simulator, single_s: float, runs: int) -> Iterator[Figure]:
    """Yield how much faster the planned windows are than one connection that took *single_s*."""
    days = simulator.scenario.days
    reads = []
    for _ in range(runs):
        simulator.reset_quota()
        reads.append(read_events(simulator))
    yield Figure(GROUP, f"{days} days: one connection for the whole range", "s", (single_s,), at=days)
    seconds = tuple(read.read_s for read in reads)
    yield Figure(GROUP, f"{days} days: source, first request to last row", "s", seconds, at=days)
    yield Figure(GROUP, f"{days} days: source, whole process", "s", tuple(read.process_s for read in reads), at=days)
    gains = tuple(single_s / each for each in seconds)
    yield Figure(GROUP, f"{days} days: speed-up", TIMES, gains, at_least=SPEED_UPS[days], at=days)


def page_share(pages: int, runs: int) -> Iterator[Figure]:
    """Yield what share of one worker's time five take, turn by turn, with *pages* behind page 0."""
    scenario = Scenario(profiles=(pages + 1) * 1000, latency_per_page_s=PAGE_S, quotas=True, render_ahead="gzip")
    seconds: dict[int, list[float]] = {1: [], 5: []}
    with start_simulator(scenario) as simulator:
        for _ in range(runs):
            for workers, each in seconds.items():
                simulator.reset_quota()
                each.append(behind_page_0_s(read_profiles(simulator, profile_workers=workers)))
    yield Figure(GROUP, f"{pages} pages of profiles: one worker", "s", tuple(seconds[1]), at=pages)
    yield Figure(GROUP, f"{pages} pages of profiles: five workers", "s", tuple(seconds[5]), at=pages)
    share = statistics.median(seconds[5]) / statistics.median(seconds[1])
    yield Figure(GROUP, f"{pages} pages of profiles: share of the time", TIMES, (share,), at_most=SHARES[pages])


def behind_page_0_s(read: SourceProcess) -> float:
    """Return the seconds from the end of page 0 to the end of the last page."""
    ends = {report["page_index"]: report["started_s"] + report["duration_s"] for report in read.reports}
    return float(max(ends.values()) - ends[0])


if __name__ == "__main__":
    run_command(measure, __doc__)
