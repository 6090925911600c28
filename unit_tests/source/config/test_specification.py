"""The form that the platform makes of the spec, and the schemas of the streams."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped] # comes with the CDK, its stubs do not

import source_mixpanel_parallel
from source_mixpanel_parallel.source import SourceMixpanelParallel

SECRETS = {"secret", "api_secret", "access_token"}
SERVICE_ACCOUNT = {"option_title": "Service Account", "username": "u", "secret": "s", "project_id": 7}
SCHEMAS = sorted((Path(source_mixpanel_parallel.__file__).parent / "schemas").glob("*.json"))


def connection_specification() -> dict[str, Any]:
    specification: Mapping[str, Any] = (
        SourceMixpanelParallel().spec(logging.getLogger("airbyte")).connectionSpecification
    )
    return dict(specification)


SPEC = connection_specification()


def objects_of(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object of the form with its path, the outermost first."""
    if "properties" in schema:
        yield path, schema["properties"]
    for name, inner in schema.get("properties", {}).items():
        yield from objects_of(inner, f"{path}/{name}")
    for inner in schema.get("oneOf", []):
        yield from objects_of(inner, f"{path}/{inner['title']}")
    if "items" in schema:
        yield from objects_of(schema["items"], f"{path}/items")


FIELDS = {
    f"{path}/{name}": field
    for path, properties in objects_of(SPEC)
    for name, field in properties.items()
    if "const" not in field  # what tells the kinds of credentials apart is not shown
}


def test_spec_when_it_is_a_schema() -> None:
    """It is a JSON Schema of draft 7."""
    Draft7Validator.check_schema(SPEC)


@pytest.mark.parametrize("path", FIELDS)
def test_spec_when_a_field_is_shown(path: str) -> None:
    """Each field has a title, a description that is a sentence, and a place; its examples and default are valid."""
    field = FIELDS[path]
    assert field["title"]
    assert field["description"].endswith(".")
    assert isinstance(field["order"], int)
    for value in [*field.get("examples", []), *([field["default"]] if "default" in field else [])]:
        Draft7Validator(field).validate(value)


@pytest.mark.parametrize(("path", "properties"), [*objects_of(SPEC)])
def test_spec_when_fields_are_ordered(path: str, properties: Mapping[str, Any]) -> None:
    """The fields of an object are in the order in which they are written, none in the place of another."""
    assert [field["order"] for field in properties.values()] == list(range(len(properties))), path


def test_spec_when_fields_are_secret() -> None:
    """Secrets are hidden by the platform and from every log; nothing else is."""
    hidden = {path.rsplit("/", 1)[1] for path, field in FIELDS.items() if field.get("airbyte_secret")}
    assert hidden == SECRETS


def test_spec_when_dates_are_shown() -> None:
    """The form shows a calendar, and says how a date is written."""
    dates = {path: field for path, field in FIELDS.items() if field.get("format") == "date"}
    assert set(dates) == {"/start_date", "/end_date"}
    assert {(field["pattern"], field["pattern_descriptor"]) for field in dates.values()} == {
        ("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "YYYY-MM-DD")
    }


def test_spec_when_the_kind_of_credentials_is_chosen() -> None:
    """Each kind is told apart by a constant, so that the platform knows which one a config has."""
    options = SPEC["properties"]["credentials"]["oneOf"]
    constants = [option["properties"]["option_title"]["const"] for option in options]
    assert constants == [option["title"] for option in options] == ["Service Account", "Project Secret", "OAuth"]


GOOD: list[dict[str, Any]] = [
    {"credentials": SERVICE_ACCOUNT},
    {"credentials": {"username": "u", "secret": "s", "project_id": 7}},
    {"credentials": {"option_title": "Project Secret", "api_secret": "s"}},
    {"credentials": {"option_title": "OAuth", "access_token": "t", "project_id": 7}},
    {"credentials": SERVICE_ACCOUNT, "region": "EU", "start_date": "2026-01-01", "window_days": 100},
    {"credentials": SERVICE_ACCOUNT, "window_days": 1, "num_workers": 1, "lookback_days": 0},
    {"credentials": SERVICE_ACCOUNT, "events": ["a"], "where": "1", "order": "newest_first"},
    {"credentials": SERVICE_ACCOUNT, "event_streams": [{"name": "a", "events": ["b"], "where": "c"}]},
    {"credentials": SERVICE_ACCOUNT, "unknown": 1},
]
BAD: list[dict[str, Any]] = [
    {},
    {"credentials": {}},
    {"credentials": {**SERVICE_ACCOUNT, "project_id": "7"}},
    {"credentials": {**SERVICE_ACCOUNT, "project_id": 0}},
    {"credentials": {**SERVICE_ACCOUNT, "secret": ""}},
    {"credentials": {"option_title": "Service Account", "username": "u", "secret": "s"}},
    {"credentials": {"option_title": "Project Secret", "access_token": "t", "project_id": 7}},
    *[
        {"credentials": SERVICE_ACCOUNT, **field}
        for field in (
            {"region": "us"},
            {"start_date": "2026-1-1"},
            {"start_date": 20260101},
            {"end_date": "yesterday"},
            {"window_days": 0},
            {"window_days": 101},
            {"window_days": 1.5},
            {"num_workers": 0},
            {"num_workers": 101},
            {"lookback_days": -1},
            {"events": "a"},
            {"events": [""]},
            {"events": [1]},
            {"where": 1},
            {"order": "newest"},
            {"legacy_timestamps": "yes"},
            {"event_streams": [{"events": ["a"]}]},
            {"event_streams": ["a"]},
            {"spool_limit_mb": 0},
            {"endpoints": "http://127.0.0.1"},
        )
    ],
]


@pytest.mark.parametrize("config", GOOD, ids=str)
def test_spec_when_a_config_is_good(config: dict[str, Any]) -> None:
    """The platform accepts it."""
    assert [error.message for error in Draft7Validator(SPEC).iter_errors(config)] == []


@pytest.mark.parametrize("config", BAD, ids=str)
def test_spec_when_a_config_is_bad(config: dict[str, Any]) -> None:
    """The platform refuses it, before anything runs."""
    assert not Draft7Validator(SPEC).is_valid(config)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schema_when_a_stream_has_one(path: Path) -> None:
    """It is a JSON Schema of draft 7, and each column says what it is."""
    schema = json.loads(path.read_text())
    Draft7Validator.check_schema(schema)
    assert [name for name, column in schema["properties"].items() if not column["description"].endswith(".")] == []
