"""The config as typed values, checked beyond what JSON Schema can say.

In: the config mapping and the clock; out: `Settings`. Raises ConfigError, which names the field, its value and what
would be right. Credentials are not kept here: the manifest's authenticator reads them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from source_mixpanel_parallel.config.check import check_config, tidy
from source_mixpanel_parallel.config.profile_parameters import ProfileParameters, profile_workers
from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.project_time.zone import project_day, project_zone
from source_mixpanel_parallel.stream_names import BUILT_IN_STREAMS, EVENTS, PROFILES

DEFAULT_HISTORY = timedelta(days=30)
DEFAULT_LOOKBACK_DAYS = 5
DEFAULT_SPOOL_LIMIT_MB = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """What the streams need to know of the config, beside credentials.

    *filters* holds, per stream of events, the `events` and `where` that narrow it; unset ones are absent. *profiles*
    holds the parameters of each stream of profiles. *window_days* and *num_workers* are None where they are to be
    planned.
    """

    timezone: ZoneInfo
    legacy_timestamps: bool
    today: date
    start_date: date
    end_date: date
    window_days: int | None
    num_workers: int | None
    newest_first: bool
    lookback_days: int
    spool_limit_bytes: int
    filters: Mapping[str, Mapping[str, Any]]
    profiles: Mapping[str, ProfileParameters]
    profile_workers: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any], now: datetime | None = None) -> Settings:
        """Read the config; *now* is an aware datetime and defaults to the clock."""
        check_config(config)
        config = tidy(config)
        zone = project_zone(config)
        today = project_day(zone, now)
        start = _date(config, "start_date", today - DEFAULT_HISTORY)
        end = _date(config, "end_date", today)
        if end < start:
            raise ConfigError(
                f"end_date {end} is before start_date {start}: set an end_date of {start} or later, or leave it out"
            )
        for name, address in (config.get("endpoints") or {}).items():
            _check_endpoint(name, address)
        _check_names(config)
        return cls(
            timezone=zone,
            legacy_timestamps=bool(config.get("legacy_timestamps")),
            today=today,
            start_date=start,
            end_date=end,
            window_days=config.get("window_days"),
            num_workers=config.get("num_workers"),
            newest_first=config.get("order") == "newest_first",
            lookback_days=config.get("lookback_days", DEFAULT_LOOKBACK_DAYS),
            spool_limit_bytes=config.get("spool_limit_mb", DEFAULT_SPOOL_LIMIT_MB) * 1024 * 1024,
            filters={
                EVENTS: _filter(config),
                **{each["name"]: _filter(each) for each in _further(config, "event_streams")},
            },
            profiles=_profiles(config),
            profile_workers=profile_workers(config),
        )


def _date(config: Mapping[str, Any], field: str, default: date) -> date:
    value = config.get(field)
    if not value:
        return default
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{field} {value!r} is not a date: write it as 2026-01-31") from error


def _further(config: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    return config.get(field) or ()


def _check_names(config: Mapping[str, Any]) -> None:
    """Raise ConfigError where the names of streams clash or are empty."""
    taken = {name.casefold() for name in BUILT_IN_STREAMS}  # databases compare names without regard to case
    for field in ("event_streams", "profile_streams"):
        for index, stream in enumerate(_further(config, field)):
            name = stream.get("name", "").strip()
            if not name:
                raise ConfigError(f"{field}[{index}] has no name: add it")
            if name.casefold() in taken:
                raise ConfigError(f"{field}[{index}].name {name!r} is taken by another stream: choose another name")
            taken.add(name.casefold())


def _profiles(config: Mapping[str, Any]) -> dict[str, ProfileParameters]:
    parameters = {PROFILES: ProfileParameters.from_config(PROFILES, config.get("profiles") or {})}
    for index, stream in enumerate(_further(config, "profile_streams")):
        parameters[stream["name"]] = ProfileParameters.from_config(f"profile_streams[{index}]", stream)
    return parameters


def _filter(source: Mapping[str, Any]) -> dict[str, Any]:
    return {field: source[field] for field in ("events", "where") if source.get(field)}


def _check_endpoint(name: str, address: str) -> None:
    parts = _base_address(address)
    if parts is None or not parts.hostname:
        raise ConfigError(
            f"endpoints.{name} {address!r} is not a base address: write it as http://127.0.0.1:8100, without a path"
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ConfigError(
            f"endpoints.{name} {address!r} would send the credentials unencrypted: "
            "plain http is for this machine only (127.0.0.1, ::1, localhost), use https"
        )


def _base_address(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and parts.port != 0
    except ValueError:  # brackets that don't match, a port that is none
        return None
    beyond = parts.path.removeprefix("/") or parts.query or parts.fragment
    return parts if usable and not beyond else None


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False
