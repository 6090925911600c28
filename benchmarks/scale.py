"""What syncs of 10 million to 100 billion events take, computed from the measured figures: the tables of docs/scale.md.

    python -m benchmarks.scale

Reads benchmarks/results/benchmarks.json and writes the tables between the marks of the page. Nothing is measured here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.figure import Figure, figure_from_json, shown
from benchmarks.table import with_table
from source_mixpanel_parallel.rate_limits.limits import EXPORT_HOURLY_REQUESTS
from source_mixpanel_parallel.windows.date_windows import DateWindow
from source_mixpanel_parallel.windows.plan_duration import estimated_s
from source_mixpanel_parallel.windows.planner import SECONDS_A_DAY, plan_windows

RESULTS = Path(__file__).with_name("results") / "benchmarks.json"
PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
# What the page assumes, in dollars; a reader puts the prices of their own provider.
MACHINE_HOUR = 0.10  # two cores and 8 GB
DISK_GB_MONTH = 0.10


@dataclass(frozen=True, slots=True)
class Project:
    """How much there is to read."""

    name: str
    events: int
    days: int

    @property
    def a_day(self) -> float:
        """Return the events of a day."""
        return self.events / self.days

    @property
    def requests(self) -> int:
        """Return how many windows are planned."""
        return len(planned(self.days))


PROJECTS = (
    Project("10 million in 30 days", 10_000_000, 30),
    Project("1 billion in a year", 1_000_000_000, 365),
    Project("100 billion in 5 years", 100_000_000_000, 1826),
)


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured: rows a second of the pipe, bytes of an event on each stage of its way, and peaks."""

    rows_per_s: float
    answer_bytes: float
    line_bytes: float
    database_bytes: float
    source_mb: float
    destination_mb: float


def costs_of(figures: Sequence[Figure]) -> Costs:
    """Return the costs that *figures* hold; raise KeyError that names the missing one."""
    medians = {figure.name: figure.median for figure in figures}
    return Costs(
        rows_per_s=medians["1,000,000 events, append_dedup: rate, start-up apart"],
        answer_bytes=medians["an event in the answer, compressed"],
        line_bytes=medians["an event as a RECORD line"],
        database_bytes=medians["an event in the database"],
        source_mb=medians["one day of 3,000,000: peak memory"],
        destination_mb=max(median for name, median in medians.items() if "stream" in name and "peak memory" in name),
    )


def planned(days: int) -> list[int]:
    """Return the days of each planned window."""
    first = date(2020, 1, 1)
    return [window.days for window in plan_windows([DateWindow(first, first + timedelta(days=days - 1))]).windows]


def scale_table(costs: Costs) -> Iterator[str]:
    """Yield the lines of the table of projects."""
    yield f"| | {' | '.join(project.name for project in PROJECTS)} |"
    yield "|---" * (len(PROJECTS) + 1) + "|"
    for name, cells in rows(costs).items():
        yield f"| {name} | {' | '.join(cells)} |"


def rows(costs: Costs) -> Mapping[str, Sequence[str]]:
    """Return the cells of each row."""
    hours = [project.events / costs.rows_per_s / 3600 for project in PROJECTS]
    quota_hours = [estimated_s([1] * project.days, 40, 0.0) / 3600 for project in PROJECTS]
    database_gb = [project.events * costs.database_bytes / 1e9 for project in PROJECTS]
    return {
        "events a day": [f"{project.a_day:,.0f}" for project in PROJECTS],
        "requests, planned windows": [f"{project.requests}" for project in PROJECTS],
        "share of an hour's quota": [f"{project.requests / EXPORT_HOURLY_REQUESTS:.0%}" for project in PROJECTS],
        "requests, a day each": [f"{project.days:,}" for project in PROJECTS],
        "the quota alone, a day each": [duration(each) for each in quota_hours],
        "one machine of two cores, Mixpanel keeping up": [duration(each) for each in hours],
        "machines for one day of work": [f"{max(1, math.ceil(each / 24))}" for each in hours],
        "over the network, compressed": [size(each.events * costs.answer_bytes / 1e9) for each in PROJECTS],
        "spool of one day": [size(project.a_day * costs.line_bytes / 1e9) for project in PROJECTS],
        "spool of the largest planned window": [
            size(project.a_day * max(planned(project.days)) * costs.line_bytes / 1e9) for project in PROJECTS
        ],
        "DuckDB file": [size(each) for each in database_gb],
        "memory, source and destination": [f"{costs.source_mb + costs.destination_mb:,.0f} MB" for _ in PROJECTS],
        "machines": [f"${each * MACHINE_HOUR:,.2f}" for each in hours],
        "disk a month": [f"${each * DISK_GB_MONTH:,.2f}" for each in database_gb],
    }


def check_table(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the comparison of simulated with measured plans."""
    measured = {figure.name: figure.median for figure in figures}
    yield "| days | simulated | measured |"
    yield "|---|---|---|"
    for days in (30, 90, 365):
        seconds = estimated_s(planned(days), 40, SECONDS_A_DAY)
        yield f"| {days} | {seconds:.2f} s | {measured[f'{days} days: source, first request to last row']:.2f} s |"


def duration(hours: float) -> str:
    """Return a time in the unit that fits."""
    for unit, length in (("days", 24.0), ("h", 1.0), ("min", 1 / 60)):
        if hours >= 2 * length:
            return f"{hours / length:,.1f} {unit}"
    return f"{hours * 3600:,.0f} s"


def size(gigabytes: float) -> str:
    """Return a size in the unit that fits."""
    if gigabytes >= 1000:
        return f"{shown(gigabytes / 1000)} TB"
    return f"{shown(gigabytes)} GB" if gigabytes >= 1 else f"{gigabytes * 1000:,.0f} MB"


def page_with_tables(page: str, figures: Sequence[Figure]) -> str:
    """Return *page* with both tables."""
    page = with_table(page, "scale", "\n".join(scale_table(costs_of(figures))))
    return with_table(page, "check", "\n".join(check_table(figures)))


def main() -> None:
    """Write the tables."""
    figures = [figure_from_json(fields) for fields in json.loads(RESULTS.read_text())["figures"]]
    PAGE.write_text(page_with_tables(PAGE.read_text(), figures))


if __name__ == "__main__":
    main()
