"""The commands, their options and their help; each imports what it needs when it is called.

In: arguments; out: an exit code. Raises SyncError and click's own exceptions, which run.py reports.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import click

from mixpanel_to_duckdb.cli.reading_options import SCHEMA, options_of, what_to_read
from mixpanel_to_duckdb.config.options import checked_database, checked_schema
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.sync.follow_up import FollowUp

EXIT_CODES = (
    "Exit codes: 0 everything was read; 1 something failed, the next sync retries it; 2 authentication failed; 3 bad "
    "arguments or config; 5 the hourly quota is used up and --no-wait was given; 130 interrupted."
)
EXAMPLES = """\b
Examples:
  mixpanel-to-duckdb init
  mixpanel-to-duckdb sync mixpanel.duckdb
  mixpanel-to-duckdb sync mixpanel.duckdb --last 30d --streams events
  mixpanel-to-duckdb plan --from 2026-01-01
  mixpanel-to-duckdb status mixpanel.duckdb
  mixpanel-to-duckdb reset mixpanel.duckdb events
  mixpanel-to-duckdb demo
"""
SYNC_EXAMPLES = """\b
Examples:
  mixpanel-to-duckdb sync mixpanel.duckdb
  mixpanel-to-duckdb sync mixpanel.duckdb --from 2026-01-01 --to 2026-03-31
  mixpanel-to-duckdb sync mixpanel.duckdb --last 4w --events "Sign Up,Purchase"
  mixpanel-to-duckdb sync mixpanel.duckdb --where 'properties["$os"] == "Linux"'
  mixpanel-to-duckdb sync mixpanel.duckdb --reread --from 2026-01-31 --to 2026-01-31
  mixpanel-to-duckdb sync mixpanel.duckdb --retry-failed --report sync.html
  mixpanel-to-duckdb sync mixpanel.duckdb --quiet --no-wait --json > sync.json
"""
PLAN_EXAMPLES = """\b
Examples:
  mixpanel-to-duckdb plan --from 2025-01-01
  mixpanel-to-duckdb plan mixpanel.duckdb --last 90d --window-days 1
"""
COMPLETION_EXAMPLES = """\b
Examples:
  bash: eval "$(mixpanel-to-duckdb completion bash)"    in ~/.bashrc
  zsh:  eval "$(mixpanel-to-duckdb completion zsh)"     in ~/.zshrc
  fish: mixpanel-to-duckdb completion fish > ~/.config/fish/completions/mixpanel-to-duckdb.fish
"""

NEEDS_SIMULATOR = (
    "the demo needs aiohttp, which comes with the extra `simulator`. In a checkout: pip install '.[simulator]'; "
    "with pipx: pipx inject mixpanel-to-duckdb aiohttp; with uv: uv tool install --with aiohttp '.'; "
    "in any other environment: pip install aiohttp"
)
_DATABASE = click.argument("database", type=click.Path())


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(metadata.version("mixpanel-to-duckdb"), "-V", "--version", prog_name="mixpanel-to-duckdb")
def cli() -> None:
    """Copy Mixpanel events and profiles into a DuckDB file."""


_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


@cli.command(short_help="Load new days and profiles into DATABASE.", epilog=f"{SYNC_EXAMPLES}\n\n{EXIT_CODES}")
@_DATABASE
@SCHEMA
@what_to_read
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Read everything again and replace the tables when the read is complete. With --from, --to, --last or "
    "--events: same as --reread.",
)
@click.option(
    "--reread",
    is_flag=True,
    help="Read the days of --from, --to or --last again and remove their stored events that Mixpanel no longer has; "
    "with --events, only events with these names. Other days are unchanged.",
)
@click.option("--retry-failed", is_flag=True, help="Read only what failed before.")
@click.option("--yes", is_flag=True, help="Let --full-refresh remove rows that it will not read again.")
@click.option("--no-wait", is_flag=True, help="Stop with exit code 5 when the hourly quota is used up.")
@click.option("--views", is_flag=True, help="Afterwards, create or update a view per event, as the command views does.")
@click.option("--report", type=click.Path(dir_okay=False), metavar="F.html", help="Write an HTML report of this sync.")
@click.option(
    "--metrics",
    type=click.Path(dir_okay=False),
    metavar="F.prom",
    help="Write metrics in Prometheus text format, for node_exporter's textfile collector.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document on stdout.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "rich", "plain", "none"]),
    default="auto",
    show_default=True,
    help="Progress on stderr: bars, lines or nothing; auto: bars on a terminal, lines elsewhere.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary; errors are still printed.")
def sync(database: str, **given: Any) -> int:
    """Load new days and profiles into DATABASE, resuming where the last sync ended.

    Each sync reads new days, missing days, and the last five days again, to pick up late events. An earlier --from, or
    start_date in the config, also reads the earlier days; days already in DATABASE are not read again. Ctrl-C stops
    cleanly: committed rows are kept, and the next sync resumes from there.
    """
    from mixpanel_to_duckdb.cli.sync import SyncOutput, run_sync  # noqa: PLC0415 - when it is needed

    output = SyncOutput(as_json=given["as_json"], quiet=given["quiet"], progress=given["progress"])
    report, metrics = (Path(given[name]) if given[name] else None for name in ("report", "metrics"))
    follow_up = FollowUp(report, given["views"], metrics)
    flags = {name: given[name] for name in ("full_refresh", "reread", "retry_failed", "no_wait", "yes")}
    return run_sync(options_of(given, checked_database(database), **flags), given["config"], output, follow_up)


@cli.command(short_help="Show what a sync would request, without sending a request.", epilog=PLAN_EXAMPLES)
@click.argument("database", type=click.Path(), required=False)
@SCHEMA
@what_to_read
@_AS_JSON
def plan(database: str | None, *, as_json: bool, **given: Any) -> int:
    """Show what a sync would request, without sending a request: windows, requests, share of the hourly quota, time.

    With DATABASE, only what is missing there; without it, everything.
    """
    options = options_of(given, checked_database(database, must_exist=True) if database else "")
    from mixpanel_to_duckdb.cli.plan import run_plan  # noqa: PLC0415 - when it is needed

    return run_plan(options, given["config"], as_json=as_json)


@cli.command(short_help="Show what DATABASE contains and what is missing.")
@_DATABASE
@SCHEMA
@_AS_JSON
def status(database: str, schema: str, *, as_json: bool) -> int:
    """Show what DATABASE contains: rows, days, gaps, failures, duplicates, rejected lines, the last sync.

    Finished days that have fewer rows than were read, such as after a DELETE, are listed with the command that reads
    them again.
    """
    checked_database(database, must_exist=True)
    from mixpanel_to_duckdb.cli.status import run_status  # noqa: PLC0415 - when it is needed

    return run_status(database, checked_schema(schema), as_json=as_json)


@cli.command(short_help="Remove streams from DATABASE, so that the next sync reads them from the start.")
@_DATABASE
@SCHEMA
@click.argument("streams", metavar="STREAM...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_AS_JSON
def reset(database: str, schema: str, streams: tuple[str, ...], *, yes: bool, as_json: bool) -> int:
    """Remove streams from DATABASE: their rows and their state.

    The next sync reads them from the start. Rejected lines are a separate stream, rejected_lines: they return when
    their days are read again.
    """
    checked_database(database, must_exist=True)
    from mixpanel_to_duckdb.cli.reset import run_reset  # noqa: PLC0415
    from mixpanel_to_duckdb.database.project import Place  # noqa: PLC0415 - when it is needed

    return run_reset(Place(database, checked_schema(schema)), streams, yes=yes, as_json=as_json)


@cli.command(short_help="Create or update a view per event in DATABASE.")
@_DATABASE
@SCHEMA
@_AS_JSON
def views(database: str, schema: str, *, as_json: bool) -> int:
    """Create or update a view per event in DATABASE, events_<name>, with the event's properties as columns.

    Types follow the data: BIGINT if every value is an integer, TIMESTAMPTZ for ISO times, JSON for mixed values.
    """
    checked_database(database, must_exist=True)
    from mixpanel_to_duckdb.cli.views import run_views  # noqa: PLC0415 - when it is needed

    return run_views(database, checked_schema(schema), as_json=as_json)


@cli.command(short_help="Load a simulated Mixpanel project into DATABASE.")
@click.argument("database", type=click.Path(), default="demo.duckdb")
def demo(database: str) -> int:
    """Load a simulated Mixpanel project into DATABASE (demo.duckdb), without credentials or network."""
    try:
        import aiohttp  # noqa: F401, PLC0415 - of all that is needed, what may be missing
    except ModuleNotFoundError as error:
        raise SyncError(NEEDS_SIMULATOR) from error
    from mixpanel_to_duckdb.cli.demo import run_demo  # noqa: PLC0415 - when it is needed

    return run_demo(checked_database(database))


@cli.command(epilog=COMPLETION_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - when it is needed

    completer = get_completion_class(shell)
    assert completer
    root = context.find_root()
    script = completer(root.command, {}, "mixpanel-to-duckdb", "_MIXPANEL_TO_DUCKDB_COMPLETE").source()
    # click's script for fish cuts a value at its first comma, and lists of streams have some.
    click.echo(script.replace('string split "," $completion', 'string split --max 1 "," $completion'))


@cli.command(short_help="Ask for credentials, find the region, and write a config.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    default="mixpanel.json",
    show_default=True,
    help="Where to write the config.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option(
    "--endpoint", multiple=True, hidden=True, metavar="REGION=URL", help="Replaces a region's URL, for tests."
)
def init(config: str, *, force: bool, endpoint: tuple[str, ...]) -> int:
    """Ask for a service account and a project, find the region, and write a config that only you can read."""
    from mixpanel_to_duckdb.cli.init import parse_endpoints, run_init  # noqa: PLC0415 - when it is needed

    return run_init(Path(config), force=force, endpoints=parse_endpoints(endpoint))
