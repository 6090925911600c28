"""What a sync changes or leaves out is told: each in one WARN, with names and numbers."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from integration_tests.destination.destination_process import (
    Destination,
    Outcome,
    configured,
    lines,
    record,
    state,
    status,
)

ID = {"type": "integer"}


def warnings(outcome: Outcome) -> list[str]:
    """Return the texts of all WARNs; there are no other logs."""
    assert outcome.exit_code == 0, outcome.error
    logs = [message["log"] for message in outcome.messages if message["type"] == "LOG"]
    assert {log["level"] for log in logs} <= {"WARN"}
    return [log["message"] for log in logs]


def write_generation(destination: Destination, number: int, minimum: int, mode: str, *ids: int) -> list[str]:
    """Sync the rows *ids* as a generation, and return the warnings."""
    key = {"primary_key": [["id"]]} if mode == "append_dedup" else {}
    stream = configured("t", {"id": ID}, mode, generation_id=number, minimum_generation_id=minimum, **key)
    records = [record("t", {"id": each}) for each in ids]
    return warnings(destination.write({"streams": [stream]}, [*records, state("t", 1), status("t")]))


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_rows_of_earlier_generations_go(destination: Destination, mode: str) -> None:
    """Where the mode keeps rows and the generation does not (PyAirbyte 329, 330, 903)."""
    assert write_generation(destination, 0, 0, mode, 1, 2, 3) == []
    removed = "Stream t: 3 rows of earlier generations were removed, since the catalog's minimum_generation_id is 1."
    assert write_generation(destination, 1, 1, mode, 4) == [removed]
    assert write_generation(destination, 1, 1, mode, 5) == []


def test_rows_that_overwrite_replaces_go_without_a_word(destination: Destination) -> None:
    for number in (1, 2, 1):
        assert write_generation(destination, number, number, "overwrite", number) == []


def test_an_older_generation_removes_nothing(destination: Destination) -> None:
    write_generation(destination, 5, 0, "append", 1, 2)
    [warning] = write_generation(destination, 3, 3, "append", 3)
    assert warning == (
        "Stream t: the catalog's generation_id 3 is older than generation 5 of the table, so its 2 rows stay. To start"
        " again, reset the stream."
    )


def test_fields_that_are_not_stored(destination: Destination) -> None:
    """The schema decides which columns there are (airbyte 942, 18357, 4611)."""
    streams = [configured("t", {"id": ID}), configured("empty", {})]
    rows = [record("t", {"id": 1}), record("t", {"id": 2, "b": 3}), record("empty", {"x": 1, "y": 2})]
    outcome = destination.write({"streams": streams}, [*rows, status("t"), status("empty")])
    assert warnings(outcome) == [
        "Stream t: 1 field is not in its json_schema and not stored: b (in 1). Looked at 2 records.",
        "Stream empty: 2 fields are not in its json_schema and not stored: x (in 1), y (in 1). Looked at 1 record.",
    ]


@pytest.mark.parametrize("cursor", [["at"], ["meta", "at"], ["id", "at"]])
def test_a_cursor_that_no_column_has(destination: Destination, cursor: list[str]) -> None:
    """Outside of the schema, or within a column that holds no JSON (airbyte 10897, 36253)."""
    stream = configured("t", {"id": ID}, "append_dedup", primary_key=[["id"]], cursor_field=cursor)
    [warning] = warnings(destination.write({"streams": [stream]}, [status("t")]))
    assert warning == (
        f"Stream t: the cursor '{'.'.join(cursor)}' is not in its json_schema, so of rows with the same key the one"
        " extracted last is kept."
    )


def test_lines_that_are_no_messages(destination: Destination) -> None:
    """They reach stderr as they came, and their number is told (estuary/flow 425, airbyte 11975)."""
    plain = [b"Row counts: 5", b'{"level": "info"}', b"\xff\x00"]
    records = [lines([record("t", {"id": number})]) for number in range(3)]
    mixed = b"".join(one + each + b"\n" for one, each in zip(records, plain, strict=True))
    outcome = destination.run("write", {"streams": [configured("t", {"id": ID})]}, mixed + lines([status("t")]))
    assert warnings(outcome) == ["3 lines of the input are not Airbyte messages: copied to stderr, and not stored."]
    assert outcome.stderr.splitlines() == plain
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(3,)]


def indexes(destination: Destination) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        return connection.execute(
            "SELECT schema_name, index_name, is_unique FROM duckdb_indexes() ORDER BY ALL"
        ).fetchall()


def sync(destination: Destination, properties: dict[str, Any], *rows: dict[str, Any]) -> list[str]:
    stream = configured("t", properties, "overwrite", namespace="Some schema")
    records = [record("t", row, namespace="Some schema") for row in rows]
    return warnings(destination.write({"streams": [stream]}, [*records, status("t", namespace="Some schema")]))


def test_indexes_of_users_stay(destination: Destination) -> None:
    """A refresh and a change of type create them again; what no longer fits is told."""
    assert sync(destination, {"id": ID, "n": ID}, {"id": 1, "n": 1}) == []
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute('CREATE INDEX by_n ON "Some schema".t (n); CREATE UNIQUE INDEX one ON "Some schema".t (id)')
    assert sync(destination, {"id": ID, "n": ID}, {"id": 2, "n": 1}) == []
    assert indexes(destination) == [("Some schema", "by_n", False), ("Some schema", "one", True)]
    assert sync(destination, {"id": ID, "n": {"type": "string"}}, {"id": 2, "n": "x"}, {"id": 3, "n": "x"}) == []
    assert indexes(destination) == [("Some schema", "by_n", False), ("Some schema", "one", True)]
    [warning] = sync(destination, {"id": ID, "n": {"type": "string"}}, {"id": 2}, {"id": 2})
    assert warning.startswith("The index one of Some schema.t can't be created again (Constraint Error: ")
    assert warning.endswith('CREATE UNIQUE INDEX one ON "Some schema".t(id);')
    assert indexes(destination) == [("Some schema", "by_n", False)]


def test_indexes_of_users_when_a_column_changes(destination: Destination) -> None:
    """DuckDB changes no column of a table that has an index."""
    for kind, value in (("integer", 1), ("string", "x"), ("integer", 2)):
        stream = configured("t", {"id": ID, "n": {"type": kind}})
        rows = [record("t", {"id": 1, "n": value}), status("t")]
        assert warnings(destination.write({"streams": [stream]}, rows)) == []
        with duckdb.connect(str(destination.database)) as connection:
            connection.execute("CREATE INDEX IF NOT EXISTS by_id ON t (id); CREATE INDEX IF NOT EXISTS by_n ON t (n)")
    assert indexes(destination) == [("main", "by_id", False), ("main", "by_n", False)]
