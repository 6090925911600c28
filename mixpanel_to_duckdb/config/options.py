"""The checked options of a sync: `SyncOptions`, and the parsers of its strings.

Cheap: no request, no heavy import; of files only the first bytes of the database. Raises BadArguments, which names
the option, its value and what would be right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from mixpanel_to_duckdb.errors import BadArguments
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA, MOTHERDUCK
from source_mixpanel_parallel.config.regions import REGIONS
from source_mixpanel_parallel.rate_limits.limits import EXPORT_CONNECTIONS, MAX_WINDOW_DAYS

# What the destination, this program and DuckDB keep for themselves.
RESERVED_SCHEMAS = ("_airbyte_internal", "_mixpanel_to_duckdb", "information_schema", "pg_catalog")
DAYS_OF = {"d": 1, "w": 7}


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """The options of one sync; None and empty mean: from the config, or planned automatically."""

    database: str
    from_date: date | None = None
    to_date: date | None = None
    last_days: int | None = None
    streams: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    where: str | None = None
    workers: int | None = None
    window_days: int | None = None
    region: str | None = None
    full_refresh: bool = False
    reread: bool = False
    retry_failed: bool = False
    no_wait: bool = False
    yes: bool = False
    schema: str = DEFAULT_SCHEMA

    def __post_init__(self) -> None:
        if self.last_days is not None and (self.from_date or self.to_date):
            raise BadArguments("--last can't be combined with --from or --to: it means the days up to today")
        if self.from_date and self.to_date and self.to_date < self.from_date:
            raise BadArguments(f"--to {self.to_date} is before --from {self.from_date}: swap them")
        self._refuse_clashes()
        for option, number, most in (
            ("--workers", self.workers, EXPORT_CONNECTIONS),
            ("--window-days", self.window_days, MAX_WINDOW_DAYS),
        ):
            if number is not None and not 1 <= number <= most:
                raise BadArguments(f"{option} {number}: choose a number from 1 to {most}")
        if self.region is not None and self.region not in REGIONS:
            raise BadArguments(f"--region {self.region}: choose {any_region()}")

    @property
    def has_range(self) -> bool:
        """Whether days are named."""
        return bool(self.last_days or self.from_date or self.to_date)

    @property
    def replaces_days(self) -> bool:
        """Whether days are read again and replaced, and everything else stays: a refresh that is narrowed, too."""
        return self.reread or (self.full_refresh and (self.has_range or bool(self.events)))

    @property
    def replaces_tables(self) -> bool:
        """Whether whole tables are replaced by what is read now."""
        return self.full_refresh and not self.replaces_days

    def _refuse_clashes(self) -> None:
        if self.full_refresh and self.retry_failed:
            raise BadArguments("--full-refresh reads everything again, --retry-failed only what failed: choose one")
        if self.reread and (self.full_refresh or self.retry_failed):
            other = "--full-refresh" if self.full_refresh else "--retry-failed"
            raise BadArguments(f"--reread reads the days of --from, --to or --last again: leave out {other}")
        if self.reread and not self.has_range:
            raise BadArguments("--reread needs the days to read again: add --from and --to, or --last")
        if self.where and (self.full_refresh or self.reread):
            option = "--reread" if self.reread else "--full-refresh"
            raise BadArguments(
                f"{option} can't be combined with --where: it replaces stored rows, and only Mixpanel can tell which "
                "of them match the expression. Use --events, --from and --to instead"
            )
        if self.retry_failed and self.has_range:
            raise BadArguments("--retry-failed reads the days that failed: leave out --from, --to and --last")


def any_region() -> str:
    """Name all regions, for a sentence."""
    *first, last = REGIONS
    return f"{', '.join(first)} or {last}"


def checked_database(database: str, *, must_exist: bool = False) -> str:
    """Return *database*, if a database can be there."""
    if database.startswith(MOTHERDUCK):
        return database
    path = Path(database)
    if not database or database == ":memory:":
        raise BadArguments(f"DATABASE {database!r} would be lost at exit: give the path of a file")
    if path.is_dir():
        raise BadArguments(f"DATABASE {database} is a folder: give the path of a file in it")
    if not path.absolute().parent.is_dir():
        raise BadArguments(f"DATABASE {database}: the folder {path.absolute().parent} does not exist: create it")
    if path.is_file() and not _may_be_a_database(path):
        raise BadArguments(f"DATABASE {database} is not a DuckDB database: remove it, or choose another path")
    if must_exist and not path.is_file():
        raise BadArguments(f"DATABASE {database}: no such file: mixpanel-to-duckdb sync creates it")
    return database


def checked_schema(schema: str) -> str:
    """Return *schema*, if tables of streams can be in it."""
    if not schema.strip() or "\x00" in schema:
        raise BadArguments(f"--schema {schema!r} is not a name: use one such as eu")
    if schema.casefold() in RESERVED_SCHEMAS:
        raise BadArguments(f"--schema {schema} is reserved: choose another name")
    return DEFAULT_SCHEMA if schema.casefold() == DEFAULT_SCHEMA else schema


def _may_be_a_database(path: Path) -> bool:
    """Tell whether *path* begins as DuckDB's files do."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return True  # DuckDB says better why it can't be read
    return head[8:] == b"DUCK"


def parse_day(option: str, value: date | str | None) -> date | None:
    """Return the day that *value* names."""
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadArguments(f"{option} {value!r} is not a date: write it as 2026-01-31") from error


def parse_last(value: str | None) -> int | None:
    """Return how many days `30d` or `4w` are."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,5})([dw])", value.strip().lower())
    days = int(found[1]) * DAYS_OF[found[2]] if found else 0
    if days < 1:
        raise BadArguments(f"--last {value!r} is not a number of days: write it as 30d or 4w")
    return days


def parse_names(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return the names in *values*, each of them `A,B`, or a JSON array where a name has a comma."""
    names: list[str] = []
    for value in values:
        names += _json_names(option, value) if value.lstrip().startswith("[") else value.split(",")
    stripped = tuple(dict.fromkeys(name.strip() for name in names))
    if "" in stripped:
        raise BadArguments(f"{option} {','.join(values)!r} has an empty name: write it as A,B")
    return stripped


def names_of(option: str, value: str | Sequence[str]) -> tuple[str, ...]:
    """Return a sequence of names as it is, and a text as on the command line: a text is a sequence too, of letters."""
    return parse_names(option, [value]) if isinstance(value, str) else tuple(value)


def _json_names(option: str, value: str) -> list[str]:
    try:
        names = json.loads(value)
    except json.JSONDecodeError as error:
        raise BadArguments(f'{option} {value!r} is not a JSON array ({error}): write it as ["A, B", "C"]') from error
    if not all(isinstance(name, str) for name in names):
        raise BadArguments(f'{option} {value!r} must contain only strings: write it as ["A, B", "C"]')
    return list(names)
