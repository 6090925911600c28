"""append_dedup against a model: batches with doubles, late and early cursors and deletions, merged either way."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database
from destination_duckdb.input.reader import InputReader
from destination_duckdb.input.spool import SpoolDirectory
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.loading.writer import Writer
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, WritePlan
from destination_duckdb.protocol.outbox import Outbox

KEY = StreamKey(None, "t")
STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "t"}, "stream_state": {}}}
COMPLETE = {"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": {"name": "t"}, "status": "COMPLETE"}}


@dataclass(frozen=True)
class Row:
    """A record: *part* is the second part of its key, *at* its cursor."""

    key: int | None
    part: str
    at: int | None
    emitted_at: int
    is_deletion: bool


ROWS = st.builds(
    Row,
    key=st.one_of(st.none(), st.integers(0, 4)),
    part=st.sampled_from("ab"),
    at=st.one_of(st.none(), st.integers(0, 3)),
    emitted_at=st.integers(1, 2),
    is_deletion=st.integers(0, 9).map(lambda number: number == 0),
)


def messages(rows: list[Row], first_number: int, *, has_deletions: bool) -> bytes:
    """Return the RECORDs of a sync, each numbered as it arrives, with a STATE behind them."""
    lines = []
    for number, row in enumerate(rows, start=first_number):
        data = {"key": row.key, "part": row.part, "at": row.at, "number": number}
        if has_deletions and row.is_deletion:
            data["_ab_cdc_deleted_at"] = "2026-01-01T00:00:00Z"
        record = {"stream": "t", "data": data, "emitted_at": row.emitted_at}
        lines.append(json.dumps({"type": "RECORD", "record": record}))
    lines.append(json.dumps({"type": "STATE", "state": STATE}))
    lines.append(json.dumps({"type": "TRACE", "trace": COMPLETE}))
    return "".join(f"{line}\n" for line in lines).encode()


def expected(syncs: list[list[Row]], key: tuple[str, ...], *, has_deletions: bool) -> set[int]:
    """Return the numbers of the rows that stay, merged one batch after the other."""
    table: dict[tuple[object, ...], tuple[Row, int]] = {}
    number = 0
    for rows in syncs:
        batch: dict[tuple[object, ...], tuple[Row, int]] = {}
        for row in rows:
            number += 1
            name = tuple(getattr(row, part) for part in key)
            if name not in batch or not newer(batch[name][0], row):
                batch[name] = (row, number)
        for name, (row, place) in batch.items():
            if name in table and newer(table[name][0], row):
                continue
            table.pop(name, None)
            if not (has_deletions and row.is_deletion):
                table[name] = (row, place)
    return {place for _, place in table.values()}


def newer(old: Row, new: Row) -> bool:
    """Return whether *old* wins: by cursor, in which none is oldest, then by time of extraction."""
    return ((-1 if old.at is None else old.at), old.emitted_at) > ((-1 if new.at is None else new.at), new.emitted_at)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    syncs=st.lists(st.lists(ROWS, min_size=1, max_size=8), min_size=1, max_size=5),
    key=st.sampled_from([("key",), ("key", "part"), ("key", "at"), ("key", "part", "at")]),
    has_deletions=st.booleans(),
    database=st.sampled_from(["x", "md:x"]),
)
def test_merge_when_rows_come_twice(
    tmp_path: Path, syncs: list[list[Row]], key: tuple[str, ...], has_deletions: bool, database: str
) -> None:
    """The rows that stay are the newest of each key, merged in place or, for MotherDuck, through a batch table."""
    schema: dict[str, object] = {name: {"type": "integer"} for name in ("key", "at", "number")}
    schema |= {"part": {"type": "string"}}
    if has_deletions:
        schema |= {"_ab_cdc_deleted_at": {"type": "string", "format": "date-time"}}
    plan = WritePlan(KEY, schema, SyncMode.APPEND_DEDUP, tuple((name,) for name in key), ("at",), 0, 0, 0)
    number = 1
    with duckdb.connect(config={"threads": 1}) as connection:
        for rows in syncs:
            write(connection, plan, messages(rows, number, has_deletions=has_deletions), tmp_path, database)
            number += len(rows)
        found = connection.execute('SELECT "number" FROM t').fetchall()
    assert sorted(place for (place,) in found) == sorted(expected(syncs, key, has_deletions=has_deletions))


def test_merge_when_half_of_the_rows_come_again(tmp_path: Path) -> None:
    """Deleted rows take no room once the database is closed."""
    schema: dict[str, object] = {name: {"type": "integer"} for name in ("key", "at", "number")}
    plan = WritePlan(KEY, schema, SyncMode.APPEND_DEDUP, (("key",),), ("at",), 0, 0, 0)
    rows = [Row(number, "a", number, 1, is_deletion=False) for number in range(5000)]
    path = tmp_path / "x.duckdb"
    for each in (rows, rows[::2]):
        with open_database(Config(str(path))) as connection:
            write(connection, plan, messages(each, 1, has_deletions=False), tmp_path)
    with duckdb.connect(str(path), read_only=True) as connection:
        stored = connection.execute(
            "SELECT sum(count) FROM pragma_storage_info('t') WHERE column_name = 'at' AND segment_type <> 'VALIDITY'"
        ).fetchone()
    assert stored == (5000,)


def write(
    connection: duckdb.DuckDBPyConnection, plan: WritePlan, lines: bytes, folder: Path, database: str = "x"
) -> None:
    """Write the messages of one sync, as into a *database* of this path."""
    path, spool, config = folder / "messages.jsonl", SpoolDirectory(folder), Config(database)
    path.write_bytes(lines)
    tables = StreamTables(connection, config)
    targets = tables.prepare([plan])
    with path.open("rb") as source, Path(os.devnull).open("wb") as sink:
        reader = InputReader({KEY: plan.properties}, config, spool, source.fileno())
        reader.start()
        Writer(connection, config, tables, targets, spool, Outbox(sink.fileno())).run(reader.queue, lambda: False)
