"""`reset`: streams go with their unfinished refreshes and their state, in one transaction."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from destination_duckdb.identifiers import quote_identifier
from integration_tests.destination.destination_process import Destination, Outcome, configured, record, state, status

PROPERTIES = {"id": {"type": "integer"}}
NAMES = ("a", "b")


def global_state(*streams: str) -> dict[str, Any]:
    """Return a GLOBAL state of these streams."""
    states = [{"stream_descriptor": {"name": name}, "stream_state": {"of": name}} for name in streams]
    return {"type": "STATE", "state": {"type": "GLOBAL", "global": {"stream_states": states}}}


def write(destination: Destination, refreshed: int = 0) -> Outcome:
    """Write a row of each stream and their state; of a refresh, `a` does not become complete."""
    generations = {"a": refreshed, "b": 0}
    streams = [
        configured(name, PROPERTIES, generation_id=number, minimum_generation_id=number)
        for name, number in generations.items()
    ]
    ends = [status("a", "INCOMPLETE" if refreshed else "COMPLETE"), status("b")]
    return destination.write(
        {"streams": streams}, [*[record(name, {"id": 1}) for name in NAMES], global_state(*NAMES), *ends]
    )


def reset(destination: Destination, *names: str) -> Outcome:
    """Remove streams."""
    command = [*destination.arguments("reset"), *(f"--stream={name}" for name in names)]
    return destination.call(command)


def everything(destination: Destination) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of all tables by name, without when they were written."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return {
            name: connection.execute(
                "SELECT COLUMNS(lambda c: c NOT IN ('committed_at', '_airbyte_raw_id'))"
                f" FROM {quote_identifier(schema)}.{quote_identifier(name)} ORDER BY ALL"
            ).fetchall()
            for schema, name in tables
        }


def test_reset_of_one_stream(destination: Destination) -> None:
    """Its table, stage and columns go, and its part of a GLOBAL state; a sync then fills it as if it were new."""
    assert write(destination).exit_code == 0
    fresh = everything(destination)
    assert write(destination, refreshed=2).exit_code == 1
    assert len(everything(destination)) > len(fresh)
    outcome = reset(destination, "a")
    assert (outcome.exit_code, json.loads(outcome.stdout)) == (0, [{"namespace": None, "stream": "a", "rows": 1}])
    assert json.loads(destination.run("state").stdout) == [global_state("b")["state"]]
    left = everything(destination)
    assert left.keys() == fresh.keys() - {"a"}
    assert [row[1] for row in left["registered_streams"]] == ["b"]
    assert [row[1] for row in left["registered_columns"]] == ["b"]
    only_a = {"streams": [configured("a", PROPERTIES)]}
    assert destination.write(only_a, [record("a", {"id": 1}), state("a", {}), status("a")]).exit_code == 0
    assert everything(destination)["a"] == fresh["a"]


def test_reset_when_one_is_not_there(destination: Destination) -> None:
    """None is removed then, and the error names the streams that are there."""
    missing = reset(destination, "a")
    assert missing.exit_code == 1
    assert missing.error is not None
    assert missing.error.endswith("does not exist yet, so there is nothing to reset.")
    assert not destination.database.exists()
    assert write(destination).exit_code == 0
    before = everything(destination)
    outcome = reset(destination, "a", "c")
    assert (outcome.exit_code, outcome.error) == (1, "The database has no stream c, only b.")
    assert everything(destination) == before
