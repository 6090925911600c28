"""Which table each stream of a sync writes to, and how generations begin and end.

A sync that truncates writes to a stage, which replaces the real table when the stream is complete. A stage of the same
generation is resumed; one of an older generation is dropped by a sync that truncates, and folded back into the table by
one that does not. A generation that is complete is not resumed: in overwrite another attempt replaces it, unless it is
empty; in the append modes it adds to it, since its source continued from the state. Only overwrite truncates by an
older generation than the table's. The caller holds the transaction. Raises ConfigError for a table that this
destination did not create, and for a stream to remove that does not exist.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Sequence

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.errors import ConfigError
from destination_duckdb.identifiers import free_name, quote_identifier
from destination_duckdb.loading.merge_keys import merge_keys
from destination_duckdb.loading.stages import Stages, stage_of
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, WritePlan
from destination_duckdb.tables.evolution import columns_of, evolve
from destination_duckdb.tables.ownership import foreign_table
from destination_duckdb.tables.registry import Registry, StreamEntry
from destination_duckdb.tables.state_table import STATE_TABLE, StateTable
from destination_duckdb.tables.table import (
    GENERATION_ID,
    OWN_COLUMNS,
    RESERVED_SCHEMAS,
    Table,
    configured_schema,
    create_schema,
    create_table,
    existing_columns,
)
from destination_duckdb.tables.user_indexes import UserIndexes
from destination_duckdb.values.column_types import ColumnType, column_type


class StreamTables:
    """Prepares and completes the tables of streams."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, config: Config) -> None:
        self._connection = connection
        self._config = config
        self._registry = Registry(connection)
        self._states = StateTable(connection, config.schema)
        self._indexes = UserIndexes(connection)
        self._stages = Stages(connection, self._registry, self._indexes)
        self._warnings: list[str] = []

    def prepare(self, plans: Sequence[WritePlan]) -> list[Target]:
        """Create or change the tables as needed, and return where each stream goes."""
        self._registry.create()
        self._states.create()
        return [self._prepare_stream(plan) for plan in plans]

    def complete(self, target: Target) -> Target:
        """Replace the real table by its stage, if there is one, and return the target for rows that follow."""
        plan, entry = target.plan, self._entry(target.plan)
        if target.is_stage:
            is_repeated = 0 < plan.generation_id == entry.generation_id
            if is_repeated and not self._count(target.table):
                self._stages.drop(target.table)
            else:
                self._warn_of_removal(plan, entry)
                self._stages.take_place(target.table, entry.table)
        self._registry.set_generation(entry.table, plan.generation_id)
        return Target(plan, entry.table, target.columns, is_stage=False)

    def settle(self) -> list[str]:
        """Restore users' indexes after a commit; return what the user should know of the transaction."""
        warnings = [*self._warnings, *self._indexes.restore()]
        self._warnings.clear()
        return warnings

    def forget(self) -> None:
        """Forget what a transaction that failed would have told."""
        self._warnings.clear()
        self._indexes.forget()

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
            rows = self._count(entry.table)
            self._stages.drop(entry.table)
        for stage in self._stages.of(entry.table).values():
            self._stages.drop(stage)
        self._registry.forget_stream(key, entry.table)
        self._states.forget_stream(key)
        return rows

    def _prepare_stream(self, plan: WritePlan) -> Target:
        entry = self._entry(plan)
        stages = self._stages.of(entry.table)
        is_complete = 0 < plan.generation_id == entry.generation_id
        is_overwrite = plan.sync_mode is SyncMode.OVERWRITE
        if not plan.is_truncate or (not is_overwrite and self._is_step_down(plan, entry)):
            target = self._target(plan, entry.table, is_stage=False)
            for generation_id in sorted(stages):
                self._stages.fold_back(self._target(plan, stages[generation_id], is_stage=True), target)
            return target
        if is_complete and not is_overwrite:
            return self._target(plan, entry.table, is_stage=False)
        for generation_id, stage in stages.items():
            if generation_id != plan.generation_id or generation_id == 0:
                self._stages.drop(stage)
        if plan.generation_id == 0 or (plan.generation_id not in stages and not is_complete):
            self._states.forget_stream(plan.key)
        return self._target(plan, stage_of(entry.table, plan.generation_id), is_stage=True)

    def _is_step_down(self, plan: WritePlan, entry: StreamEntry) -> bool:
        """Return whether the table has a newer generation than the plan, whose minimum then removes nothing."""
        newest = self._newest_generation(entry)
        if plan.generation_id >= newest:
            return False
        self._warnings.append(
            f"Stream {plan.key}: the catalog's generation_id {plan.generation_id} is older than generation {newest} of"
            f" the table, so its {self._count(entry.table):,} rows stay. To start again, reset the stream."
        )
        return True

    def _newest_generation(self, entry: StreamEntry) -> int:
        if not existing_columns(self._connection, entry.table):
            return entry.generation_id or 0
        query = f"SELECT max({quote_identifier(GENERATION_ID)}) FROM {entry.table.sql}"
        [(newest,)] = self._connection.execute(query).fetchall()
        return max(newest or 0, entry.generation_id or 0)

    def _warn_of_removal(self, plan: WritePlan, entry: StreamEntry) -> None:
        """Warn where rows go in a mode that keeps them otherwise; a replacement is what overwrite is for."""
        if plan.sync_mode is SyncMode.OVERWRITE or not existing_columns(self._connection, entry.table):
            return
        if rows := self._count(entry.table):
            self._warnings.append(
                f"Stream {plan.key}: {rows:,} rows of earlier generations were removed, since the catalog's"
                f" minimum_generation_id is {plan.minimum_generation_id}."
            )

    def _count(self, table: Table) -> int:
        [(rows,)] = self._connection.execute(f"SELECT count(*) FROM {table.sql}").fetchall()
        return int(rows)

    def _entry(self, plan: WritePlan) -> StreamEntry:
        """Return the stream's entry; a new stream gets one."""
        schema = self._schema(plan.key.namespace)
        entry = self._registry.stream(plan.key, schema)
        if entry is not None:
            return entry
        name = free_name(plan.key.name, [STATE_TABLE, *self._registry.table_names(schema)])
        table = Table(self._registry.database, schema, name)
        create_schema(self._connection, table.database, schema)
        if existing_columns(self._connection, table):
            raise foreign_table(table)
        self._registry.add_stream(plan.key, table)
        return StreamEntry(table, None)

    def _schema(self, namespace: str | None) -> str:
        """Return the schema of a namespace; names that DuckDB treats as equal get a suffix."""
        if namespace is None:
            return configured_schema(self._config.schema)
        # A namespace may have the name of the configured schema: they share it.
        others = [each for each in self._registry.schemas_of_others(namespace) if each != namespace]
        return self._registry.schema(namespace) or free_name(namespace, [*RESERVED_SCHEMAS, *others])

    def _target(self, plan: WritePlan, table: Table, *, is_stage: bool) -> Target:
        """Return a target whose table exists and has the columns of *plan*."""
        properties = {name: self._type(schema) for name, schema in plan.properties.items()}
        if existing := existing_columns(self._connection, table):
            if not set(OWN_COLUMNS) <= set(existing):
                raise foreign_table(table)
            columns = evolve(self._connection, self._registry, self._indexes, table, properties)
        else:
            columns = columns_of(properties)
            create_table(self._connection, table, columns)
            self._registry.set_columns(table, columns)
        target = Target(plan, table, columns, is_stage)
        if merge_keys(target).cursor is None and plan.cursor is not None:
            self._warn_of_unknown_cursor(plan)
        return target

    def _warn_of_unknown_cursor(self, plan: WritePlan) -> None:
        name = ".".join(plan.cursor or ())
        warning = (
            f"Stream {plan.key}: the cursor {name!r} is not in its json_schema, so of rows with the same key the one"
            " extracted last is kept."
        )
        if warning not in self._warnings:
            self._warnings.append(warning)

    def _type(self, schema: object) -> ColumnType:
        kind = column_type(schema)
        return ColumnType.VARIANT if kind is ColumnType.JSON and self._config.object_type == "variant" else kind
