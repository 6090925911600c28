"""The table of column types: from JSON Schema, on both paths, in conversions and in merges."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import duckdb
import pytest

from destination_duckdb.tables.evolution import conversion
from destination_duckdb.values.column_types import ColumnType, TypeRow, column_type
from destination_duckdb.values.exact_values import exact_cast, exact_value
from destination_duckdb.values.plain_values import MISFIT, plain_value

TYPES: list[tuple[Any, ColumnType]] = [
    ({"type": "string"}, ColumnType.STRING),
    ({"type": ["null", "string"]}, ColumnType.STRING),
    ({"type": ["string"]}, ColumnType.STRING),
    ({"type": "string", "format": "email"}, ColumnType.STRING),
    ({"type": "string", "contentEncoding": "base64"}, ColumnType.STRING),
    ({"type": "boolean"}, ColumnType.BOOLEAN),
    ({"type": "integer"}, ColumnType.INTEGER),
    ({"type": "number"}, ColumnType.NUMBER),
    ({"type": "number", "airbyte_type": "integer"}, ColumnType.INTEGER),
    ({"type": "string", "format": "date"}, ColumnType.DATE),
    ({"type": "string", "format": "time"}, ColumnType.TIME_WITH_ZONE),
    ({"type": "string", "format": "time", "airbyte_type": "time_without_timezone"}, ColumnType.TIME),
    ({"type": "string", "format": "time", "airbyte_type": "time_with_timezone"}, ColumnType.TIME_WITH_ZONE),
    ({"type": "string", "format": "date-time"}, ColumnType.TIMESTAMP_WITH_ZONE),
    ({"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"}, ColumnType.TIMESTAMP),
    ({"type": "string", "format": "date-time", "airbyte_type": "who_knows"}, ColumnType.TIMESTAMP_WITH_ZONE),
    ({"type": "object"}, ColumnType.JSON),
    ({"type": "object", "properties": {"a": {"type": "string"}}}, ColumnType.JSON),
    ({"type": "array", "items": {"type": "integer"}}, ColumnType.JSON),
    ({"type": ["string", "integer"]}, ColumnType.JSON),
    ({"type": ["integer", "number"]}, ColumnType.JSON),
    ({"oneOf": [{"type": "string"}, {"type": "object"}]}, ColumnType.JSON),
    ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, ColumnType.INTEGER),
    ({"anyOf": [{"type": "string"}, {"type": ["null", "string"]}]}, ColumnType.STRING),
    ({"type": "null"}, ColumnType.JSON),
    ({"type": []}, ColumnType.JSON),
    ({"type": "whatever"}, ColumnType.JSON),
    ({"type": 5}, ColumnType.JSON),
    ({"$ref": "#/definitions/x"}, ColumnType.JSON),
    ({}, ColumnType.JSON),
    (True, ColumnType.JSON),
    (None, ColumnType.JSON),
]


@pytest.mark.parametrize(("schema", "expected"), TYPES, ids=str)
def test_column_type_when_the_schema_is(schema: object, expected: ColumnType) -> None:
    """Each schema has its type; whatever is no single plain type is JSON."""
    assert column_type(schema) is expected


# What each type stores of a plain value, and a value that no plain form covers; None where every value is plain.
PLAIN: dict[ColumnType, tuple[str, str, str | None]] = {
    ColumnType.STRING: ('"a"', "a", None),
    ColumnType.BOOLEAN: ("true", "true", '"true"'),
    ColumnType.INTEGER: ("-12", "-12", "1e3"),
    ColumnType.NUMBER: ("1.5", "1.5", '"1.5"'),
    ColumnType.DATE: ('"2026-01-02"', "2026-01-02", '"2026-01-02T00:00:00Z"'),
    ColumnType.TIME: ('"01:02:03"', "01:02:03", '"01:02:03Z"'),
    ColumnType.TIME_WITH_ZONE: ('"01:02:03Z"', "01:02:03+00", '"01:02:03+01:00"'),
    ColumnType.TIMESTAMP: ('"2026-01-02T01:02:03"', "2026-01-02 01:02:03", '"2026-01-02T01:02:03Z"'),
    ColumnType.TIMESTAMP_WITH_ZONE: ('"2026-01-02T01:02:03Z"', "2026-01-02 01:02:03+00", '"2026-01-02"'),
    ColumnType.JSON: ('{"a":[1]}', '{"a":[1]}', "NaN"),
}


@pytest.mark.parametrize("kind", [kind for kind in ColumnType if kind is not ColumnType.VARIANT], ids=str)
def test_plain_value_of_each_type(database: duckdb.DuckDBPyConnection, tmp_path: Path, kind: ColumnType) -> None:
    """Each type stores its plain value on both paths alike, and fails the statement at another form."""
    plain, stored, other = PLAIN[kind]
    assert read_fast(database, tmp_path, kind, plain) == stored
    text, change = exact_value(kind, "v", plain.encode())
    (exact,) = database.execute(f"SELECT CAST({exact_cast(kind, '$text')} AS VARCHAR)", {"text": text}).fetchall()
    assert (exact, change) == ((stored,), None)
    if other is not None:
        with pytest.raises(duckdb.InvalidInputException, match=MISFIT):
            read_fast(database, tmp_path, kind, other)


def read_fast(database: duckdb.DuckDBPyConnection, folder: Path, kind: ColumnType, value: str) -> str:
    """Return what the fast path makes of a JSON value."""
    path = folder / "value.jsonl"
    path.write_text(f'{{"v":{value}}}\n')
    read = f"read_ndjson('{path}', columns = {{v: '{kind.value.plain.read_as}'}}, records = true)"
    row = database.execute(f"SELECT CAST({plain_value(kind, 'v')} AS VARCHAR) FROM {read}").fetchone()
    assert row is not None
    return str(row[0])


# The pairs that convert where no row loses anything, besides any type to string, JSON and VARIANT.
CONVERSIONS = {
    ColumnType.STRING: {"BOOLEAN", "HUGEINT", "DOUBLE", "DATE"},
    ColumnType.BOOLEAN: set(),
    ColumnType.INTEGER: {"DOUBLE"},
    ColumnType.NUMBER: {"HUGEINT"},
    ColumnType.DATE: {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"},
    ColumnType.TIME: {"TIME WITH TIME ZONE"},
    ColumnType.TIME_WITH_ZONE: {"TIME"},
    ColumnType.TIMESTAMP: {"DATE", "TIMESTAMP WITH TIME ZONE"},
    ColumnType.TIMESTAMP_WITH_ZONE: {"DATE", "TIMESTAMP"},
    ColumnType.JSON: set(),
    ColumnType.VARIANT: set(),
}
TO_ANY = {"VARCHAR", "JSON", "VARIANT"}


@pytest.mark.parametrize("kind", ColumnType, ids=str)
def test_conversions_of_each_type(kind: ColumnType) -> None:
    """Types convert within their family, from text to what a string can spell, and to text and JSON."""
    wanted = CONVERSIONS[kind] | (TO_ANY if kind is not ColumnType.VARIANT else {"JSON"})
    found = {new.sql for new in ColumnType if new is not kind and conversion('"c"', kind.sql, new) is not None}
    assert found == wanted - {kind.sql}


def test_orderable_types() -> None:
    """A merge limits itself to a range of numbers, dates and timestamps, and of no other type."""
    orderable = {kind.sql for kind in ColumnType if kind.value.is_orderable}
    assert orderable == {"HUGEINT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}


def test_schemas_of_the_types() -> None:
    """No two types claim the same JSON Schema, and no two have the same name in DuckDB."""
    schemas = [schema for kind in ColumnType for schema in kind.value.schemas]
    assert len(set(schemas)) == len(schemas)
    assert len({kind.sql for kind in ColumnType}) == len(ColumnType)


def test_type_row_when_a_field_is_missing() -> None:
    """A row that leaves something open can't be made, so that no rule misses a type."""
    assert {field.name for field in fields(TypeRow) if field.default is MISSING} == set(TypeRow.__slots__)
