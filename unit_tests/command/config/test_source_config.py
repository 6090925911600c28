"""Where the source's config comes from: flags before the file before the environment."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig, source_config
from mixpanel_to_duckdb.connectors.offered_streams import refuse_unknown
from mixpanel_to_duckdb.errors import BadArguments
from source_mixpanel_parallel.config.filters import Filters
from source_mixpanel_parallel.windows.date_windows import DateWindow

pytestmark = pytest.mark.dates

ACCOUNT = {"username": "etl", "secret": "s3cret", "project_id": 7}
ENVIRONMENT = {
    "MIXPANEL_USERNAME": "env",
    "MIXPANEL_SECRET": "env-s3cret",
    "MIXPANEL_PROJECT_ID": "9",
    "MIXPANEL_REGION": "EU",
}
OPTIONS = SyncOptions("m.duckdb")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_source_config_from_the_environment_alone() -> None:
    """Four variables make a config."""
    assert source_config(None, OPTIONS, ENVIRONMENT).document == {
        "region": "EU",
        "credentials": {"username": "env", "secret": "env-s3cret", "project_id": 9},
    }


def test_source_config_when_the_file_says_so_too() -> None:
    """The file wins field by field, the environment fills what it leaves out."""
    given = {"credentials": {"username": "etl", "project_id": 7}, "region": "IN", "lookback_days": 2}
    assert source_config(given, OPTIONS, ENVIRONMENT).document == {
        "region": "IN",
        "credentials": {"username": "etl", "secret": "env-s3cret", "project_id": 7},
        "lookback_days": 2,
    }


def test_source_config_when_flags_say_so_too() -> None:
    """Flags win over both, and leave alone what they don't name."""
    given = {"credentials": ACCOUNT, "region": "IN", "events": ["A"], "window_days": 3, "start_date": "2026-01-01"}
    options = SyncOptions("m.duckdb", region="US", events=("B", "C"), where="true", workers=4)
    assert source_config(given, options, ENVIRONMENT).document == {
        **given,
        "region": "US",
        "events": ["B", "C"],
        "where": "true",
        "num_workers": 4,
    }


def test_source_config_with_other_credentials() -> None:
    """A project secret or a token is not mixed with the environment's service account."""
    given = {"credentials": {"api_secret": "old"}}
    assert source_config(given, OPTIONS, ENVIRONMENT).document["credentials"] == {"api_secret": "old"}


def test_source_config_from_the_file_of_init(tmp_path: Path) -> None:
    """mixpanel.json is taken where no config is named."""
    (tmp_path / "mixpanel.json").write_text(json.dumps({"credentials": ACCOUNT}))
    assert source_config(None, OPTIONS, {}).document == {"credentials": ACCOUNT}


def test_source_config_when_the_projects_number_is_in_quotes() -> None:
    """The source is given a number, as its spec wants it."""
    config = source_config({"credentials": {**ACCOUNT, "project_id": "7"}, "region": ""}, OPTIONS, {})
    assert config.document == {"credentials": ACCOUNT}


def test_source_config_when_days_are_counted_back() -> None:
    """--last 30d is today and the 29 days before, in the project's timezone."""
    given = {"credentials": ACCOUNT, "project_timezone": "Pacific/Auckland", "start_date": "2025-01-01"}
    config = SourceConfig(given, "the config", datetime(2028, 2, 28, 11, 1, tzinfo=timezone.utc)).last_days(30)
    assert config.days == DateWindow(date(2028, 1, 31), date(2028, 2, 29))
    assert config.document["start_date"] == str(config.from_date)


def test_source_config_when_midnight_passes() -> None:
    """All that is made of a config has its today, and the source is told the days, not to find them."""
    config = SourceConfig({"credentials": ACCOUNT}, "the config", datetime(2026, 3, 1, 23, 59, tzinfo=timezone.utc))
    made = (config.last_days(2), config.between(date(2026, 2, 3), date(2026, 2, 4)))
    assert {each.today for each in (config, *made)} == {date(2026, 3, 1)}
    assert config.dated_document == {"credentials": ACCOUNT, "start_date": "2026-01-30", "end_date": "2026-03-01"}
    assert made[0].dated_document == {"credentials": ACCOUNT, "start_date": "2026-02-28", "end_date": "2026-03-01"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "no credentials: MIXPANEL_USERNAME, MIXPANEL_SECRET, MIXPANEL_PROJECT_ID are not set"),
        ({"credentials": {"username": "etl", "project_id": 7}}, "no credentials: MIXPANEL_SECRET is not set"),
        (
            {"credentials": {"username": "etl", "secert": "s3cret", "project_id": 7}},
            r"the config: there is no field credentials\.secert: did you mean secret\?",
        ),
        ({"credentials": ACCOUNT, "start_dat": "2026-01-01"}, r"the config: there is no field start_dat: did you mean"),
        ({"credentials": {**ACCOUNT, "project_id": "x"}}, r"credentials\.project_id 'x' is not a whole number: see Pr"),
        ({"credentials": "etl"}, "the config: credentials is not an object: write it as"),
        ({"credentials": ACCOUNT, "region": "MARS"}, "the config: region 'MARS' is unknown: choose US, EU or IN"),
        ({"credentials": ACCOUNT, "window_days": 101}, "the config: window_days 101 is out of range: choose 1 to 100"),
        ({"credentials": ACCOUNT, "start_date": "soon"}, "start_date 'soon' is not a date: write it as 2026-01-31"),
        ({"credentials": ACCOUNT, "endpoints": {"export": "http://192.0.2.1"}}, "would send the credentials unencryp"),
        ({"credentials": ACCOUNT, "event_streams": [{"name": "Events"}]}, "'Events' is taken by another stream"),
        ({"credentials": ACCOUNT, "profiles": {"include_all_users": True}}, "profiles: include_all_users says somet"),
        ({"credentials": ACCOUNT, "start_date": "2026-02-30"}, "start_date '2026-02-30' is not a date"),
        ({"credentials": ACCOUNT, "start_date": "2999-01-01", "end_date": "2999-01-02"}, "has not begun"),
        ({"credentials": ACCOUNT, "start_date": "2026-02-01", "end_date": "2026-01-01"}, "is before the first"),
        ({"credentials": ACCOUNT, "project_timezone": "Mars/Base"}, "'Mars/Base' is not a timezone"),
        ("none.json", "none.json can't be read: No such file"),
    ],
)
def test_source_config_that_makes_no_sense(given: dict[str, Any] | str, sentence: str) -> None:
    """Each is refused before anything is started, and no secret is shown."""
    with pytest.raises(BadArguments, match=sentence) as raised:
        source_config(given, OPTIONS, {})
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_source_config_from_a_file_that_is_none(text: str, tmp_path: Path) -> None:
    """A file that is no JSON object is refused with its name."""
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(BadArguments, match=r"c\.json is not"):
        source_config("c.json", OPTIONS, {})


def test_chosen_streams() -> None:
    """All streams by default; rejected lines come with events; only the source can tell which others there are."""
    streams = {"event_streams": [{"name": "buys", "events": ["Purchase"]}], "profile_streams": [{"name": "teams"}]}
    config = source_config({"credentials": ACCOUNT, **streams}, OPTIONS, {})
    assert config.chosen_streams(()) == ("events", "profiles", "rejected_lines", "buys", "teams")
    assert config.chosen_streams(("profiles",)) == ("profiles",)
    assert config.chosen_streams(("buys", "teams")) == ("buys", "teams", "rejected_lines")
    assert config.filters("buys") == Filters(("Purchase",))
    assert config.chosen_streams(("cohorts",)) == ("cohorts",)
    refuse_unknown(("events", "cohorts"), ["cohorts", "events"])
    with pytest.raises(BadArguments, match="--streams cohorts: there is no such stream; choose from events, profiles"):
        refuse_unknown(("events", "cohorts"), ["events", "profiles"])
