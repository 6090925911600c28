"""Plain values, in bulk: how a column is read by DuckDB's JSON reader, and which values pass.

For each type of column: the type that the reader gives, and the values that a cast takes without rounding or
guessing. Anything else makes the statement fail, and the batch goes the slower way (exact_values), which says what
it did. Pure text: nothing here touches a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from destination_duckdb.identifiers import quote_literal
from destination_duckdb.values.column_types import ColumnType

MISFIT = "a value is not plain"
# The first and last years that can be written go the exact way: an offset may carry them out of the range.
_YEAR = r"(0[1-9]\d\d|[1-8]\d\d\d|9[0-8]\d\d)"
_DATE = _YEAR + r"-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6}0*)?"
# The reader writes JSON without spaces; within a string such a sequence only costs the slower way.
_NOT_A_NUMBER = r"(^|[:,\[])-?(NaN|Infinity)($|[,\]}])"
_ZONE = r"(Z|[+-](0\d|1[0-4]):?[0-5]\d)"


@dataclass(frozen=True, slots=True)
class PlainRead:
    """How values of one type are read: as what, and which of them are plain (None: all)."""

    read_as: str
    pattern: str | None


PLAIN_READS: Mapping[ColumnType, PlainRead] = {
    ColumnType.STRING: PlainRead("VARCHAR", None),
    ColumnType.BOOLEAN: PlainRead("JSON", "true|false"),
    ColumnType.INTEGER: PlainRead("JSON", r"-?\d{1,38}"),
    # Up to 15 digits a double is exact; with a point or exponent the reader made it one already.
    ColumnType.NUMBER: PlainRead("JSON", r"-?\d{1,15}|-?\d+\.\d+([eE][-+]?\d{1,2})?|-?\d[eE][-+]?\d{1,2}"),
    ColumnType.DATE: PlainRead("VARCHAR", _DATE),
    ColumnType.TIME: PlainRead("VARCHAR", _CLOCK),
    ColumnType.TIME_WITH_ZONE: PlainRead("VARCHAR", _CLOCK + r"(Z|[+-]00:00)?"),
    ColumnType.TIMESTAMP: PlainRead("VARCHAR", f"{_DATE}[T ]{_CLOCK}"),
    ColumnType.TIMESTAMP_WITH_ZONE: PlainRead("VARCHAR", f"{_DATE}[T ]{_CLOCK}{_ZONE}?"),
    ColumnType.JSON: PlainRead("JSON", None),
    ColumnType.VARIANT: PlainRead("JSON", None),
}


def plain_value(kind: ColumnType, value: str) -> str:
    """Return the expression that turns *value*, an expression of the read type, into the column's type."""
    if kind is ColumnType.STRING:
        return value
    text = f"CAST({value} AS VARCHAR)"
    if kind in {ColumnType.JSON, ColumnType.VARIANT}:
        # Outside JSON, though the reader takes them. Nested, since the quick test is to spare the slow one.
        quick = f"contains({text}, 'NaN') OR contains({text}, 'Infinity')"
        slow = f"regexp_matches({text}, {quote_literal(_NOT_A_NUMBER)})"
        cast = _cast(kind, value)
        return f"CASE WHEN {quick} THEN CASE WHEN {slow} THEN {misfit()} ELSE {cast} END ELSE {cast} END"
    if kind is ColumnType.TIME_WITH_ZONE:
        text = f"replace({text}, 'Z', '+00:00')"
    pattern = quote_literal(PLAIN_READS[kind].pattern or "")
    test = f"{value} IS NULL OR regexp_full_match(CAST({value} AS VARCHAR), {pattern})"
    return f"CASE WHEN {test} THEN CAST({text} AS {kind.value}) ELSE {misfit()} END"


def exact_cast(kind: ColumnType, text: str) -> str:
    """Return the expression that turns *text*, which exact_values wrote, into the column's type."""
    if kind is ColumnType.STRING:
        return text
    return _cast(kind, f"CAST({text} AS JSON)" if kind is ColumnType.VARIANT else text)


def misfit() -> str:
    """Return the expression that ends the statement."""
    return f"error({quote_literal(MISFIT)})"


def _cast(kind: ColumnType, value: str) -> str:
    return f"CAST({value} AS {kind.value})"
