"""The file of metrics that a sync leaves behind, for node_exporter's textfile collector.

In: where to write, and how the sync ended; out: the file, replaced atomically, so that nobody reads half of it. What
the database knows is read from it; where it can't be read, the last success is the earlier file's. Raises OSError.
"""
# ruff: noqa: S608  names are quoted before they come into a statement

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, use_schema
from mixpanel_to_duckdb.database.history import past_syncs
from mixpanel_to_duckdb.database.stream_tables import stream_tables
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import MOTHERDUCK, exists
from mixpanel_to_duckdb.report.metrics import LAST_SUCCESS, RunFacts, metrics_text, series
from mixpanel_to_duckdb.result import SyncResult

if TYPE_CHECKING:
    import duckdb


def write_metrics(path: Path, database: str, schema: str, exit_code: ExitCode, result: SyncResult | None) -> None:
    """Write what is known of the sync that has just ended, and of the syncs before it."""
    facts = RunFacts(_shown(database), schema, exit_code, time.time(), result=result)
    try:
        facts = _with_history(facts, database)
    except SyncError:  # in use or damaged, which the sync has reported
        facts = replace(facts, last_success_s=_success_of_before(path, facts))
    if exit_code == ExitCode.DONE:
        facts = replace(facts, last_success_s=facts.ended_s)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(metrics_text(facts), encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _with_history(facts: RunFacts, database: str) -> RunFacts:
    if not exists(database):
        return facts
    with open_database(database) as connection:
        syncs = past_syncs(connection, facts.schema)
        done = [sync for sync in syncs if sync.exit_code == ExitCode.DONE]
        ends = [sync.started_at + timedelta(seconds=sync.duration_s) for sync in done]
        zone = syncs[-1].project_timezone if syncs else "UTC"
        newest_s = _newest_rows(connection, zone) if use_schema(connection, facts.schema) else {}
    return replace(facts, last_success_s=max(ends).timestamp() if ends else None, newest_s=newest_s)


def _newest_rows(connection: duckdb.DuckDBPyConnection, zone: str) -> dict[str, float]:
    newest = {}
    for table in stream_tables(connection):
        moment, values = ("max(time)", []) if table.is_events else ("max(last_seen) AT TIME ZONE ?", [zone])
        query = f"SELECT epoch({moment}) FROM {quote_identifier(table.name)}"
        [(seconds,)] = connection.execute(query, values).fetchall()
        if seconds is not None:
            newest[table.name] = float(seconds)
    return newest


def _success_of_before(path: Path, facts: RunFacts) -> float | None:
    """Return the last success that the file tells of now."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    name = f"{series(facts, LAST_SUCCESS)} "
    try:
        return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), None)
    except ValueError:
        return None


def _shown(database: str) -> str:
    """Return the path without what may follow it at MotherDuck: a token."""
    return database.partition("?")[0] if database.startswith(MOTHERDUCK) else database
