"""The source's config for one sync: flags win over the config file, which wins over the environment.

In: a file or a mapping, the environment, the options; out: the config as the source takes it. Cheap: wrong values are
refused here, before the source is started. Raises BadArguments, and never shows a secret.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.errors import BadArguments
from source_mixpanel_parallel.config.check import check_config, tidy
from source_mixpanel_parallel.config.environment import CREDENTIALS, OTHER_CREDENTIALS, with_environment
from source_mixpanel_parallel.config.filters import Filters
from source_mixpanel_parallel.config.names import check_names
from source_mixpanel_parallel.config.regions import DEFAULT_REGION
from source_mixpanel_parallel.config.settings import DEFAULT_HISTORY, DEFAULT_LOOKBACK_DAYS, Settings
from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.project_time.zone import project_day, project_zone
from source_mixpanel_parallel.rate_limits.limits import QUERY_CONNECTIONS
from source_mixpanel_parallel.stream_names import BUILT_IN_STREAMS, EVENTS, PROFILES, REJECTED_LINES
from source_mixpanel_parallel.windows.date_windows import DateWindow

DEFAULT_FILE = Path("mixpanel.json")
STDIN = "-"


class _Stream(msgspec.Struct):
    name: str
    events: list[str] | None = None
    where: str | None = None


class _Fields(msgspec.Struct):
    """What this program must understand of a checked config; everything else is the source's."""

    credentials: dict[str, Any]
    region: str = DEFAULT_REGION
    start_date: str = ""
    end_date: str = ""
    events: list[str] | None = None
    where: str | None = None
    window_days: int | None = None
    num_workers: int | None = None
    profile_workers: int = QUERY_CONNECTIONS
    lookback_days: int = DEFAULT_LOOKBACK_DAYS
    order: str = "oldest_first"
    event_streams: list[_Stream] = []
    profile_streams: list[_Stream] = []


class SourceConfig:
    """A checked config; *document* is what was given, and *now* the moment whose day is today."""

    def __init__(self, document: Mapping[str, Any], origin: str, now: datetime | None = None) -> None:
        self.document = tidy(document)
        self.origin = origin
        self.now = now or datetime.now(timezone.utc)
        with _names(origin):
            check_config(self.document)
        self.fields = msgspec.convert(self.document, _Fields)
        self.from_date, self.to_date, self.today, self.zone = self._days()
        with _names(origin):
            Settings.from_config(self.document, self.now)

    def _days(self) -> tuple[date, date, date, ZoneInfo]:
        """Return the first and the last day to read, today, and the timezone that says so."""
        with _names(self.origin):
            zone = project_zone(self.document)
        today = project_day(zone, self.now)
        first = date.fromisoformat(self.fields.start_date) if self.fields.start_date else today - DEFAULT_HISTORY
        last = date.fromisoformat(self.fields.end_date) if self.fields.end_date else today
        if last < first:
            raise BadArguments(f"the last day {last} is before the first {first}: see --from and --to")
        if first > today:
            raise BadArguments(f"the first day {first} has not begun: today is {today}")
        return first, last, today, zone

    @property
    def days(self) -> DateWindow:
        """All days to read."""
        return DateWindow(self.from_date, self.to_date)

    @property
    def event_streams(self) -> tuple[str, ...]:
        """The streams that are read in windows of days."""
        return (EVENTS, *(stream.name for stream in self.fields.event_streams))

    @property
    def paged_streams(self) -> tuple[str, ...]:
        """The streams that are read in pages."""
        return (PROFILES, *(stream.name for stream in self.fields.profile_streams))

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that the config declares, and those that are always there; the source may have more."""
        return (*BUILT_IN_STREAMS, *self.event_streams[1:], *self.paged_streams[1:])

    def filters(self, stream: str) -> Filters:
        """Return what narrows a stream of events."""
        narrowed = next((each for each in self.fields.event_streams if each.name == stream), self.fields)
        found = {"events": narrowed.events, "where": narrowed.where}
        return Filters.from_json(found)

    def chosen_streams(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the streams to read: all of `streams`, or *names*, with the rejected lines of streams of events."""
        if not names:
            return self.streams
        with_rejected = any(name in self.event_streams for name in names)
        return tuple(dict.fromkeys([*names, *([REJECTED_LINES] if with_rejected else [])]))

    def between(self, from_date: date, to_date: date) -> SourceConfig:
        """Return the same config for these days alone, nothing read once more."""
        changed = {"start_date": str(from_date), "end_date": str(to_date), "lookback_days": 0}
        return self._changed(changed)

    @property
    def dated_document(self) -> dict[str, Any]:
        """The config that the source is given: it names its days, since the source may begin after midnight."""
        return {**self.document, "start_date": str(self.from_date), "end_date": str(self.to_date)}

    def last_days(self, days: int) -> SourceConfig:
        """Return the same config for as many days up to today."""
        first = self.today - timedelta(days=days - 1)
        return self._changed({"start_date": str(first), "end_date": str(self.today)})

    def _changed(self, fields: Mapping[str, Any]) -> SourceConfig:
        return SourceConfig({**self.document, **fields}, self.origin, self.now)


def source_config(
    given: Mapping[str, Any] | str | Path | None, options: SyncOptions, environment: Mapping[str, str] = os.environ
) -> SourceConfig:
    """Return the config of one sync; *given* unset means mixpanel.json, if it is there, or the environment alone."""
    document, origin = _given(given)
    document = _with_environment(document, origin, environment)
    config = SourceConfig(_with_options(document, options), origin)
    for name, day in (("--from", options.from_date), ("--to", options.to_date)):
        if day and day > config.today:
            raise BadArguments(f"{name} {day} has not begun: today is {config.today} in {config.zone.key}")
    if options.last_days:
        return config.last_days(options.last_days)
    return config


def _given(given: Mapping[str, Any] | str | Path | None) -> tuple[dict[str, Any], str]:
    if isinstance(given, Mapping):
        return dict(given), "the config"
    if given is None and not DEFAULT_FILE.is_file():
        return {}, "the environment"
    path = Path(given or DEFAULT_FILE)
    try:
        document = json.loads(sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes())
    except OSError as error:
        raise BadArguments(f"--config {path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise BadArguments(f"--config {path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadArguments(f"--config {path} is not a JSON object: see mixpanel-to-duckdb init")
    return document, "stdin" if str(path) == STDIN else str(path)


def _with_environment(document: dict[str, Any], origin: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what *document* leaves out."""
    with _names(origin):
        check_names(document)  # before anything is missing because its name is misspelt
    filled = with_environment(document, environment)
    credentials = filled.get("credentials")
    if isinstance(credentials, dict) and not any(name in credentials for name in OTHER_CREDENTIALS):
        missing = [name for field, name in CREDENTIALS.items() if field not in credentials]
        if missing:
            raise BadArguments(
                f"no credentials: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, "
                "nor in the config: set what is missing, or run mixpanel-to-duckdb init"
            )
    return filled


@contextmanager
def _names(origin: str) -> Iterator[None]:
    """Say with an error of the config where the config is from."""
    try:
        yield
    except ConfigError as error:
        raise BadArguments(f"{origin}: {error}") from error


def _with_options(document: dict[str, Any], options: SyncOptions) -> dict[str, Any]:
    flags = {
        "start_date": str(options.from_date) if options.from_date else None,
        "end_date": str(options.to_date) if options.to_date else None,
        "events": list(options.events) or None,
        "where": options.where,
        "num_workers": options.workers,
        "window_days": options.window_days,
        "region": options.region,
    }
    return {**document, **{name: value for name, value in flags.items() if value is not None}}
