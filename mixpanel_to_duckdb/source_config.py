"""The source's config for one sync: flags win over the config file, which wins over the environment.

In: a file or a mapping, the environment, the options; out: the config as the source takes it. Cheap: wrong values are
refused here, before the source is started. Raises BadArguments, and never shows a secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from mixpanel_to_duckdb.errors import BadArguments
from mixpanel_to_duckdb.options import SyncOptions
from source_mixpanel_parallel.date_windows import DateWindow
from source_mixpanel_parallel.filters import Filters

DEFAULT_FILE = Path("mixpanel.json")
# The environment's name of each field of a service account.
CREDENTIALS = {"username": "MIXPANEL_USERNAME", "secret": "MIXPANEL_SECRET", "project_id": "MIXPANEL_PROJECT_ID"}
REGION = "MIXPANEL_REGION"
OTHER_CREDENTIALS = ("api_secret", "access_token")
BUILT_IN_STREAMS = ("events", "profiles", "rejected_lines")
REJECTED_LINES = "rejected_lines"
PROFILES = "profiles"
DEFAULT_HISTORY = timedelta(days=30)

Day = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
UpTo100 = Annotated[int, msgspec.Meta(ge=1, le=100)]


class _Stream(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    events: list[str] | None = None
    where: str | None = None


class _Fields(msgspec.Struct):
    """What this program must understand of a config; everything else is the source's to judge."""

    credentials: dict[str, str | int]
    region: Literal["US", "EU", "IN"] = "US"
    project_timezone: str = "UTC"
    start_date: Day = ""
    end_date: Day = ""
    events: list[str] | None = None
    where: str | None = None
    window_days: UpTo100 | None = None
    num_workers: UpTo100 | None = None
    profile_workers: Annotated[int, msgspec.Meta(ge=1, le=5)] = 5
    lookback_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 5
    order: Literal["oldest_first", "newest_first"] = "oldest_first"
    event_streams: list[_Stream] = []
    profile_streams: list[_Stream] = []


class SourceConfig:
    """A checked config; *document* is what was given, and *now* the moment whose day is today."""

    def __init__(self, document: Mapping[str, Any], origin: str, now: datetime | None = None) -> None:
        self.document: dict[str, Any] = dict(document)
        self.origin = origin
        self.now = now or datetime.now(timezone.utc)
        try:
            self.fields = msgspec.convert(self.document, _Fields)
        except msgspec.ValidationError as error:
            raise BadArguments(f"{origin}: {error}: correct it") from error
        try:
            self.zone = ZoneInfo(self.fields.project_timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            name = self.fields.project_timezone
            raise BadArguments(
                f"{origin}: project_timezone {name!r} is not a timezone: use a name such as UTC or Europe/Berlin"
            ) from error
        self.today = self.now.astimezone(self.zone).date()
        self.from_date = self._day("start_date", self.fields.start_date) or self.today - DEFAULT_HISTORY
        self.to_date = self._day("end_date", self.fields.end_date) or self.today
        if self.to_date < self.from_date:
            raise BadArguments(f"the last day {self.to_date} is before the first {self.from_date}: see --from and --to")
        if self.from_date > self.today:
            raise BadArguments(f"the first day {self.from_date} has not begun: today is {self.today}")

    @property
    def days(self) -> DateWindow:
        """All days to read."""
        return DateWindow(self.from_date, self.to_date)

    @property
    def event_streams(self) -> tuple[str, ...]:
        """The streams that are read in windows of days."""
        return ("events", *(stream.name for stream in self.fields.event_streams))

    @property
    def paged_streams(self) -> tuple[str, ...]:
        """The streams that are read in pages."""
        return (PROFILES, *(stream.name for stream in self.fields.profile_streams))

    @property
    def streams(self) -> tuple[str, ...]:
        """Every stream there is."""
        return (*BUILT_IN_STREAMS, *self.event_streams[1:], *self.paged_streams[1:])

    def filters(self, stream: str) -> Filters:
        """Return what narrows a stream of events."""
        narrowed = next((each for each in self.fields.event_streams if each.name == stream), self.fields)
        found = {"events": narrowed.events, "where": narrowed.where}
        return Filters.from_json(found)

    def chosen_streams(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the streams to read: all, or *names*, with the rejected lines of streams of events."""
        for name in names:
            if name not in self.streams:
                raise BadArguments(f"--streams {name}: there is no such stream; choose from {', '.join(self.streams)}")
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

    def _day(self, field: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text) if text else None
        except ValueError as error:
            raise BadArguments(f"{self.origin}: {field} {text!r} is not a date: write it as 2026-01-31") from error


def source_config(
    given: Mapping[str, Any] | str | Path | None, options: SyncOptions, environment: Mapping[str, str] = os.environ
) -> SourceConfig:
    """Return the config of one sync; *given* unset means mixpanel.json, if it is there, or the environment alone."""
    document, origin = _given(given)
    document = _with_environment(document, environment)
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
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArguments(f"--config {path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise BadArguments(f"--config {path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadArguments(f"--config {path} is not a JSON object: see mixpanel-to-duckdb init")
    return document, str(path)


def _with_environment(document: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what *document* leaves out."""
    credentials = document.get("credentials", {})
    if isinstance(credentials, dict) and not any(name in credentials for name in OTHER_CREDENTIALS):
        found = {field: environment[name] for field, name in CREDENTIALS.items() if environment.get(name)}
        credentials = {**found, **credentials}
        missing = [name for field, name in CREDENTIALS.items() if field not in credentials]
        if missing:
            raise BadArguments(
                f"no credentials: {', '.join(missing)} and the config don't tell them: set them, "
                "or run mixpanel-to-duckdb init"
            )
        credentials["project_id"] = _project_id(credentials["project_id"])
    region = {"region": environment[REGION].upper()} if environment.get(REGION) else {}
    return {**region, **document, "credentials": credentials}


def _project_id(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise BadArguments(f"project_id {value!r} is not a number: see Project Settings → Overview") from error


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
