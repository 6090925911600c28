"""A plan, formatted for the terminal.

In: a `SyncPlan`; out: rich renderables. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.columns import Columns
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.sync.plan import SyncPlan
from mixpanel_to_duckdb.terminal.display import duration_text
from source_mixpanel_parallel.rate_limits.limits import EXPORT_HOURLY_REQUESTS

MAX_WINDOWS = 120


def plan_page(plan: SyncPlan) -> Iterator[RenderableType]:
    """Yield what to print; each text is printed on one line."""
    table = Table(Column("stream"), *(Column(name, justify="right") for name in ("days", "requests", "concurrent")))
    for stream in plan.streams:
        table.add_row(stream.stream, f"{stream.days:,}", f"{len(stream.windows):,}", f"{stream.connections:,}")
    for name, pages in plan.paged_streams.items():
        table.add_row(name, "", f"{pages:,} last time" if pages else "unknown until page 0", str(plan.page_connections))
    yield table
    for stream in plan.streams:
        if stream.windows:
            shown = [Text(f"{window} ({window.days})", "cyan") for window in stream.windows[:MAX_WINDOWS]]
            yield Text(f"{stream.stream}: windows in request order (days):")
            yield Columns(shown, padding=(0, 2))
            if len(stream.windows) > MAX_WINDOWS:
                yield Text(f"… and {len(stream.windows) - MAX_WINDOWS:,} more: --json lists all", "dim")
    yield Text(
        f"{plan.requests:,} export requests, {plan.share_of_the_hour:.0%} of the {EXPORT_HOURLY_REQUESTS} that "
        f"Mixpanel allows per hour; about {duration_text(plan.duration_s)}, {_basis(plan)}."
    )
    if plan.share_of_the_hour > 1:
        yield Text(
            "The sync will wait for the quota: a larger --window-days, or the default, needs fewer requests.", "yellow"
        )


def _basis(plan: SyncPlan) -> str:
    basis = "measured in the last sync" if plan.is_measured else "an assumption until the first sync"
    return f"at {plan.seconds_a_day:.2f} s per day of data and connection, {basis}"
