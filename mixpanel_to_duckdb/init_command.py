"""`mixpanel-to-duckdb init`: asks for credentials and writes a config that works.

In: a person's answers; out: an exit code and a file. Raises BadArguments, AuthenticationFailed and SyncError.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from mixpanel_to_duckdb.errors import BadArguments
from mixpanel_to_duckdb.setup_file import chosen_check, refuse_existing, try_regions, write_config
from mixpanel_to_duckdb.source_config import CREDENTIALS


def run_init(path: Path, *, force: bool, endpoints: Mapping[str, str]) -> int:
    """Ask, try, write."""
    refuse_existing(path, force=force)
    click.echo("A service account with a role on the project is needed: Mixpanel → Organization Settings →")
    click.echo("Service Accounts. The project's number is in Project Settings → Overview.\n")
    document = _answers()
    click.echo("\nTrying US, EU and IN …")
    checks = try_regions(document, endpoints)
    for check in checks:
        click.echo(f"  {check.region}: {check.problem or 'works'}")
    check = chosen_check(checks)
    write_config(path, check.document, force=force)
    click.echo(f"\nWritten to {path}, for your eyes only; the project is in region {check.region}. Next:")
    click.echo(
        f"  mixpanel-to-duckdb sync mixpanel.duckdb{'' if path.name == 'mixpanel.json' else f' --config {path}'}"
    )
    return 0


def _answers() -> dict[str, Any]:
    """Return the config without its region."""
    known = {field: os.environ.get(name) for field, name in CREDENTIALS.items()}
    username = click.prompt("Username", default=known["username"])
    if known["secret"]:
        click.echo("Secret: from MIXPANEL_SECRET")
    secret = known["secret"] or click.prompt("Secret (not shown)", hide_input=True)
    project_id = click.prompt("Project number", default=known["project_id"], type=click.IntRange(min=1))
    zone = click.prompt("Project's timezone", default="UTC", value_proc=_zone)
    document: dict[str, Any] = {
        "credentials": {"username": username, "secret": secret, "project_id": int(project_id)},
        "project_timezone": zone,
    }
    if zone != "UTC" and click.confirm("Was the project made before 2023?", default=False):
        document["legacy_timestamps"] = True  # Mixpanel sends such a project's times as local wall-clock times
    if first_day := click.prompt(
        "First day to read (empty: 30 days ago)", default="", show_default=False, value_proc=_day
    ):
        document["start_date"] = first_day
    return document


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.UsageError(f"{text!r} is not a timezone: use a name such as UTC or Europe/Berlin") from error


def _day(text: str) -> str:
    try:
        return str(date.fromisoformat(text.strip())) if text.strip() else ""
    except ValueError as error:
        raise click.UsageError(f"{text!r} is not a date: write it as 2026-01-31") from error


def parse_endpoints(values: tuple[str, ...]) -> dict[str, str]:
    """Return the addresses in texts such as EU=http://127.0.0.1:8100."""
    pairs = [value.partition("=") for value in values]
    if not all(address for _, _, address in pairs):
        raise BadArguments(f"--endpoint {' '.join(values)}: write it as EU=http://127.0.0.1:8100")
    return {region: address for region, _, address in pairs}
