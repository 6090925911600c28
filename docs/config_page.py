"""`python -m docs.config_page`: docs/config.md, the reference of both configs, from the specs of the connectors.

In: the source's spec in manifest.yaml and the destination's spec.json. Out: the page as text. A field whose spec has no
example has one in EXAMPLES.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import destination_duckdb
from source_mixpanel_parallel.config.specification import config_schema
from source_mixpanel_parallel.rate_limits.limits import QUERY_CONNECTIONS

PAGE = Path(__file__).resolve().parent / "config.md"
COMMAND = "python -m docs.config_page"
# Examples of fields whose spec has none and whose default or choices give none.
EXAMPLES: Mapping[str, Any] = {
    "distinct_ids": ["user-1", "user-2"],
    "cohort_id": 1000,
    "include_all_users": False,
    "behaviors": [{"name": "bought", "window": "30d", "event_selectors": [{"event": "Purchase"}]}],
    "as_of_timestamp": 1767225600,
    "workspace_id": 7654321,
    "secret": "…",
    "api_secret": "…",
    "access_token": "…",
    "motherduck_api_key": "…",
    "threads": 4,
    "legacy_timestamps": True,
}
INTRODUCTION = f"""# Config

Every field of both configs. `{COMMAND}` writes this page from
`source_mixpanel_parallel/manifest.yaml` and `destination_duckdb/spec.json`.

`profiles.where` is the field `where` of the object `profiles`; `profile_streams[].name` is the field `name` of each
element of the list `profile_streams`. A field that is not listed is an error, unless its name begins with `__`. `null`
means unset.
"""
SOURCE = f"""
## Source

`mixpanel.json` in the examples. The service account and the region may also come from the environment:
`MIXPANEL_USERNAME`, `MIXPANEL_SECRET`, `MIXPANEL_PROJECT_ID` and `MIXPANEL_REGION`; the config takes precedence.

Rules that the tables don't show:

- `end_date` must not be before `start_date`.
- `project_timezone` is a name of the IANA database.
- `profile_workers` is 1 to {QUERY_CONNECTIONS}.
- Names in `event_streams` and `profile_streams` must differ, ignoring case, from each other and from `events`,
  `profiles` and `rejected_lines`.
- Profiles: `behaviors` needs `where` and excludes `cohort_id`; `include_all_users` needs `cohort_id`; `distinct_ids`
  excludes `cohort_id`.
- `endpoints` takes `http` only for this machine (`127.0.0.1`, `::1`, `localhost`), else `https`; no path.
"""
DESTINATION = """
## Destination

`duckdb.json` in the examples. MotherDuck's token may also come from the environment variable `MOTHERDUCK_TOKEN`; the
config takes precedence. `mixpanel-to-duckdb` sets `destination_path` and `schema` from its arguments and leaves the
others unset.
"""
HEADER = "\n| field | type | default | bounds | meaning | example |\n|---|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a config: its place, its schema, and whether it must be set."""

    place: str
    schema: Mapping[str, Any]
    is_required: bool

    @property
    def name(self) -> str:
        """The last part of the place."""
        return self.place.rpartition(".")[2]

    @property
    def example(self) -> Any:
        """A value that the field may have; None for an object or a list of objects, whose fields have examples."""
        choices = [*self.schema.get("examples", ()), *reversed(self.schema.get("enum", ()))]
        choices += [self.schema[key] for key in ("const", "default") if key in self.schema]
        return EXAMPLES.get(self.name, choices[0] if choices else None)


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that share a table; *title* is None for the fields of the config itself."""

    title: str | None
    fields: tuple[Field, ...]


def parts_of(schema: Mapping[str, Any], place: str = "", title: str | None = None) -> Iterator[Part]:
    """Yield the fields of an object, then those of the objects within it."""
    for kind in schema.get("oneOf", ()):
        yield from parts_of(kind, place, f"`{place}`: {kind['title']}")
    properties = sorted(schema.get("properties", {}).items(), key=lambda each: each[1]["order"])
    if not properties:
        return
    required = schema.get("required", ())
    prefix = f"{place}." if place else ""
    fields = tuple(Field(prefix + name, field, name in required) for name, field in properties)
    yield Part(title, fields)
    for field in fields:
        if items := field.schema.get("items"):
            yield from parts_of(items, f"{field.place}[]", f"Each of `{field.place}`")
        else:
            yield from parts_of(field.schema, field.place, f"`{field.place}`")


def source_parts() -> list[Part]:
    """Return the fields of the source's config."""
    return list(parts_of(config_schema()))


def destination_parts() -> list[Part]:
    """Return the fields of the destination's config."""
    text = Path(destination_duckdb.__file__).with_name("spec.json").read_text(encoding="utf-8")
    return list(parts_of(json.loads(text)["connectionSpecification"]))


def page() -> str:
    """Return the whole page."""
    return INTRODUCTION + SOURCE + _tables(source_parts()) + DESTINATION + _tables(destination_parts())


def _tables(parts: list[Part]) -> str:
    return "".join(
        (f"\n### {part.title}\n" if part.title else "") + HEADER + "".join(map(_row, part.fields)) for part in parts
    )


def _row(field: Field) -> str:
    meaning = field.schema.get("description") or "The kind of credentials. Unset means the kind whose secret is given."
    example = field.example
    cells = (
        f"`{field.place}`",
        _type(field.schema),
        _default(field),
        _bounds(field.schema),
        " ".join(meaning.split()),
        "" if example is None else _code(example),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _type(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "any")
    if kinds == "array":
        return f"array of {schema['items']['type']}s"
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _default(field: Field) -> str:
    if field.is_required:
        return "required"
    return _code(field.schema["default"]) if "default" in field.schema else "unset"


def _bounds(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(_code, schema["enum"]))
    if "const" in schema:
        return _code(schema["const"])
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}" if "maximum" in schema else f"{schema['minimum']} or more"
    if "pattern" in schema:
        return str(schema.get("pattern_descriptor") or f"matches `{schema['pattern']}`")
    inner = schema.get("items", schema)
    return "not empty" if inner.get("minLength") and schema is inner else "none empty" if inner.get("minLength") else ""


def _code(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
