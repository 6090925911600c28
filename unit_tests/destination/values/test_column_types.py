"""JSON Schema to DuckDB, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from destination_duckdb.values.column_types import ColumnType, column_type

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
