"""Column types: one row a type, with everything that differs between them.

In: the JSON Schema of one property. Out: a ColumnType. Anything that is not a single plain type (objects, arrays,
unions, unknown types) is JSON, so every schema has an answer and nothing raises. Adding a type means adding a member
to ColumnType; docs/extending.md lists what else it touches.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from destination_duckdb.values import exact_readers, exact_times
from destination_duckdb.values.exact_readers import Stored

# The first and last years that can be written take the exact path: an offset may carry them out of range.
_YEAR = r"(0[1-9]\d\d|[1-8]\d\d\d|9[0-8]\d\d)"
_DATE = _YEAR + r"-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6}0*)?"
_ZONE = r"(Z|[+-](0\d|1[0-4]):?[0-5]\d)"

# (type, format, airbyte_type) of a JSON Schema; None matches any value that no other row lists.
Schema = tuple[str, str | None, str | None]


class Family(enum.Enum):
    """Types whose values convert into each other; text and boolean are each alone in theirs."""

    TEXT = enum.auto()
    BOOLEAN = enum.auto()
    NUMERIC = enum.auto()
    DATE = enum.auto()
    CLOCK = enum.auto()
    DOCUMENT = enum.auto()


@dataclass(frozen=True, slots=True)
class PlainForm:
    """How the fast path reads a type: as which type, which values it accepts (None: all), and what it rewrites."""

    read_as: str
    pattern: str | None = None
    replacement: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TypeRow:
    """Everything that is known about one column type."""

    sql: str
    schemas: tuple[Schema, ...]
    plain: PlainForm
    read_exactly: Callable[[bytes], Stored]
    family: Family
    # Whether a VARCHAR column converts to this type where every string in it does.
    converts_from_text: bool
    # Whether a merge may limit itself to the batch's range of values.
    is_orderable: bool


class ColumnType(enum.Enum):
    """A type of column."""

    STRING = TypeRow(
        sql="VARCHAR",
        schemas=(("string", None, None),),
        plain=PlainForm("VARCHAR"),
        read_exactly=exact_readers.read_string,
        family=Family.TEXT,
        converts_from_text=False,
        is_orderable=False,
    )
    BOOLEAN = TypeRow(
        sql="BOOLEAN",
        schemas=(("boolean", None, None),),
        plain=PlainForm("JSON", "true|false"),
        read_exactly=exact_readers.read_boolean,
        family=Family.BOOLEAN,
        converts_from_text=True,
        is_orderable=False,
    )
    INTEGER = TypeRow(
        sql="HUGEINT",
        schemas=(("integer", None, None), ("number", None, "integer")),
        plain=PlainForm("JSON", r"-?\d{1,38}"),
        read_exactly=exact_readers.read_integer,
        family=Family.NUMERIC,
        converts_from_text=True,
        is_orderable=True,
    )
    NUMBER = TypeRow(
        sql="DOUBLE",
        schemas=(("number", None, None),),
        # Up to 15 digits a double is exact; with a point or exponent the reader has already made it a double.
        plain=PlainForm("JSON", r"-?\d{1,15}|-?\d+\.\d+([eE][-+]?\d{1,2})?|-?\d[eE][-+]?\d{1,2}"),
        read_exactly=exact_readers.read_number,
        family=Family.NUMERIC,
        converts_from_text=True,
        is_orderable=True,
    )
    DATE = TypeRow(
        sql="DATE",
        schemas=(("string", "date", None),),
        plain=PlainForm("VARCHAR", _DATE),
        read_exactly=exact_times.read_date,
        family=Family.DATE,
        converts_from_text=True,
        is_orderable=True,
    )
    TIME = TypeRow(
        sql="TIME",
        schemas=(("string", "time", "time_without_timezone"),),
        plain=PlainForm("VARCHAR", _CLOCK),
        read_exactly=exact_times.read_time,
        family=Family.CLOCK,
        converts_from_text=False,
        is_orderable=False,
    )
    TIME_WITH_ZONE = TypeRow(
        sql="TIME WITH TIME ZONE",
        schemas=(("string", "time", None), ("string", "time", "time_with_timezone")),
        # The cast does not accept Z.
        plain=PlainForm("VARCHAR", _CLOCK + r"(Z|[+-]00:00)?", replacement=("Z", "+00:00")),
        read_exactly=exact_times.read_time_with_zone,
        family=Family.CLOCK,
        converts_from_text=False,
        is_orderable=False,
    )
    TIMESTAMP = TypeRow(
        sql="TIMESTAMP",
        schemas=(("string", "date-time", "timestamp_without_timezone"),),
        plain=PlainForm("VARCHAR", f"{_DATE}[T ]{_CLOCK}"),
        read_exactly=exact_times.read_timestamp,
        family=Family.DATE,
        converts_from_text=False,
        is_orderable=True,
    )
    TIMESTAMP_WITH_ZONE = TypeRow(
        sql="TIMESTAMP WITH TIME ZONE",
        schemas=(("string", "date-time", None), ("string", "date-time", "timestamp_with_timezone")),
        plain=PlainForm("VARCHAR", f"{_DATE}[T ]{_CLOCK}{_ZONE}?"),
        read_exactly=exact_times.read_timestamp_with_zone,
        family=Family.DATE,
        converts_from_text=False,
        is_orderable=True,
    )
    JSON = TypeRow(
        sql="JSON",
        # Every schema that no other row lists.
        schemas=(),
        plain=PlainForm("JSON"),
        read_exactly=exact_readers.read_document,
        family=Family.DOCUMENT,
        converts_from_text=False,
        is_orderable=False,
    )
    VARIANT = TypeRow(
        sql="VARIANT",
        # Takes the place of JSON where the configuration says object_type variant.
        schemas=(),
        plain=PlainForm("JSON"),
        read_exactly=exact_readers.read_variant,
        family=Family.DOCUMENT,
        converts_from_text=False,
        is_orderable=False,
    )

    @property
    def sql(self) -> str:
        """Return the type's name in DuckDB."""
        return self.value.sql

    @property
    def is_document(self) -> bool:
        """Return whether a value is any JSON."""
        return self.value.family is Family.DOCUMENT


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a stream and the column that holds it."""

    property_name: str
    name: str
    type: ColumnType


# By the type's name in DuckDB; types that are not in it are not ours.
TYPES_BY_SQL: Mapping[str, ColumnType] = {kind.sql: kind for kind in ColumnType}
_BY_SCHEMA: Mapping[Schema, ColumnType] = {schema: kind for kind in ColumnType for schema in kind.value.schemas}


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
        if key in _BY_SCHEMA:
            return _BY_SCHEMA[key]
    return ColumnType.JSON


def _as_list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and _as_list(schema.get("type")) == ["null"]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
