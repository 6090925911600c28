"""Every folder of destination_cases: messages in, tables out.

A folder holds `catalog.json` and `messages.jsonl` (a second sync: `catalog.2.json`, `messages.2.jsonl`, and so on; a
catalog that does not change is not repeated), and `expected.json`: what the case is about, how each sync ends, and
every table with its types and rows. Values are written as DuckDB casts them to text; `_changes` and `_generation`
stand for our own columns, and are left out where there are no changes and the generation is 0.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, Outcome

CASES = Path(__file__).parent.parent / "destination_cases"
OWN = {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"}


def quoted(name: str) -> str:
    """Return *name* as an identifier; written here again, so that a mistake in the destination's own shows."""
    return '"' + '""'.join(name.split('"')) + '"'


def table_content(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """Return the types and rows of a table as a case writes them."""
    name = f"{quoted(schema)}.{quoted(table)}"
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    columns = {row[0]: row[1] for row in described}
    # Versions of DuckDB print a double in more than one way, Python in one.
    texts = ", ".join(
        quoted(column) if kind == "DOUBLE" else f"CAST({quoted(column)} AS VARCHAR)" for column, kind in columns.items()
    )
    rows = [
        dict(zip(columns, row, strict=True)) for row in connection.execute(f"SELECT {texts} FROM {name}").fetchall()
    ]
    return {
        "columns": {column: kind for column, kind in columns.items() if column not in OWN},
        "rows": sorted(map(shown_row, rows), key=json.dumps),
    }


def shown_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without our own columns, save what is worth telling."""
    assert row["_airbyte_raw_id"] is not None
    assert row["_airbyte_extracted_at"] is not None
    shown = {
        column: repr(value) if isinstance(value, float) else value for column, value in row.items() if column not in OWN
    }
    changes = json.loads(row["_airbyte_meta"])["changes"]
    if changes:
        shown["_changes"] = [f"{each['field']}: {each['change']} {each['reason']}" for each in changes]
    if row["_airbyte_generation_id"] != "0":
        shown["_generation"] = int(row["_airbyte_generation_id"])
    return shown


def database_content(database: Path) -> dict[str, Any]:
    """Return all tables of streams, and stages that are left; none where nothing was begun."""
    if not database.exists():
        return {}
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        kept = [name for name in names if name[1] != "_airbyte_state" and not name[1].startswith("registered_")]
        return {f"{schema}.{table}": table_content(connection, schema, table) for schema, table in sorted(kept)}


def run_case(folder: Path, destination: Destination) -> list[Outcome]:
    """Run the case's syncs, one after the other."""
    outcomes: list[Outcome] = []
    catalog: dict[str, Any] = {}
    for number in range(1, 10):
        suffix = "" if number == 1 else f".{number}"
        messages = folder / f"messages{suffix}.jsonl"
        if not messages.exists():
            break
        changed = folder / f"catalog{suffix}.json"
        if changed.exists():
            catalog = json.loads(changed.read_bytes())
        outcomes.append(destination.run("write", catalog, messages.read_bytes()))
    return outcomes


def shown_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what a case says about the end of a sync."""
    echoes = [json.loads(line) for line in outcome.states]
    shown: dict[str, Any] = {"exit_code": outcome.exit_code}
    if echoes:
        shown["record_counts"] = [each["state"]["destinationStats"]["recordCount"] for each in echoes]
    if outcome.error is not None:
        shown["error"] = outcome.error
    return shown


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_destination_case(name: str, tmp_path: Path) -> None:
    """The syncs end as expected, and the tables hold exactly what is expected."""
    folder = CASES / name
    expected = json.loads((folder / "expected.json").read_bytes())
    config = {"destination_path": str(tmp_path / "case.duckdb")} | expected.get("config", {})
    outcomes = run_case(folder, Destination(tmp_path, config))
    for outcome, end in zip(map(shown_outcome, outcomes), expected["syncs"], strict=True):
        error = end.pop("error", None)
        assert bool(error) == ("error" in outcome), outcome
        assert error is None or re.search(error, outcome.pop("error"))
        assert outcome == end
    assert database_content(tmp_path / "case.duckdb") == expected["tables"]
