"""The config, held against the spec, in sentences for the person who wrote it.

In: the config as JSON gave it. Raises ConfigError, which names the field, its value and what would be right, never a
secret and never a line of the schema. Stricter than the schema where a platform needs it open: a field that the spec
does not have is an error, except for those that platforms add themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from source_mixpanel_parallel.config.names import check_names
from source_mixpanel_parallel.config.sentence import (
    CREDENTIALS,
    PROJECT_ID,
    allowed_range,
    inside,
    listed,
    named,
    right,
)
from source_mixpanel_parallel.config.specification import config_schema
from source_mixpanel_parallel.errors import ConfigError

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
}
NOT_OF_KIND = {
    "string": "is not a string",
    "integer": "is not a whole number",
    "boolean": "is neither true nor false",
    "array": "is not a list",
    "object": "is not an object",
}


def tidy(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return *config* with what is set in it: null and "" mean unset, and a project's number may be in quotes."""
    tidied = {name: _without_nulls(value) for name, value in config.items() if value is not None and value != ""}
    credentials = tidied.get(CREDENTIALS)
    if isinstance(credentials, dict):
        project_id = credentials.get(PROJECT_ID)
        if isinstance(project_id, str) and re.fullmatch(r"\s*[0-9]{1,19}\s*", project_id):
            tidied[CREDENTIALS] = {**credentials, PROJECT_ID: int(project_id)}
    return tidied


def check_config(config: Mapping[str, Any]) -> None:
    """Raise ConfigError for the first thing in *config* that the spec does not allow."""
    check_names(config)
    _check(tidy(config), config_schema(), "")


def _without_nulls(value: Any) -> Any:
    """Return an object, or a list of them, without fields that are null; what is inside fields is left as it is."""
    if isinstance(value, Mapping):
        return {name: inner for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(each) if isinstance(each, Mapping) else each for each in value]
    return value


def _check(value: Any, schema: Mapping[str, Any], place: str) -> None:
    """Check one value, and what is inside."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if schema.get("format") == "date":
        _check_date(value, schema, place)
    elif kinds and not any(_is_kind(value, kind) for kind in kinds):
        raise ConfigError(f"{named(place, value)} {NOT_OF_KIND[kinds[0]]}: {right(value, schema, kinds[0], place)}")
    if isinstance(value, Mapping):
        _check_object(value, schema, place)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            _check(each, schema.get("items", {}), f"{place}[{index}]")
    elif isinstance(value, str):
        _check_string(value, schema, place)
    elif isinstance(value, int) and not _is_within(value, schema):
        raise ConfigError(f"{named(place, value)} is out of range: choose {allowed_range(schema)}")


def _is_kind(value: object, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> None:
    chosen = _kind_of_credentials(value, schema["oneOf"], place) if "oneOf" in schema else schema
    if missing := [name for name in chosen.get("required", ()) if name not in value]:
        raise ConfigError(f"{place or 'the config'} has no {listed(missing, 'and')}: {_how_to_add(missing, chosen)}")
    for name, field in chosen.get("properties", {}).items():
        if name in value:
            _check(value[name], field, inside(place, name))


def _how_to_add(missing: Sequence[str], schema: Mapping[str, Any]) -> str:
    if missing == [CREDENTIALS]:
        return right(None, schema["properties"][CREDENTIALS], "object", CREDENTIALS)
    return "add it" if len(missing) == 1 else "add them"


def _kind_of_credentials(
    credentials: Mapping[str, Any], kinds: Sequence[Mapping[str, Any]], place: str
) -> Mapping[str, Any]:
    """Return the schema of the kind that a title names, or else the kind of the secret that is given."""
    titles = {kind["title"]: kind for kind in kinds}
    if (title := credentials.get("option_title")) is not None:
        if title not in titles:
            raise ConfigError(f"{inside(place, 'option_title')} is unknown: choose {listed(list(titles), 'or')}")
        return titles[str(title)]
    for kind in kinds:
        secrets = [name for name, field in kind["properties"].items() if field.get("airbyte_secret")]
        if any(name in credentials for name in secrets):
            return kind
    return kinds[0]


def _check_string(value: str, schema: Mapping[str, Any], place: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise ConfigError(f"{named(place, value)} is unknown: choose {listed(schema['enum'], 'or')}")
    if len(value) < schema.get("minLength", 0):
        raise ConfigError(f"{place} is empty: fill it in")


def _check_date(value: Any, schema: Mapping[str, Any], place: str) -> None:
    try:
        if isinstance(value, str) and re.fullmatch(schema["pattern"], value):
            date.fromisoformat(value)
            return
    except ValueError:  # a 30th of February
        pass
    raise ConfigError(f"{named(place, value)} is not a date: write it as 2026-01-31")


def _is_within(value: int, schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
