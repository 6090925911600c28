"""Tables whose objects go from JSON to VARIANT and back, when the configuration changes."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from integration_tests.destination.destination_process import Destination, configured, record, state, status

CATALOG = {"streams": [configured(name, {"v": {"type": "object"}}) for name in ("t", "decimals", "doubles")]}
FIRST: list[dict[str, Any] | bytes] = [
    record("t", {"v": {"b": [1, "x"], "a": {"d": 0.1}}}),
    record("t", {"v": {"n": None, "": "é"}}),
    b'{"type":"RECORD","record":{"stream":"decimals","data":{"v":{"d":0.12345678901234567891}},"emitted_at":1}}',
    b'{"type":"RECORD","record":{"stream":"doubles","data":{"v":{"a":1,"a":1}},"emitted_at":1}}',
]
# Versions of DuckDB order the keys of a VARIANT in more than one way.
KEPT = [{"b": [1, "x"], "a": {"d": 0.1}}, {"n": None, "": "é"}]
ENDS: list[dict[str, Any] | bytes] = [
    each for name in ("t", "decimals", "doubles") for each in (state(name, 1), status(name))
]


def columns(destination: Destination, table: str) -> dict[str, str]:
    """Return the types of the columns that are not our own."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        described = connection.execute(f"DESCRIBE {table}").fetchall()
    return {row[0]: row[1] for row in described if not row[0].startswith("_airbyte")}


def documents(destination: Destination, table: str, column: str) -> list[Any]:
    """Return what the column holds, as JSON."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        query = f"SELECT CAST(CAST({column} AS JSON) AS VARCHAR) FROM {table} WHERE {column} IS NOT NULL ORDER BY 1"
        return [row[0] for row in connection.execute(query).fetchall()]


def test_write_when_the_object_type_changes(destination: Destination) -> None:
    """What VARIANT holds without loss converts there and back; else the JSON stays beside."""
    modern = Destination(destination.directory, {**destination.config, "storage_compatibility": "v1.5.0"})
    variant = Destination(destination.directory, {**modern.config, "object_type": "variant"})
    assert modern.write(CATALOG, [*FIRST, *ENDS]).exit_code == 0
    assert variant.write(CATALOG, [record("decimals", {"v": {"new": 1}}), *ENDS]).exit_code == 0
    assert columns(destination, "t") == {"v": "VARIANT"}
    assert sorted(map(json.loads, documents(destination, "t", "v")), key=lambda each: "n" in each) == KEPT
    for table in ("decimals", "doubles"):
        assert columns(destination, table) == {"v_json": "JSON", "v": "VARIANT"}
    assert documents(destination, "decimals", "v_json") == ['{"d":0.12345678901234567891}']
    assert documents(destination, "decimals", "v") == ['{"new":1}']
    assert documents(destination, "doubles", "v_json") == ['{"a":1,"a":1}']
    assert destination.write(CATALOG, ENDS).exit_code == 0
    assert columns(destination, "t") == {"v": "JSON"}
    assert sorted(map(json.loads, documents(destination, "t", "v")), key=lambda each: "n" in each) == KEPT
