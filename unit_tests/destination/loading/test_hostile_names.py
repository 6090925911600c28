"""Names of streams, properties and namespaces that look like SQL: they name, and do nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_duckdb.config import Config
from destination_duckdb.identifiers import quote_identifier, storable_name
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.loading.merge import batch_table, merge_batch
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.loading.table_loader import has_plain_names, load
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, WritePlan

PIECES = [
    '"',
    "'",
    ";",
    "--",
    "DROP TABLE",
    " ",
    ".",
    "$",
    "?",
    "[",
    "]",
    "*",
    "{",
    "}",
    "\\",
    "\n",
    "é",
    "x",
    "X",
    ")",
    ",",
]
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stream=NAMES,
    namespace=st.one_of(st.none(), NAMES),
    properties=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    exactly=st.booleans(),
)
def test_load_when_names_are_hostile(
    tmp_path: Path, stream: str, namespace: str | None, properties: list[str], exactly: bool
) -> None:
    """A stream of such names is made, merged twice and read back under exactly these names."""
    key = StreamKey(namespace, stream)
    schema = {name: {"type": "string"} for name in properties}
    plan = WritePlan(key, schema, SyncMode.APPEND_DEDUP, ((properties[0],),), (properties[-1],), 0, 0, 0)
    spool = SpoolDirectory(tmp_path)
    message = {"stream": stream, "namespace": namespace, "data": {name: name for name in properties}, "emitted_at": 1}
    line = json.dumps({"type": "RECORD", "record": message}).encode() + b"\n"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        (target,) = StreamTables(connection, Config("x")).prepare([plan])
        for _ in range(2):
            segment = Segment(spool, is_exact=exactly or not has_plain_names(target))
            segment.append(line, 1)
            with batch_table(connection, target) as batch:
                load(connection, target, batch, segment, spool)
                merge_batch(connection, target, batch)
        names = [column.name for column in target.columns]
        columns = ", ".join(map(quote_identifier, names))
        rows = connection.execute(f"SELECT {columns} FROM {target.table.sql}").fetchall()
        assert connection.execute("SELECT answer FROM kept").fetchall() == [(42,)]
        found = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    assert all(name in (wanted, f"{wanted}_2") for name, wanted in zip(names, properties, strict=True))
    assert rows == [tuple(properties)]
    assert (storable_name(namespace or "main"), storable_name(stream)) in found
