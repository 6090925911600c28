"""The config held against the spec: each mistake is one sentence that names the field, its value and what is right."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped] # comes with the CDK, its stubs do not

from source_mixpanel_parallel.config.check import check_config, tidy
from source_mixpanel_parallel.config.specification import config_schema
from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.source import SourceMixpanelParallel
from unit_tests.source.config.test_specification import BAD, GOOD

ACCOUNT = {"username": "user", "secret": "very-secret-9", "project_id": 7}
DATE = "is not a date: write it as 2026-01-31"


def problem(config: dict[str, Any]) -> str | None:
    """Return what is wrong with *config*."""
    try:
        check_config(config)
    except ConfigError as error:
        return str(error)
    return None


def test_config_schema_when_the_cdk_reads_it_too() -> None:
    """It is the spec that platforms are given, with every reference followed."""
    assert config_schema() == SourceMixpanelParallel().spec(logging.getLogger("airbyte")).connectionSpecification


@pytest.mark.parametrize("config", [*GOOD, *BAD], ids=str)
def test_check_config_when_compared_with_the_spec(config: dict[str, Any]) -> None:
    """It accepts nothing that the platform refuses, but for a project's number in quotes."""
    if problem(config) is None:
        assert Draft7Validator(config_schema()).is_valid(tidy(config))


@pytest.mark.parametrize("config", BAD, ids=str)
def test_check_config_when_the_spec_refuses(config: dict[str, Any]) -> None:
    """It finds each mistake that the spec finds, and says nothing of schemas, types of Python, or patterns."""
    sentence = problem(config)
    if config.get("credentials", {}).get("project_id") == "7":
        assert sentence is None
        return
    assert sentence
    assert not re.search(r"schema|match|regex|\^|Expected|str\b|\bint\b", sentence)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start_dat": "2026-01-01"}, "there is no field start_dat: did you mean start_date?"),
        ({"startDate": "2026-01-01"}, "there is no field startDate: did you mean start_date?"),
        ({"Lookback-Days": 1}, "there is no field Lookback-Days: did you mean lookback_days?"),
        ({"username": "user"}, "there is no field username: it belongs in credentials"),
        ({"page_size": 5}, "there is no field page_size: it belongs in profiles"),
        ({"bad\nname": 5}, r"there is no field 'bad\nname': there are credentials, end_date"),
        ({"endpoints": {"exprot": "http://127.0.0.1:1"}}, "there is no field endpoints.exprot: did you mean export?"),
        ({"endpoints": {"x": ""}}, "there is no field endpoints.x: there are export and query"),
        ({"profiles": {"cohort": 5}}, "there is no field profiles.cohort: did you mean cohort_id?"),
        (
            {"event_streams": [{"name": "a"}, {"name": "b", "event": ["c"]}]},
            "there is no field event_streams[1].event: did you mean events?",
        ),
        ({"profile_streams": [{"nam": "a"}]}, "there is no field profile_streams[0].nam: did you mean name?"),
        (
            {"credentials": {**ACCOUNT, "start_date": "2026-01-01"}},
            "there is no field credentials.start_date: it belongs in the config itself, not in an object of it",
        ),
        (
            {"credentials": {"username": "user", "secert": "very-secret-9", "project_id": 7}},
            "there is no field credentials.secert: did you mean secret?",
        ),
        ({"start_date": "soon"}, f"start_date 'soon' {DATE}"),
        ({"start_date": "2026-02-30"}, f"start_date '2026-02-30' {DATE}"),
        ({"start_date": "20260101"}, f"start_date '20260101' {DATE}"),
        ({"end_date": 20260101}, f"end_date 20260101 {DATE}"),
        ({"end_date": True}, f"end_date true {DATE}"),
        ({"region": "us"}, "region 'us' is unknown: choose US, EU or IN"),
        ({"order": "newest"}, "order 'newest' is unknown: choose oldest_first or newest_first"),
        ({"window_days": "7"}, "window_days '7' is not a whole number: write it as 7, without quotes"),
        ({"window_days": 1.5}, "window_days 1.5 is not a whole number: choose 1 to 100"),
        ({"window_days": True}, "window_days true is not a whole number: choose 1 to 100"),
        ({"window_days": 101}, "window_days 101 is out of range: choose 1 to 100"),
        ({"spool_limit_mb": 0}, "spool_limit_mb 0 is out of range: choose 1 or more"),
        ({"profiles": {"cohort_id": "all"}}, "profiles.cohort_id 'all' is not a whole number: write digits only"),
        ({"legacy_timestamps": "yes"}, "legacy_timestamps 'yes' is neither true nor false: write it as true or false"),
        ({"where": 5}, "where 5 is not a string: write it in quotes"),
        ({"where": "x" * 5, "events": "a"}, 'events \'a\' is not a list: write it as ["Sign Up", "Purchase"]'),
        ({"events": ["a", ""]}, "events[1] is empty: fill it in"),
        ({"events": ["a", None]}, "events[1] null is not a string: write it in quotes"),
        ({"project_timezone": "x" * 500, "order": 5}, "order 5 is not a string"),
        ({"order": "x" * 500}, f"order '{'x' * 59}… is unknown"),
        ({"event_streams": ["a"]}, 'event_streams[0] \'a\' is not an object: write it as {"name": …, "events": …,'),
        ({"event_streams": [{"events": ["a"]}]}, "event_streams[0] has no name: add it"),
        ({"profile_streams": [{"name": "a", "group": 1.5}]}, "profile_streams[0].group 1.5 is not a string"),
        (
            {"credentials": None},
            'the config has no credentials: write it as {"username": …, "secret": …, "project_id": …}',
        ),
        ({"credentials": "user:very-secret-9"}, 'credentials is not an object: write it as {"username": …, "secret"'),
        ({"credentials": {"username": "user"}}, "credentials has no secret and project_id: add them"),
        ({"credentials": {**ACCOUNT, "secret": ""}}, "credentials.secret is empty: fill it in"),
        ({"credentials": {**ACCOUNT, "secret": 987}}, "credentials.secret is not a string: write it in quotes"),
        (
            {"credentials": {**ACCOUNT, "project_id": "abc"}},
            "credentials.project_id 'abc' is not a whole number: see Project Settings → Overview in Mixpanel",
        ),
        ({"credentials": {**ACCOUNT, "project_id": 0}}, "credentials.project_id 0 is out of range: choose 1 or more"),
        (
            {"credentials": {**ACCOUNT, "project_id": "very-secret-9"}},
            "credentials.project_id is not a whole number: see Project Settings → Overview in Mixpanel",
        ),
        (
            {"credentials": {**ACCOUNT, "option_title": "very-secret-9"}},
            "credentials.option_title is unknown: choose Service Account, Project Secret or OAuth",
        ),
        ({"credentials": {"access_token": "very-secret-9"}}, "credentials has no project_id: add it"),
        ({"credentials": {"option_title": "OAuth", **ACCOUNT}}, "credentials has no access_token: add it"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_check_config_when_a_field_is_wrong(fields: dict[str, Any], sentence: str) -> None:
    """One sentence: the field, its value unless it may be a secret, and what would be right."""
    said = problem({"credentials": ACCOUNT, **fields})
    assert said
    assert said.startswith(sentence)
    assert "very-secret-9" not in said


@pytest.mark.parametrize(
    "fields",
    [
        {"__injected_declarative_manifest": {"version": "7"}, "__injected_components_py": "import os"},
        {"_limit": 5, "_page_size": 7},
        {"credentials": {**ACCOUNT, "__extra": 1, "option_title": "Service Account"}},
        {
            "profiles": {
                "behaviors": [{"window": "90d", "name": "b", "event_selectors": [{"event": "a"}]}],
                "where": "b",
            }
        },
        {"credentials": {**ACCOUNT, "project_id": " 7 "}},
        {"start_date": "", "region": None, "lookback_days": None, "event_streams": [{"name": "a", "where": None}]},
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_check_config_when_it_is_good(fields: dict[str, Any]) -> None:
    """What platforms add themselves, free-form objects, a project's number in quotes, and unset fields are accepted."""
    assert problem({"credentials": ACCOUNT, **fields}) is None


def test_tidy_when_fields_are_unset() -> None:
    """Unset fields are left out; what is inside a field is not touched."""
    behaviors = [{"name": "b", "window": None, "by": ""}]
    assert tidy(
        {
            "credentials": {**ACCOUNT, "project_id": "0012"},
            "region": "",
            "where": None,
            "profiles": {"where": "", "group": None, "behaviors": behaviors},
        }
    ) == {"credentials": {**ACCOUNT, "project_id": 12}, "profiles": {"where": "", "behaviors": behaviors}}
