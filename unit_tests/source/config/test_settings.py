"""The config as typed values, and the errors that take more than one field to find."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from source_mixpanel_parallel.config.profile_parameters import ProfileParameters
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.errors import ConfigError

pytestmark = pytest.mark.dates

NOW = datetime(2026, 1, 20, 9, 30, tzinfo=timezone.utc)
CREDENTIALS = {"username": "user", "secret": "very secret", "project_id": 7}
DEFAULTS = Settings(
    timezone=ZoneInfo("UTC"),
    legacy_timestamps=False,
    today=date(2026, 1, 20),
    start_date=date(2025, 12, 21),
    end_date=date(2026, 1, 20),
    window_days=None,
    num_workers=None,
    newest_first=False,
    lookback_days=5,
    spool_limit_bytes=4096 * 1024 * 1024,
    filters={"events": {}},
    profiles={"profiles": ProfileParameters()},
    profile_workers=5,
)


def settings(**config: Any) -> Settings:
    return Settings.from_config({"credentials": CREDENTIALS, **config}, NOW)


def test_settings_when_only_credentials_are_given() -> None:
    """Everything else has a default: the last 30 days and today, planned windows, five days of lookback."""
    assert settings() == DEFAULTS


def test_settings_when_all_is_given() -> None:
    """Every field of the config arrives."""
    assert settings(
        credentials={"api_secret": "very secret"},
        project_timezone="America/New_York",
        legacy_timestamps=True,
        start_date="2024-02-29",
        end_date="2024-03-01",
        window_days=3,
        num_workers=100,
        order="newest_first",
        lookback_days=0,
        spool_limit_mb=1,
        events=["a", "b"],
        where="1 == 1",
        event_streams=[{"name": "buys", "events": ["Buy"]}, {"name": "all", "events": [], "where": ""}],
        profiles={"where": "1 == 1"},
        profile_streams=[{"name": "companies", "group": "-77", "page_size": 10}],
        profile_workers=1,
        endpoints={"export": "http://127.0.0.1:8100", "query": "https://proxy.example"},
    ) == Settings(
        timezone=ZoneInfo("America/New_York"),
        legacy_timestamps=True,
        today=date(2026, 1, 20),
        start_date=date(2024, 2, 29),
        end_date=date(2024, 3, 1),
        window_days=3,
        num_workers=100,
        newest_first=True,
        lookback_days=0,
        spool_limit_bytes=1024 * 1024,
        filters={"events": {"events": ["a", "b"], "where": "1 == 1"}, "buys": {"events": ["Buy"]}, "all": {}},
        profiles={
            "profiles": ProfileParameters(where="1 == 1"),
            "companies": ProfileParameters(group="-77", page_size=10),
        },
        profile_workers=1,
    )


@pytest.mark.parametrize(
    "config",
    [
        {"start_date": "", "end_date": None},
        {"events": [], "where": ""},
        {"event_streams": []},
        {"event_streams": None, "endpoints": None},
        {"profiles": None, "profile_streams": None, "profile_workers": None},
        {"lookback_days": None, "spool_limit_mb": None, "window_days": None, "num_workers": None},
        {"credentials": {**CREDENTIALS, "project_id": "7"}},
        {"profiles": {"where": " ", "distinct_ids": [], "group": "", "page_size": None}},
        {"endpoints": {}},
        {"order": "oldest_first"},
        {"project_timezone": ""},
        {"project_timezone": "UTC"},
    ],
    ids=str,
)
def test_settings_when_a_field_is_empty(config: dict[str, Any]) -> None:
    """An empty field is one that is not set."""
    assert settings(**config) == DEFAULTS


@pytest.mark.parametrize(
    ("zone", "today", "start_date"),
    [
        ("Pacific/Kiritimati", date(2026, 1, 20), date(2025, 12, 21)),
        ("Pacific/Honolulu", date(2026, 1, 19), date(2025, 12, 20)),
        ("America/New_York", date(2026, 1, 20), date(2025, 12, 21)),
        ("US/Pacific", date(2026, 1, 20), date(2025, 12, 21)),
    ],
)
def test_settings_when_the_project_is_elsewhere(zone: str, today: date, start_date: date) -> None:
    """Today is the day in the project's timezone, and so is the default of 30 days ago."""
    expected = replace(DEFAULTS, timezone=ZoneInfo(zone), today=today, start_date=start_date, end_date=today)
    assert settings(project_timezone=zone) == expected


ORDER = "end_date {} is before start_date {}: set an end_date of {} or later, or leave it out"
DATE = "{} is not a date: write it as 2026-01-31"
ZONE = "project_timezone {} is not a timezone: use a name such as UTC, US/Pacific or Europe/Berlin"
NAMELESS = "event_streams[{}] has no name: add it"
TAKEN = "event_streams[{}].name {} is taken by another stream: choose another name"


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (
            {"start_date": "2026-01-10", "end_date": "2026-01-09"},
            ORDER.format("2026-01-09", "2026-01-10", "2026-01-10"),
        ),
        ({"start_date": "2026-01-21"}, ORDER.format("2026-01-20", "2026-01-21", "2026-01-21")),
        ({"start_date": "2026-02-30"}, DATE.format("start_date '2026-02-30'")),
        ({"end_date": "31.01.2026"}, DATE.format("end_date '31.01.2026'")),
        ({"start_date": 20260101}, DATE.format("start_date 20260101")),
        ({"project_timezone": "Mars"}, ZONE.format("'Mars'")),
        ({"project_timezone": "../../etc/passwd"}, ZONE.format("'../../etc/passwd'")),
        ({"project_timezone": "Europe"}, ZONE.format("'Europe'")),
        ({"project_timezone": "UTC\x00"}, ZONE.format(r"'UTC\x00'")),
        ({"event_streams": [{"events": ["a"]}]}, NAMELESS.format(0)),
        ({"event_streams": [{"name": "a"}, {"name": " "}]}, NAMELESS.format(1)),
        ({"event_streams": [{"name": "events"}]}, TAKEN.format(0, "'events'")),
        ({"event_streams": [{"name": "Profiles"}]}, TAKEN.format(0, "'Profiles'")),
        ({"event_streams": [{"name": "rejected_lines"}]}, TAKEN.format(0, "'rejected_lines'")),
        ({"event_streams": [{"name": "straße"}, {"name": "STRASSE"}]}, TAKEN.format(1, "'STRASSE'")),
        ({"event_streams": [{"name": "a"}, {"name": " a "}]}, TAKEN.format(1, "'a'")),
        (
            {"event_streams": [{"name": "a"}], "profile_streams": [{"name": "A"}]},
            TAKEN.format(0, "'A'").replace("event", "profile"),
        ),
        ({"profile_streams": [{"name": "profiles"}]}, TAKEN.format(0, "'profiles'").replace("event", "profile")),
        ({"profile_streams": [{"where": "1 == 1"}]}, NAMELESS.format(0).replace("event", "profile")),
    ],
    ids=str,
)
def test_settings_when_a_field_is_wrong(config: dict[str, Any], error: str) -> None:
    """The error names the field, its value, and what would be right."""
    with pytest.raises(ConfigError) as raised:
        settings(**config)
    assert str(raised.value) == error


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8100",
        "http://127.0.0.1:8100/",
        "http://127.8.9.10",
        "http://[::1]:8100",
        "http://localhost:8100",
        "http://LOCALHOST:8100",
        "https://127.0.0.1",
        "https://mixpanel.example:8443",
    ],
)
@pytest.mark.parametrize("name", ["export", "query"])
def test_settings_when_an_endpoint_is_safe(name: str, address: str) -> None:
    """Plain http goes to this machine only, https anywhere."""
    assert settings(endpoints={name: address}) == DEFAULTS


@pytest.mark.parametrize(
    "address",
    [
        "http://mixpanel.example",
        "http://10.0.0.1:8100",
        "http://0.0.0.0:8100",
        "http://128.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::2]:8100",
        "http://127.0.0.1@mixpanel.example",
        "http://2130706433",
    ],
)
@pytest.mark.parametrize("name", ["export", "query"])
def test_settings_when_an_endpoint_is_not_encrypted(name: str, address: str) -> None:
    """Plain http to another machine would show the credentials to everybody on the way."""
    with pytest.raises(
        ConfigError, match=rf"^endpoints\.{name} '.*' would send the credentials unencrypted: plain http"
    ):
        settings(endpoints={name: address})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:8100",
        "mixpanel.example",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://",
        "http://:8100",
        "http://127.0.0.1:8100/api",
        "http://127.0.0.1:8100?x=1",
        "http://127.0.0.1:8100#x",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
    ],
)
def test_settings_when_an_endpoint_is_no_address(address: str) -> None:
    """What is not the begin of an address is refused before any request."""
    with pytest.raises(ConfigError) as raised:
        settings(endpoints={"export": address})
    expected = f"endpoints.export {address!r} is not a base address: write it as http://127.0.0.1:8100, without a path"
    assert str(raised.value) == expected


def test_settings_when_an_endpoint_is_unknown() -> None:
    """A misspelt name would send the requests to Mixpanel after all."""
    with pytest.raises(ConfigError, match=r"^there is no field endpoints\.exports: did you mean export\?$"):
        settings(endpoints={"exports": "http://127.0.0.1:8100"})


def test_settings_when_shown() -> None:
    """What the streams know of the config holds no secret, so it may be logged."""
    assert "very secret" not in repr(settings())
