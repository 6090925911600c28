"""`mixpanel-to-duckdb init`: asks for credentials and writes a config that works.

In: a person's answers; out: an exit code and a file. Raises BadArguments, AuthenticationFailed and SyncError; nothing
is written then.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from mixpanel_to_duckdb.cli.setup_file import RegionCheck, chosen_check, refuse_existing, try_regions, write_config
from mixpanel_to_duckdb.config.source_config import DEFAULT_FILE
from mixpanel_to_duckdb.errors import BadArguments, SyncError
from mixpanel_to_duckdb.terminal.questions import Question, ask, ask_secretly, cleaned
from mixpanel_to_duckdb.terminal.wrapping import say
from source_mixpanel_parallel.config.environment import CREDENTIALS
from source_mixpanel_parallel.project_time.zone import project_day

TRIES = 5
DEFAULT_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Account:
    """A service account and its project, as far as they are known."""

    username: str = ""
    secret: str = ""
    project_id: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Account:
        """Return what the environment's variables hold."""
        return cls(**{field: cleaned(environment.get(name, "")) for field, name in CREDENTIALS.items()})


def run_init(path: Path, *, force: bool, endpoints: Mapping[str, str]) -> int:
    """Ask, try, write."""
    refuse_existing(path, force=force)
    say("You need a service account with a role on the project: Mixpanel → Organization Settings → Service Accounts.")
    say("Press Enter to accept the value in brackets; type ? for help on a question.")
    click.echo()
    check = _working_check(endpoints)
    write_config(path, check.document, force=force)
    option = "" if path == DEFAULT_FILE else f" --config {shlex.quote(str(path))}"
    click.echo()
    say(f"The project is in region {check.region}. The config is in {path}, readable only by you.")
    say(f"Next: mixpanel-to-duckdb sync mixpanel.duckdb{option}")
    return 0


def _working_check(endpoints: Mapping[str, str]) -> RegionCheck:
    """Return a config that works; on a terminal, ask again when the account or the project is wrong."""
    account = _asked_account(Account.from_environment(os.environ), "Secret: from MIXPANEL_SECRET")
    facts = _asked_facts()
    for tries_left in reversed(range(TRIES)):
        click.echo()
        say("Looking for the project …")
        credentials = {
            "username": account.username,
            "secret": account.secret,
            "project_id": int(account.project_id),
        }
        try:
            return chosen_check(try_regions({"credentials": credentials, **facts}, endpoints))
        except SyncError as error:
            if not tries_left or not sys.stdin.isatty():
                raise
            say(str(error))
            say("Nothing has been written. Try again: press Enter to keep an answer, Ctrl-C to quit.")
            click.echo()
        account = _asked_account(account)
    raise AssertionError("the last try raises")


def _asked_account(known: Account, secret_is_known: str = "") -> Account:
    """Ask for the account, with *known* as defaults; *secret_is_known* is printed instead of asking for it."""
    username = ask(USERNAME, known.username)
    if known.secret and secret_is_known:
        say(secret_is_known)
        secret = known.secret
    else:
        label = "Secret (not shown; Enter keeps it)" if known.secret else "Secret (not shown)"
        secret = ask_secretly(label, known.secret)
    return replace(known, username=username, secret=secret, project_id=ask(PROJECT_ID, known.project_id))


def _asked_facts() -> dict[str, Any]:
    """Ask for what Mixpanel's API does not return."""
    zone = ask(ZONE, DEFAULT_ZONE)
    facts: dict[str, Any] = {"project_timezone": zone}
    if zone != DEFAULT_ZONE and ask(IS_LEGACY, "n"):
        facts["legacy_timestamps"] = True  # Mixpanel sends such a project's times as local wall-clock times
    if first_day := ask(_first_day(zone)):
        facts["start_date"] = first_day
    return facts


def _username(text: str) -> str:
    if not text:
        raise ValueError("The username is empty: paste it, such as etl.1a2b3c.mp-service-account")
    return text


def _project_id(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**63):
        raise ValueError(f"{text!r} is not a project number: enter digits only, such as 1234567")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{text!r} is not a timezone: use a name such as UTC or Europe/Berlin") from error


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"y", "yes", "n", "no"}:
        raise ValueError(f"{text!r} is neither y nor n: enter y, n, or ? for help")
    return text.lower() in {"y", "yes"}


def _first_day(zone: str) -> Question[str]:
    today = project_day(ZoneInfo(zone))

    def parse(text: str) -> str:
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError as error:
            raise ValueError(f"{text!r} is not a date: write it as 2026-01-31") from error
        if day and day > today:
            raise ValueError(f"{day} has not begun: today is {today}")
        return str(day or "")

    return Question(
        "First day to read [30 days ago]",
        "Earlier days are not requested. You can choose an earlier day at any time: start_date in the file.",
        parse,
    )


USERNAME = Question(
    "Username",
    "The service account's username, from Organization Settings → Service Accounts. It is not your own login.",
    _username,
)
PROJECT_ID = Question("Project number", "See Mixpanel → Project Settings → Overview.", _project_id)
ZONE = Question(
    "Project's timezone, from Mixpanel → Project Settings → Timezone",
    "Mixpanel's days begin and end in this timezone. Projects created since 2023 use UTC.",
    _zone,
)
IS_LEGACY = Question(
    "Was the project created before 2023? y or n",
    "Mixpanel sends the events of older projects with local wall-clock times; y converts them to UTC. "
    "The date is in Mixpanel → Project Settings → Overview.",
    _yes_or_no,
)


def parse_endpoints(values: tuple[str, ...]) -> dict[str, str]:
    """Return the addresses in strings such as EU=http://127.0.0.1:8100."""
    pairs = [value.partition("=") for value in values]
    if not all(address for _, _, address in pairs):
        raise BadArguments(f"--endpoint {' '.join(values)}: write it as EU=http://127.0.0.1:8100")
    return {region: address for region, _, address in pairs}
