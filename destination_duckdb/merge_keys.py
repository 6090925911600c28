"""What decides in append_dedup: the key, the cursor, the mark of deletion, and the range of a batch.

In: a Target. Out: its columns, quoted, and the conditions that both ways of merging use, with the alias `t` for rows
of the table and `b` for new ones. Raises nothing of its own.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from dataclasses import dataclass

import duckdb

from destination_duckdb.columns import ColumnType
from destination_duckdb.identifiers import quote_identifier, quote_literal
from destination_duckdb.table_loader import Target
from destination_duckdb.tables import EXTRACTED_AT

DELETED_AT = "_ab_cdc_deleted_at"
_EXTRACTED_AT = quote_identifier(EXTRACTED_AT)
_ORDERED = {
    ColumnType.INTEGER,
    ColumnType.NUMBER,
    ColumnType.DATE,
    ColumnType.TIMESTAMP,
    ColumnType.TIMESTAMP_WITH_ZONE,
}


@dataclass(frozen=True, slots=True)
class MergeKeys:
    """The columns that a merge looks at, quoted."""

    key: tuple[str, ...]
    cursor: str | None
    deleted_at: str | None
    # The cursor with its type, where it is a part of the key and can be compared.
    range_type: str | None

    @property
    def newest_first(self) -> str:
        """Return the order in which the first row of a key wins."""
        cursor = [f"{self.cursor} DESC NULLS LAST"] if self.cursor else []
        return ", ".join([*cursor, f"{_EXTRACTED_AT} DESC", "rowid DESC"])

    @property
    def same_key(self) -> str:
        """Return the test whether `t` and `b` have the same key."""
        return " AND ".join(f"t.{name} IS NOT DISTINCT FROM b.{name}" for name in self.key)

    @property
    def old_wins(self) -> str:
        """Return the test whether the row in the table is newer than the new one."""
        later = f"t.{_EXTRACTED_AT} > b.{_EXTRACTED_AT}"
        if self.cursor is None:
            return later
        old, new = f"t.{self.cursor}", f"b.{self.cursor}"
        greater = f"coalesce({old} > {new}, {old} IS NOT NULL AND {new} IS NULL)"
        return f"({greater} OR ({old} IS NOT DISTINCT FROM {new} AND {later}))"

    def cursor_range(self, connection: duckdb.DuckDBPyConnection, batch: str) -> str:
        """Return the condition on the cursor that every row with a key of *batch*, a table or query, meets."""
        if self.range_type is None:
            return "true"
        # As text: the client would need another package to hand over a time with its zone.
        row = connection.execute(
            f"SELECT CAST(min({self.cursor}) AS VARCHAR), CAST(max({self.cursor}) AS VARCHAR),"
            f" count(*) = count({self.cursor}) FROM {batch}"
        ).fetchone()
        if row is None or row[0] is None or not row[2]:
            return "true"
        low, high = (f"CAST({quote_literal(bound)} AS {self.range_type})" for bound in row[:2])
        return f"{self.cursor} BETWEEN {low} AND {high}"


def merge_keys(target: Target) -> MergeKeys:
    """Return the columns that decide in this target."""
    columns = {column.property_name: column for column in target.columns}
    cursor = columns.get(target.plan.cursor) if target.plan.cursor is not None else None
    deleted_at = columns.get(DELETED_AT)
    has_range = cursor is not None and cursor.property_name in target.plan.primary_key and cursor.type in _ORDERED
    return MergeKeys(
        key=tuple(quote_identifier(columns[name].name) for name in target.plan.primary_key),
        cursor=quote_identifier(cursor.name) if cursor else None,
        deleted_at=quote_identifier(deleted_at.name) if deleted_at else None,
        range_type=cursor.type.value if cursor and has_range else None,
    )
