"""Names of streams, properties and namespaces that look like SQL: they name, and do nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database
from destination_duckdb.identifiers import fold, quote_identifier, storable_name
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
    with duckdb.connect(config={"threads": 1}) as connection:
        load_twice(connection, tmp_path, "x", StreamKey(namespace, stream), properties, exactly=exactly)


# What UTF-8 can encode. A file has no empty name and no NUL, and DuckDB takes a backslash for a slash.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
FILES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1, max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=FILES.map(lambda name: f"{name}.duckdb"),
    schema=TEXTS.filter(bool),
    stream=TEXTS,
    namespace=st.one_of(st.none(), TEXTS.filter(bool)),
    properties=st.lists(TEXTS, min_size=1, max_size=4, unique=True),
)
@example(file="temp", schema="temp", stream="temp", namespace="system", properties=["rowid", "É", "é"])
@example(file="main", schema="information_schema", stream="T", namespace="İ", properties=["ß", "ss", "ẞ"])
@example(file="_airbyte_internal", schema="_airbyte_internal", stream="\0", namespace=None, properties=["", "\0"])
def test_load_when_names_are_any_text(
    tmp_path: Path, file: str, schema: str, stream: str, namespace: str | None, properties: list[str]
) -> None:
    """The same in a file of any name and a schema of any name."""
    path = tmp_path / file
    path.unlink(missing_ok=True)
    with open_database(Config(str(path), threads=1)) as connection:
        load_twice(connection, tmp_path, schema, StreamKey(namespace, stream), properties)


def load_twice(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    schema: str,
    key: StreamKey,
    properties: list[str],
    *,
    exactly: bool = False,
) -> None:
    """Make the stream, merge the same record twice, and read it back."""
    types = {name: {"type": "string"} for name in properties}
    plan = WritePlan(key, types, SyncMode.APPEND_DEDUP, ((properties[0],),), (properties[-1],), 0, 0, 0)
    spool = SpoolDirectory(folder)
    data = {name: name for name in properties}
    message = {"stream": key.name, "namespace": key.namespace, "data": data, "emitted_at": 1}
    line = json.dumps({"type": "RECORD", "record": message}).encode() + b"\n"
    connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    (target,) = StreamTables(connection, Config("x", schema=schema)).prepare([plan])
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
    for name, wanted in zip(names, properties, strict=True):
        assert re.fullmatch(re.escape(storable_name(wanted)) + r"(_\d)?", name)
    assert rows == [tuple(properties)]
    # A namespace that differs from an earlier schema by case alone shares it, under the earlier name.
    assert (fold(target.table.schema), target.table.name) in [(fold(name), table) for name, table in found]
    wanted = storable_name(schema if key.namespace is None else key.namespace)
    assert target.table.schema in {wanted, f"{wanted}_2"}
    assert target.table.name in {storable_name(key.name), f"{storable_name(key.name)}_2"}
