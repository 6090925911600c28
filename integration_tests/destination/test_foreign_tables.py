"""Tables, schemas and files of others: never written to, and told; names that DuckDB also uses for itself work."""

from __future__ import annotations

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, configured, record, state, status

STREAM = configured("t", {"id": {"type": "integer"}}, "append_dedup", primary_key=[["id"]])
CATALOG = {"streams": [STREAM]}
MESSAGES = [record("t", {"id": 1}), state("t", 1), record("t", {"id": 1}), record("t", {"id": 2}), status("t")]
# As PyAirbyte's caches make it (PyAirbyte 903).
STATE_OF_PYAIRBYTE = (
    "CREATE TABLE _airbyte_state (source_name VARCHAR, stream_name VARCHAR, state_json VARCHAR, last_updated TIMESTAMP)"
)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        (STATE_OF_PYAIRBYTE, "main._airbyte_state"),
        ("CREATE VIEW _airbyte_state AS SELECT 1 AS one", "main._airbyte_state"),
        (
            "CREATE SCHEMA _airbyte_internal; CREATE TABLE _airbyte_internal.registered_streams (x INTEGER)",
            "_airbyte_internal.registered_streams",
        ),
        (
            "CREATE SCHEMA _airbyte_internal; CREATE TABLE _airbyte_internal.registered_columns (x INTEGER)",
            "_airbyte_internal.registered_columns",
        ),
    ],
)
def test_our_own_tables_when_they_are_foreign(destination: Destination, statement: str, table: str) -> None:
    """Every command says which table it is; nothing is written."""
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute(statement)
    sentence = f"The table {table} already exists and was not created by this destination: rename it, or choose another"
    assert sentence in (destination.write(CATALOG, MESSAGES).error or "")
    (checked,) = destination.run("check").messages
    assert sentence in checked["connectionStatus"]["message"]
    if table.endswith("state"):
        assert sentence in (destination.run("state").error or "")
    reset = destination.call([*destination.arguments("reset"), "--stream", "t"])
    assert sentence in (reset.error or "")
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        tables = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    assert tables == [(0,)] if "VIEW" in statement else [(1,)]


def test_a_table_of_another_airbyte_destination(destination: Destination) -> None:
    """Its columns are ours by name, but its rows are not: key columns would be set aside."""
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute(
            "CREATE TABLE t (_airbyte_raw_id UUID, _airbyte_extracted_at TIMESTAMPTZ, _airbyte_meta JSON,"
            " _airbyte_generation_id BIGINT, id BIGINT)"
        )
    assert "The table main.t already exists and was not created by" in (
        destination.write(CATALOG, MESSAGES).error or ""
    )


@pytest.mark.parametrize("schema", ["temp", "system", "memory", "main", "Pg_Catalog", "information_schema", "test"])
def test_schemas_that_duckdb_has_too(destination: Destination, schema: str) -> None:
    """The file has a schema of the name of a database or schema of DuckDB's own (duckdb 11099, target-duckdb 21)."""
    named = Destination(destination.directory, {**destination.config, "schema": schema})
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS temp")
    for _ in range(2):
        outcome = named.write(CATALOG, MESSAGES)
        assert (outcome.exit_code, outcome.error) == (0, None)
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        [(found,)] = connection.execute("SELECT schema_name FROM duckdb_tables() WHERE table_name = 't'").fetchall()
        rows = connection.execute(f'SELECT count(*) FROM test."{found}".t').fetchall()
    assert (found.removesuffix("_2").lower(), rows) == (schema.lower(), [(2,)])


@pytest.mark.parametrize(
    "name", ["temp", "system", "memory", "main", "t", "a.b", 'q"u', "é ü", "_airbyte_internal", "1"]
)
def test_files_that_are_called_as_duckdb_calls_things(destination: Destination, name: str) -> None:
    path = destination.directory / f"{name}.duckdb"
    named = Destination(destination.directory, {"destination_path": str(path)})
    for _ in range(2):
        outcome = named.write(CATALOG, MESSAGES)
        assert (outcome.exit_code, outcome.error) == (0, None)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM main.t").fetchall() == [(2,)]
