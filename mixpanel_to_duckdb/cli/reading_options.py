"""The options that select what to read and where to write it, with their help.

In: click's parsed options; out: `SyncOptions`. Raises BadArguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from mixpanel_to_duckdb.config.options import (
    SyncOptions,
    any_region,
    checked_schema,
    parse_day,
    parse_last,
    parse_names,
)
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA
from source_mixpanel_parallel.config.regions import REGIONS
from source_mixpanel_parallel.rate_limits.limits import EXPORT_CONNECTIONS, MAX_WINDOW_DAYS
from source_mixpanel_parallel.stream_names import BUILT_IN_STREAMS

Command = TypeVar("Command", bound=Callable[..., Any])

SCHEMA = click.option(
    "--schema",
    default=DEFAULT_SCHEMA,
    show_default=True,
    metavar="NAME",
    help="Schema in DATABASE; each project needs its own.",
)


class Region(click.ParamType):  # type: ignore[type-arg] # it is generic in click 8.5, and was not in 8.1
    """A region, ignoring case."""

    name = "region"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the region as it is written in the config."""
        if str(value).upper() not in REGIONS:
            self.fail(f"{value!r} is unknown: choose {any_region()}", param, ctx)
        return str(value).upper()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the regions."""
        return [CompletionItem(region) for region in REGIONS if region.startswith(incomplete.upper())]


def what_to_read(command: Command) -> Command:
    """Add the options that select what is read, and how."""
    options = [
        click.option(
            "--config",
            type=click.Path(),
            help="The source's config: a JSON file, or - for stdin. Default: mixpanel.json, if it exists. Credentials "
            "may also come from MIXPANEL_USERNAME, MIXPANEL_SECRET, MIXPANEL_PROJECT_ID and MIXPANEL_REGION; the file "
            "overrides them, options override both.",
        ),
        click.option(
            "--from",
            "from_date",
            metavar="DAY",
            help="First day, such as 2026-01-31. Default: start_date in the config, or 30 days ago.",
        ),
        click.option("--to", "to_date", metavar="DAY", help="Last day, inclusive. Default: end_date, or today."),
        click.option("--last", metavar="30d|4w", help="The last days up to today, instead of --from and --to."),
        click.option(
            "--streams",
            multiple=True,
            metavar="A,B",
            shell_complete=_complete_streams,
            help="Streams to read: events, profiles, or streams defined in the config. Default: all.",
        ),
        click.option("--events", multiple=True, metavar="A,B", help="Event names to read. Default: all."),
        click.option("--where", metavar="EXPR", help="Only events matching this segmentation expression."),
        click.option(
            "--workers",
            type=int,
            metavar="N",
            help=f"Concurrent requests, 1-{EXPORT_CONNECTIONS}. Default: automatic.",
        ),
        click.option(
            "--window-days", type=int, metavar="N", help=f"Days per request, 1-{MAX_WINDOW_DAYS}. Default: automatic."
        ),
        click.option(
            "--region",
            type=Region(),
            metavar="|".join(REGIONS),
            help="Where the project's data is stored.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _complete_streams(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    *before, last = incomplete.split(",")
    return [",".join([*before, name]) for name in BUILT_IN_STREAMS if name.startswith(last) and name not in before]


def options_of(given: dict[str, Any], database: str, **more: bool) -> SyncOptions:
    """Return the options of `what_to_read` as `SyncOptions`."""
    return SyncOptions(
        database=database,
        from_date=parse_day("--from", given["from_date"]),
        to_date=parse_day("--to", given["to_date"]),
        last_days=parse_last(given["last"]),
        streams=parse_names("--streams", given["streams"]),
        events=parse_names("--events", given["events"]),
        where=given["where"],
        workers=given["workers"],
        window_days=given["window_days"],
        region=given["region"],
        schema=checked_schema(given["schema"]),
        **more,
    )
