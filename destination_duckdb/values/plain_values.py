"""Plain values, in bulk: the SQL that the fast path runs on what DuckDB's JSON reader yields.

In: a column type and an expression. Out: an expression that casts exactly the values that a cast can't round or guess
(PlainForm in column_types), and makes the statement fail at any other. The batch then takes the exact path
(exact_values), which records what it changed. Pure strings: nothing here touches a database.
"""

from destination_duckdb.identifiers import quote_literal
from destination_duckdb.values.column_types import ColumnType

MISFIT = "a value is not plain"
# The reader writes JSON without spaces; a match inside a string only costs the exact path.
_NOT_A_NUMBER = r"(^|[:,\[])-?(NaN|Infinity)($|[,\]}])"
# What may be past a double, which a VARIANT would turn into infinity.
_HUGE_NUMBER = r"\d[eE]\+?\d{3}|\d{309}"


def plain_value(kind: ColumnType, value: str) -> str:
    """Return the expression that turns *value*, an expression of the type it is read as, into the column's type."""
    if kind.is_document:
        return _document(kind, value)
    form = kind.value.plain
    if form.pattern is None:
        return value
    text = f"CAST({value} AS VARCHAR)"
    test = f"{value} IS NULL OR regexp_full_match({text}, {quote_literal(form.pattern)})"
    if form.replacement is not None:
        text = f"replace({text}, {', '.join(map(quote_literal, form.replacement))})"
    return f"CASE WHEN {test} THEN CAST({text} AS {kind.sql}) ELSE {misfit()} END"


def misfit() -> str:
    """Return the expression that makes the statement fail."""
    return f"error({quote_literal(MISFIT)})"


def _document(kind: ColumnType, value: str) -> str:
    """Return the expression for any JSON but NaN and Infinity, which the reader accepts though JSON has neither.

    The cheap test spares most values the expensive one.
    """
    text = f"CAST({value} AS VARCHAR)"
    cheap = f"contains({text}, 'NaN') OR contains({text}, 'Infinity')"
    expensive = f"regexp_matches({text}, {quote_literal(_NOT_A_NUMBER)})"
    cast = f"CAST({value} AS {kind.sql})"
    if kind is ColumnType.VARIANT:
        cast = f"CASE WHEN regexp_matches({text}, {quote_literal(_HUGE_NUMBER)}) THEN {misfit()} ELSE {cast} END"
    return f"CASE WHEN {cheap} THEN CASE WHEN {expensive} THEN {misfit()} ELSE {cast} END ELSE {cast} END"
