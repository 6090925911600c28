"""Values one by one: what is stored, and the change that is recorded where it is not what came.

In: the raw JSON of one value and the type of its column. Out: a string that DuckDB can only cast one way, and, where
something was lost, a Change in the protocol's words. A value that does not fit becomes NULL; one that fits less
precisely (nanoseconds, decimals past a double) is truncated. Raises nothing.
"""

import msgspec

from destination_duckdb.values.column_types import ColumnType
from destination_duckdb.values.exact_readers import FIELD_SIZE, LostError


class Change(msgspec.Struct, frozen=True):
    """What happened to a value, as `_airbyte_meta` records it."""

    field: str
    change: str
    reason: str


def exact_value(kind: ColumnType, field: str, raw: bytes) -> tuple[str | None, Change | None]:
    """Return the string to store for *raw* in a column of type *kind*, and what was lost."""
    if raw == b"null":
        return None, None
    try:
        text, is_truncated = kind.value.read_exactly(raw)
    except LostError as lost:
        return None, Change(field, "NULLED", lost.reason)
    return text, Change(field, "TRUNCATED", FIELD_SIZE) if is_truncated else None


def exact_cast(kind: ColumnType, text: str) -> str:
    """Return the expression that turns *text*, which exact_value returned, into the column's type."""
    return f"CAST({f'CAST({text} AS JSON)' if kind.is_document else text} AS {kind.sql})"
