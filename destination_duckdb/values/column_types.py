"""JSON Schema → DuckDB: which type a property gets, and how its plain values are read.

In: the JSON Schema of one property. Out: a ColumnType. Whatever is no single plain type (objects, arrays, unions,
unknown types) is JSON, so every schema has an answer and nothing raises.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class ColumnType(enum.Enum):
    """A type of column, by its name in DuckDB."""

    STRING = "VARCHAR"
    BOOLEAN = "BOOLEAN"
    INTEGER = "HUGEINT"
    NUMBER = "DOUBLE"
    DATE = "DATE"
    TIME = "TIME"
    TIME_WITH_ZONE = "TIME WITH TIME ZONE"
    TIMESTAMP = "TIMESTAMP"
    TIMESTAMP_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
    JSON = "JSON"
    VARIANT = "VARIANT"


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a stream and the column that holds it."""

    property_name: str
    name: str
    type: ColumnType


# (type, format, airbyte_type) → column type; None stands for "whatever is not listed".
_PLAIN_TYPES: Mapping[tuple[str, str | None, str | None], ColumnType] = {
    ("string", None, None): ColumnType.STRING,
    ("string", "date", None): ColumnType.DATE,
    ("string", "time", None): ColumnType.TIME_WITH_ZONE,
    ("string", "time", "time_with_timezone"): ColumnType.TIME_WITH_ZONE,
    ("string", "time", "time_without_timezone"): ColumnType.TIME,
    ("string", "date-time", None): ColumnType.TIMESTAMP_WITH_ZONE,
    ("string", "date-time", "timestamp_with_timezone"): ColumnType.TIMESTAMP_WITH_ZONE,
    ("string", "date-time", "timestamp_without_timezone"): ColumnType.TIMESTAMP,
    ("boolean", None, None): ColumnType.BOOLEAN,
    ("integer", None, None): ColumnType.INTEGER,
    ("number", None, None): ColumnType.NUMBER,
    ("number", None, "integer"): ColumnType.INTEGER,
}


def column_type(schema: object) -> ColumnType:
    """Return the type that holds every value of *schema* without loss, JSON where there is no plain one."""
    if not isinstance(schema, Mapping):
        return ColumnType.JSON
    options = [option for key in ("oneOf", "anyOf") for option in _as_list(schema.get(key))]
    if options:
        kinds = {column_type(option) for option in options if not _is_null(option)}
        return kinds.pop() if len(kinds) == 1 else ColumnType.JSON
    names = [name for name in _as_list(schema.get("type")) if name != "null"]
    if len(names) != 1 or not isinstance(names[0], str):
        return ColumnType.JSON
    return _plain_type(names[0], _text(schema.get("format")), _text(schema.get("airbyte_type")))


def _plain_type(name: str, form: str | None, airbyte_type: str | None) -> ColumnType:
    for key in ((name, form, airbyte_type), (name, form, None), (name, None, airbyte_type), (name, None, None)):
        if key in _PLAIN_TYPES:
            return _PLAIN_TYPES[key]
    return ColumnType.JSON


def _as_list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and _as_list(schema.get("type")) == ["null"]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
