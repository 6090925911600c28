"""`make demo`: reads a simulated Mixpanel project into demo.duckdb and shows what arrived.

Needs no credentials and no network. A second run resumes from the state in the database, so it adds no duplicates.
"""

from __future__ import annotations

import re
import shlex
import sys
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax

from mixpanel_simulator import Scenario, Simulator, start_simulator
from mixpanel_to_duckdb.cli.arrivals import TOP_EVENTS, rows_per_day, rows_per_table, top_events
from mixpanel_to_duckdb.config.options import SyncOptions, checked_database
from mixpanel_to_duckdb.config.source_config import source_config
from mixpanel_to_duckdb.connectors.pipe import PipeFiles, shell_words
from mixpanel_to_duckdb.database.connection import open_database
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.sync.sync_run import SyncRun
from mixpanel_to_duckdb.terminal.printing import print_page
from mixpanel_to_duckdb.terminal.rich_display import RichDisplay
from mixpanel_to_duckdb.terminal.summary import summary

DEFAULT_DATABASE = "demo.duckdb"
# A fixed month: every run shows the same figures, and a second run adds nothing.
SCENARIO = Scenario(
    first_day=date(2026, 1, 1),
    days=30,
    events_per_day=1_000,
    rhythm="product",
    profiles=5_000,
    latency_per_day_s=0.05,
    latency_per_page_s=0.1,
    quotas=True,
)


def main() -> int:
    """Run the demo from the command line; the optional argument is the database's path."""
    return run_demo(checked_database(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_DATABASE))


def run_demo(database: str) -> int:
    """Load a simulated project into *database*, show what arrived, and return the exit code."""
    console = Console()
    scale = f"{SCENARIO.days} days, {SCENARIO.events:,} events, {SCENARIO.profiles:,} profiles"
    console.print(f"A simulated Mixpanel: {scale}.")
    files = PipeFiles(Path("mixpanel.json"), Path("duckdb.json"), Path("catalog.json"))
    console.print(Syntax(shell_words(files), "bash", word_wrap=True, background_color="default"))
    with start_simulator(SCENARIO) as simulator:
        options = SyncOptions(database)
        config = source_config(demo_config(simulator), options)
        result = SyncRun(options, config, RichDisplay(console)).run()
        requests = len([entry for entry in simulator.requests() if entry.status < 400])  # noqa: PLR2004 - HTTP's errors
    print_page(summary(result))
    if result.exit_code != ExitCode.DONE:
        return result.exit_code
    console.print(f"{requests} requests, {result.duration_s:.1f} s, including the start of both programs.\n")
    show(console, database)
    return ExitCode.DONE


def demo_config(simulator: Simulator) -> dict[str, Any]:
    """Return the source's config that reads all of *simulator*."""
    return {
        "credentials": simulator.credentials,
        "start_date": str(SCENARIO.first_day),
        "end_date": str(SCENARIO.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
    }


def show(console: Console, database: str) -> None:
    """Print what *database* contains, and how to query it."""
    with open_database(database) as connection:
        for table in (rows_per_table(connection, ["events", "profiles"]), rows_per_day(connection)):
            console.print(table)
        console.print(top_events(connection))
    console.print(Syntax(TOP_EVENTS.strip(), "sql", background_color="default"))
    console.print(f"\nQuery it yourself: {python_command(database)}", soft_wrap=True, highlight=False, markup=False)


def python_command(database: str) -> str:
    """Return a shell command that queries *database*."""
    program = f"import duckdb; duckdb.connect({database!r}).sql('FROM events LIMIT 5').show()"
    quoted = shlex.quote(program) if re.search(r'["$`!\\]', program) else f'"{program}"'
    return f"{shlex.quote(sys.executable)} -c {quoted}"


if __name__ == "__main__":
    sys.exit(main())
