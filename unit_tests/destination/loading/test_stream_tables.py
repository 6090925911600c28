"""How tables are stored."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, WritePlan

PLAN = WritePlan(StreamKey(None, "t"), {"properties": {"type": "object"}}, SyncMode.APPEND, (), None, 0, 0, 0)


@pytest.mark.parametrize(("version", "is_zstd"), [("v1.0.0", False), ("v1.2.0", True), ("v1.4.0", True)])
def test_json_is_compressed_as_the_file_allows(tmp_path: Path, version: str, is_zstd: bool) -> None:
    """A file that an older DuckDB must read holds nothing that it can't; others hold JSON in a third of the room."""
    text = json.dumps({"a": "Zürich, São Paulo, 東京, " * 20})
    with open_database(Config(str(tmp_path / "x.duckdb"), storage_compatibility=version)) as connection:
        StreamTables(connection, Config("x")).prepare([PLAN])
        connection.execute("INSERT INTO t (properties) SELECT ? || repeat(' ', i % 50) FROM range(5000) r(i)", [text])
        connection.execute("CHECKPOINT")
        found = connection.execute(
            "SELECT DISTINCT compression = 'ZSTD' FROM pragma_storage_info('t')"
            " WHERE column_name = 'properties' AND segment_type <> 'VALIDITY'"
        ).fetchall()
        assert connection.execute("SELECT DISTINCT trim(properties) FROM t").fetchall() == [(text,)]
    assert found == [(is_zstd,)]


def test_json_that_becomes_text_and_then_a_number(tmp_path: Path) -> None:
    """A column changes its type whatever its compression was; the others, and their order, stay."""
    kinds: list[dict[str, object]] = [{"type": "object"}, {"type": "string"}, {"type": "integer"}]
    with open_database(Config(str(tmp_path / "x.duckdb"), storage_compatibility="v1.2.0")) as connection:
        for kind in kinds:
            plan = replace(PLAN, properties={"a": {"type": "object"}, "b": kind, "c": {"type": "string"}})
            StreamTables(connection, Config("x")).prepare([plan])
            connection.execute("""INSERT INTO t (a, b, c) VALUES ('{"k":1}', '12', 'x')""")
            connection.execute("CHECKPOINT")
        rows = connection.execute("SELECT COLUMNS('^[abc]$') FROM t").fetchall()
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
    assert rows == [('{"k":1}', 12, "x")] * 3
    assert ("t@converted",) not in tables
