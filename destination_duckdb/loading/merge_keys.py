"""What decides in append_dedup: the key, the cursor, the mark of deletion, and a batch's range of cursors.

In: a Target. Out: its fields, and the conditions that both ways of merging use, with the alias `t` for rows of the
table and `b` for new ones. Raises ConfigError for a nested key that the rows do not have.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from destination_duckdb.errors import ConfigError
from destination_duckdb.identifiers import quote_identifier, quote_literal
from destination_duckdb.loading.key_field import KeyField
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.protocol.catalog import FieldPath
from destination_duckdb.tables.table import EXTRACTED_AT, META
from destination_duckdb.values.column_types import Column

DELETED_AT = "_ab_cdc_deleted_at"
_EXTRACTED_AT = quote_identifier(EXTRACTED_AT)


@dataclass(frozen=True, slots=True)
class MergeKeys:
    """The fields that a merge looks at."""

    key: tuple[KeyField, ...]
    cursor: KeyField | None
    # Quoted.
    deleted_at: str | None
    # The cursor's type, where it is a part of the key and can be compared.
    range_type: str | None

    @property
    def key_values(self) -> str:
        """Return the expressions that are equal in rows of the same key."""
        return ", ".join(field.key_value() for field in self.key)

    @property
    def not_deleted(self) -> str:
        """Return the test for rows other than deletions; a deletion whose time does not fit its type still is one."""
        changed = quote_literal(f'"{DELETED_AT}"')
        return f"{self.deleted_at} IS NULL AND NOT contains(CAST({quote_identifier(META)} AS VARCHAR), {changed})"

    @property
    def newest_first(self) -> str:
        """Return the order in which the first row of a key wins."""
        cursor = [f"{self.cursor.cursor_value()} DESC NULLS LAST"] if self.cursor else []
        return ", ".join([*cursor, f"{_EXTRACTED_AT} DESC", "rowid DESC"])

    @property
    def same_key(self) -> str:
        """Return the test whether `t` and `b` have the same key."""
        return " AND ".join(
            f"{field.key_value('t.')} IS NOT DISTINCT FROM {field.key_value('b.')}" for field in self.key
        )

    @property
    def old_wins(self) -> str:
        """Return the test whether the row in the table is newer than the new one."""
        later = f"t.{_EXTRACTED_AT} > b.{_EXTRACTED_AT}"
        if self.cursor is None:
            return later
        old, new = self.cursor.cursor_value("t."), self.cursor.cursor_value("b.")
        greater = f"coalesce({old} > {new}, {old} IS NOT NULL AND {new} IS NULL)"
        return f"({greater} OR ({old} IS NOT DISTINCT FROM {new} AND {later}))"

    def cursor_range(self, connection: duckdb.DuckDBPyConnection, batch: str) -> str:
        """Return a condition on the cursor that holds for every row with a key of *batch*, a table or query."""
        if self.cursor is None or self.range_type is None:
            return "true"
        cursor = self.cursor.quoted
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
    """Return the fields that decide in this target; a cursor that no column has decides nothing."""
    columns = {column.property_name: column for column in target.columns}
    cursor = _field(columns, target.plan.cursor) if target.plan.cursor else None
    deleted_at = columns.get(DELETED_AT)
    is_range = cursor is not None and not cursor.path and target.plan.cursor in target.plan.primary_key
    return MergeKeys(
        key=tuple(_key_field(target, columns, path) for path in target.plan.primary_key),
        cursor=cursor,
        deleted_at=quote_identifier(deleted_at.name) if deleted_at else None,
        range_type=cursor.column.type.sql if cursor and is_range and cursor.column.type.value.is_orderable else None,
    )


def refuse_missing_keys(connection: duckdb.DuckDBPyConnection, target: Target, keys: MergeKeys, rows: str) -> None:
    """Raise ConfigError for rows without a value where a nested key should be: all of them would be taken for one."""
    for path, field in zip(target.plan.primary_key, keys.key, strict=True):
        if not field.path:
            continue
        query = f"SELECT count(*) FROM {rows} WHERE {field.key_value()} IS NULL"
        [(missing,)] = connection.execute(query).fetchall()
        if missing:
            raise ConfigError(
                f"Stream {target.plan.key}: {missing:,} records have no value at the primary key {'.'.join(path)!r}:"
                " correct the path in the catalog."
            )


def _field(columns: Mapping[str, Column], path: FieldPath) -> KeyField | None:
    """Return the field at *path*, or None where no column can have it."""
    column = columns.get(path[0])
    if column is None or (len(path) > 1 and not column.type.is_document):
        return None
    return KeyField(column, path[1:])


def _key_field(target: Target, columns: Mapping[str, Column], path: FieldPath) -> KeyField:
    field = _field(columns, path)
    if field is None or any("\x00" in part for part in field.path):
        raise ConfigError(
            f"Stream {target.plan.key}: the primary key {'.'.join(path)!r} can't be read from the column {path[0]!r},"
            " which holds no JSON objects by the json_schema."
        )
    return field
