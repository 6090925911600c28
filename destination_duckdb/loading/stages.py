"""Stages: the tables that refreshes write to, in the schema `_airbyte_internal`, until their streams are complete.

In: a stream's table. Out: its stages by generation. A complete stage takes the table's place; one whose refresh was
cancelled is folded back into the table, since the states of its rows were acknowledged. The caller holds the
transaction.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from destination_duckdb.identifiers import quote_identifier
from destination_duckdb.loading.merge import batch_table, merge_batch
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.protocol.catalog import SyncMode
from destination_duckdb.tables.evolution import evolve
from destination_duckdb.tables.registry import Registry
from destination_duckdb.tables.table import INTERNAL_SCHEMA, OWN_COLUMNS, Table, column_names, existing_columns
from destination_duckdb.tables.user_indexes import UserIndexes
from destination_duckdb.values.column_types import TYPES_BY_SQL, Column


class Stages:
    """Finds, replaces and drops stages."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, registry: Registry, indexes: UserIndexes) -> None:
        self._connection = connection
        self._registry = registry
        self._indexes = indexes

    def of(self, table: Table) -> dict[int, Table]:
        """Return the stages of *table* by generation."""
        prefix = _stage_name(table)
        rows = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"
            " AND starts_with(table_name, ?)",
            [table.database, INTERNAL_SCHEMA, prefix],
        ).fetchall()
        generations = [row[0].removeprefix(prefix) for row in rows]
        return {int(each): stage_of(table, int(each)) for each in generations if each.isdecimal()}

    def take_place(self, stage: Table, place: Table) -> None:
        """Replace *place* by *stage*, with all its columns, also those from the schema of an earlier attempt."""
        types = existing_columns(self._connection, stage)
        definitions = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in types.items())
        names = ", ".join(map(quote_identifier, types))
        self._indexes.set_aside(place)
        self._connection.execute(f"DROP TABLE IF EXISTS {place.sql}")
        self._connection.execute(f"CREATE TABLE {place.sql} ({definitions})")
        self._connection.execute(f"INSERT INTO {place.sql} ({names}) SELECT {names} FROM {stage.sql}")
        self._registry.move_table(stage, place)
        self.drop(stage)

    def fold_back(self, stage: Target, target: Target) -> None:
        """Move the rows of *stage* into the table of *target*."""
        beyond = self._columns_beyond(stage)
        kinds = {column.property_name: column.type for column in beyond}
        there = evolve(self._connection, self._registry, self._indexes, target.table, kinds)
        stage = replace(stage, columns=[*stage.columns, *beyond])
        target = replace(target, columns=[*target.columns, *there])
        if target.plan.sync_mode is SyncMode.APPEND_DEDUP:
            with batch_table(self._connection, target) as batch:
                self._copy(stage, batch, target.columns)
                merge_batch(self._connection, target, batch)
        else:
            self._copy(stage, target.table.sql, target.columns)
        self.drop(stage.table)

    def drop(self, table: Table) -> None:
        """Drop a stage, or the table of a stream, and forget its columns."""
        self._connection.execute(f"DROP TABLE {table.sql}")
        self._registry.forget_table(table)

    def _columns_beyond(self, stage: Target) -> list[Column]:
        """Return the columns that the schema had when the stage was created, and no longer has."""
        properties = {column: name for name, column in self._registry.columns(stage.table).items()}
        known = {*OWN_COLUMNS, *(column.name for column in stage.columns)}
        types = existing_columns(self._connection, stage.table)
        return [
            Column(properties.get(name, name), name, TYPES_BY_SQL[kind])
            for name, kind in types.items()
            if name not in known
        ]

    def _copy(self, source: Target, into: str, columns: Sequence[Column]) -> None:
        names, sources = column_names(columns), column_names(source.columns)
        self._connection.execute(f"INSERT INTO {into} ({names}) SELECT {sources} FROM {source.table.sql}")


def stage_of(table: Table, generation_id: int) -> Table:
    """Return the stage of one generation."""
    return Table(table.database, INTERNAL_SCHEMA, f"{_stage_name(table)}{generation_id}")


def _stage_name(table: Table) -> str:
    return f"{quote_identifier(table.schema)}.{quote_identifier(table.name)}@"
