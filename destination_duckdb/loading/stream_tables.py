"""Which table each stream of a sync writes to, and how stages end.

A sync that truncates writes to a stage, a table in the schema `_airbyte_internal`, which replaces the real table when
the stream is complete. A stage of the same generation is resumed. A stage of an older generation is dropped by a sync
that truncates; one that does not copies its rows into the real table, since their states were acknowledged. The caller
holds the transaction. Raises ConfigError for a table that this destination did not create, and for
a stream to remove that does not exist.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.errors import ConfigError
from destination_duckdb.identifiers import free_name, quote_identifier
from destination_duckdb.loading.merge import batch_table, merge_batch
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, WritePlan
from destination_duckdb.tables.evolution import columns_of, evolve
from destination_duckdb.tables.registry import Registry, StreamEntry
from destination_duckdb.tables.state_table import STATE_TABLE, StateTable
from destination_duckdb.tables.table import (
    INTERNAL_SCHEMA,
    OWN_COLUMNS,
    Table,
    column_names,
    create_schema,
    create_table,
    existing_columns,
)
from destination_duckdb.values.column_types import TYPES_BY_SQL, Column, ColumnType, column_type

_RESERVED_SCHEMAS = (INTERNAL_SCHEMA, "information_schema", "pg_catalog")


class StreamTables:
    """Prepares and completes the tables of streams."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, config: Config) -> None:
        self._connection = connection
        self._config = config
        self._registry = Registry(connection)
        self._states = StateTable(connection, config.schema)

    def prepare(self, plans: Sequence[WritePlan]) -> list[Target]:
        """Create or change the tables as needed, and return where each stream goes."""
        self._registry.create()
        self._states.create()
        return [self._prepare_stream(plan) for plan in plans]

    def complete(self, target: Target) -> Target:
        """Replace the real table by its stage, if there is one, and return the target for rows that follow."""
        entry = self._entry(target.plan)
        if target.is_stage:
            self._take_place(target.table, entry.table)
        self._registry.set_generation(entry.table, target.plan.generation_id)
        return Target(target.plan, entry.table, target.columns, is_stage=False)

    def remove(self, key: StreamKey) -> int:
        """Remove a stream with all that is known of it, and return how many rows its table had."""
        self._registry.create()
        self._states.create()
        entry = self._registry.stream(key, self._schema(key.namespace))
        if entry is None:
            known = ", ".join(map(str, self._registry.keys())) or "no streams"
            raise ConfigError(f"The database has no stream {key}, only {known}.")
        rows = 0
        if existing_columns(self._connection, entry.table):  # it may have been dropped by hand
            [(rows,)] = self._connection.execute(f"SELECT count(*) FROM {entry.table.sql}").fetchall()
            self._drop(entry.table)
        for stage in self._stages(entry.table).values():
            self._drop(stage)
        self._registry.forget_stream(key, entry.table)
        self._states.forget_stream(key)
        return int(rows)

    def _prepare_stream(self, plan: WritePlan) -> Target:
        entry = self._entry(plan)
        stages = self._stages(entry.table)
        if not plan.is_truncate:
            target = self._target(plan, entry.table, is_stage=False)
            for generation_id in sorted(stages):
                self._fold_back(self._target(plan, stages[generation_id], is_stage=True), target)
            return target
        if 0 < plan.generation_id == entry.generation_id:
            return self._target(plan, entry.table, is_stage=False)
        for generation_id, stage in stages.items():
            if generation_id != plan.generation_id or generation_id == 0:
                self._drop(stage)
        if plan.generation_id == 0 or plan.generation_id not in stages:
            self._states.forget_stream(plan.key)
        return self._target(plan, _stage_of(entry.table, plan.generation_id), is_stage=True)

    def _entry(self, plan: WritePlan) -> StreamEntry:
        """Return the stream's entry; a new stream gets one."""
        schema = self._schema(plan.key.namespace)
        entry = self._registry.stream(plan.key, schema)
        if entry is not None:
            return entry
        name = free_name(plan.key.name, [STATE_TABLE, *self._registry.table_names(schema)])
        table = Table(self._registry.database, schema, name)
        create_schema(self._connection, table.database, schema)
        columns = existing_columns(self._connection, table)
        if columns and not set(OWN_COLUMNS) <= set(columns):
            raise ConfigError(
                f"The table {table} already exists and was not created by this destination: rename it, or choose"
                " another `schema`."
            )
        self._registry.add_stream(plan.key, table)
        return StreamEntry(table, None)

    def _schema(self, namespace: str | None) -> str:
        """Return the schema of a namespace; names that DuckDB treats as equal get a suffix."""
        if namespace is None:
            return free_name(self._config.schema, _RESERVED_SCHEMAS)
        # A namespace may have the name of the configured schema: they share it.
        others = [each for each in self._registry.schemas_of_others(namespace) if each != namespace]
        return self._registry.schema(namespace) or free_name(namespace, [*_RESERVED_SCHEMAS, *others])

    def _target(self, plan: WritePlan, table: Table, *, is_stage: bool) -> Target:
        """Return a target whose table exists and has the columns of *plan*."""
        properties = {name: self._type(schema) for name, schema in plan.properties.items()}
        if existing_columns(self._connection, table):
            columns = evolve(self._connection, self._registry, table, properties)
        else:
            columns = columns_of(properties)
            create_table(self._connection, table, columns)
            self._registry.set_columns(table, columns)
        return Target(plan, table, columns, is_stage)

    def _type(self, schema: object) -> ColumnType:
        kind = column_type(schema)
        return ColumnType.VARIANT if kind is ColumnType.JSON and self._config.object_type == "variant" else kind

    def _stages(self, table: Table) -> dict[int, Table]:
        prefix = _stage_name(table)
        rows = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"
            " AND starts_with(table_name, ?)",
            [table.database, INTERNAL_SCHEMA, prefix],
        ).fetchall()
        generations = [row[0].removeprefix(prefix) for row in rows]
        return {int(each): _stage_of(table, int(each)) for each in generations if each.isdecimal()}

    def _take_place(self, stage: Table, place: Table) -> None:
        """Replace *place* by *stage*, with all its columns, also those from the schema of an earlier attempt."""
        types = existing_columns(self._connection, stage)
        definitions = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in types.items())
        names = ", ".join(map(quote_identifier, types))
        self._connection.execute(f"DROP TABLE IF EXISTS {place.sql}")
        self._connection.execute(f"CREATE TABLE {place.sql} ({definitions})")
        self._connection.execute(f"INSERT INTO {place.sql} ({names}) SELECT {names} FROM {stage.sql}")
        self._registry.move_table(stage, place)
        self._drop(stage)

    def _fold_back(self, stage: Target, target: Target) -> None:
        beyond = self._columns_beyond(stage)
        kinds = {column.property_name: column.type for column in beyond}
        there = evolve(self._connection, self._registry, target.table, kinds)
        stage = replace(stage, columns=[*stage.columns, *beyond])
        target = replace(target, columns=[*target.columns, *there])
        if target.plan.sync_mode is SyncMode.APPEND_DEDUP:
            with batch_table(self._connection, target) as batch:
                self._copy(stage, batch, target.columns)
                merge_batch(self._connection, target, batch)
        else:
            self._copy(stage, target.table.sql, target.columns)
        self._drop(stage.table)

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

    def _drop(self, table: Table) -> None:
        self._connection.execute(f"DROP TABLE {table.sql}")
        self._registry.forget_table(table)


def _stage_name(table: Table) -> str:
    return f"{quote_identifier(table.schema)}.{quote_identifier(table.name)}@"


def _stage_of(table: Table, generation_id: int) -> Table:
    return Table(table.database, INTERNAL_SCHEMA, f"{_stage_name(table)}{generation_id}")
