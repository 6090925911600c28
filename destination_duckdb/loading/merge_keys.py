"""What decides in append_dedup: the key, the cursor, the mark of deletion, and a batch's range of cursors.

In: a Target. Out: its columns, and the conditions that both ways of merging use, with the alias `t` for rows of the
table and `b` for new ones.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from dataclasses import dataclass

import duckdb

from destination_duckdb.identifiers import quote_identifier, quote_literal
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.tables.table import EXTRACTED_AT, META
from destination_duckdb.values.column_types import Column

DELETED_AT = "_ab_cdc_deleted_at"
_EXTRACTED_AT = quote_identifier(EXTRACTED_AT)


@dataclass(frozen=True, slots=True)
class MergeKeys:
    """The columns that a merge looks at."""

    key: tuple[Column, ...]
    cursor: Column | None
    # Quoted.
    deleted_at: str | None
    # The cursor's type, where it is a part of the key and can be compared.
    range_type: str | None

    @property
    def key_values(self) -> str:
        """Return the expressions that are equal in rows of the same key."""
        return ", ".join(map(_key_value, self.key))

    @property
    def not_deleted(self) -> str:
        """Return the test for rows other than deletions; a deletion whose time does not fit its type still is one."""
        changed = quote_literal(f'"{DELETED_AT}"')
        return f"{self.deleted_at} IS NULL AND NOT contains(CAST({quote_identifier(META)} AS VARCHAR), {changed})"

    @property
    def newest_first(self) -> str:
        """Return the order in which the first row of a key wins."""
        cursor = [f"{_cursor_value(self.cursor)} DESC NULLS LAST"] if self.cursor else []
        return ", ".join([*cursor, f"{_EXTRACTED_AT} DESC", "rowid DESC"])

    @property
    def same_key(self) -> str:
        """Return the test whether `t` and `b` have the same key."""
        return " AND ".join(
            f"{_key_value(each, 't.')} IS NOT DISTINCT FROM {_key_value(each, 'b.')}" for each in self.key
        )

    @property
    def old_wins(self) -> str:
        """Return the test whether the row in the table is newer than the new one."""
        later = f"t.{_EXTRACTED_AT} > b.{_EXTRACTED_AT}"
        if self.cursor is None:
            return later
        old, new = _cursor_value(self.cursor, "t."), _cursor_value(self.cursor, "b.")
        greater = f"coalesce({old} > {new}, {old} IS NOT NULL AND {new} IS NULL)"
        return f"({greater} OR ({old} IS NOT DISTINCT FROM {new} AND {later}))"

    def cursor_range(self, connection: duckdb.DuckDBPyConnection, batch: str) -> str:
        """Return a condition on the cursor that holds for every row with a key of *batch*, a table or query."""
        if self.cursor is None or self.range_type is None:
            return "true"
        cursor = quote_identifier(self.cursor.name)
        # As strings: the client would need another package to return a time with its zone.
        row = connection.execute(
            f"SELECT CAST(min({cursor}) AS VARCHAR), CAST(max({cursor}) AS VARCHAR),"
            f" count(*) = count({cursor}) FROM {batch}"
        ).fetchone()
        if row is None or row[0] is None or not row[2]:
            return "true"
        low, high = (f"CAST({quote_literal(bound)} AS {self.range_type})" for bound in row[:2])
        return f"{cursor} BETWEEN {low} AND {high}"


def merge_keys(target: Target) -> MergeKeys:
    """Return the columns that decide in this target."""
    columns = {column.property_name: column for column in target.columns}
    cursor = columns.get(target.plan.cursor) if target.plan.cursor is not None else None
    deleted_at = columns.get(DELETED_AT)
    is_in_key = cursor is not None and cursor.property_name in target.plan.primary_key
    return MergeKeys(
        key=tuple(columns[name] for name in target.plan.primary_key),
        cursor=cursor,
        deleted_at=quote_identifier(deleted_at.name) if deleted_at else None,
        range_type=cursor.type.sql if cursor and is_in_key and cursor.type.value.is_orderable else None,
    )


def _key_value(column: Column, table: str = "") -> str:
    """Return the expression that is equal for equal keys: JSON can spell one value in several ways."""
    name = table + quote_identifier(column.name)
    if not column.type.is_document:
        return name
    # json() would round a long decimal.
    text = f"CAST({name} AS JSON)"
    return f"CASE WHEN json_type({text}) = 'DOUBLE' THEN {text} ELSE json({text}) END"


def _cursor_value(column: Column, table: str = "") -> str:
    """Return the expression that orders cursors: in a union, numbers by value, then strings."""
    name = table + quote_identifier(column.name)
    if not column.type.is_document:
        return name
    text = f"CAST(CAST({name} AS JSON) AS VARCHAR)"
    number = f"TRY_CAST({text} AS DOUBLE)"
    # Past 15 digits doubles are equal where integers are not.
    integer = f"CASE WHEN regexp_full_match({text}, '-?[0-9]{{16,38}}') THEN TRY_CAST({text} AS HUGEINT) ELSE 0 END"
    return (
        f"CASE WHEN {name} IS NULL THEN NULL WHEN {number} IS NOT NULL THEN row(0, {number}, {integer}, '')"
        f" ELSE row(1, 0.0::DOUBLE, 0::HUGEINT, {text}) END"
    )
