"""Airbyte's source-faker into our destination: every row, column and value that it printed, in every sync mode."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from client_tests.faker_sync import MODES, FakerSync

FAKER = {"count": 60, "seed": 7, "parallelism": 1, "records_per_slice": 25, "always_updated": True}
INTEGER, NUMBER, TEXT, TIME, JSON = "HUGEINT", "DOUBLE", "VARCHAR", "TIMESTAMP WITH TIME ZONE", "JSON"
COLUMNS = {
    "products": {
        "id": INTEGER, "make": TEXT, "model": TEXT, "year": INTEGER, "price": NUMBER, "created_at": TIME,
        "updated_at": TIME,
    },
    "users": {
        "id": INTEGER, "created_at": TIME, "updated_at": TIME, "name": TEXT, "title": TEXT, "age": INTEGER,
        "email": TEXT, "telephone": TEXT, "gender": TEXT, "language": TEXT, "academic_degree": TEXT,
        "nationality": TEXT, "occupation": TEXT, "height": TEXT, "blood_type": TEXT, "weight": INTEGER, "address": JSON,
    },
    "purchases": {
        "id": INTEGER, "user_id": INTEGER, "product_id": INTEGER, "created_at": TIME, "updated_at": TIME,
        "added_to_cart_at": TIME, "purchased_at": TIME, "returned_at": TIME,
    },
}  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
READ = {TIME: "epoch_us({})"}


def stored(database: Path, stream: str) -> Counter[str]:
    """Return a table's rows as JSON, times as microseconds, nested values parsed."""
    columns = COLUMNS[stream]
    selected = ", ".join(READ.get(kind, "{}").format(name) for name, kind in columns.items())
    with duckdb.connect(str(database), read_only=True) as connection:
        described = connection.execute(f"DESCRIBE {stream}").fetchall()
        rows = connection.execute(f"SELECT {selected} FROM {stream}").fetchall()
        [(changes,)] = connection.execute(
            f"SELECT count(*) FROM {stream} WHERE json_array_length(_airbyte_meta, '$.changes') > 0"
        ).fetchall()
    assert {row[0]: row[1] for row in described if not row[0].startswith("_airbyte_")} == columns
    assert changes == 0
    return Counter(_row(dict(zip(columns, row, strict=True)), stream) for row in rows)


def _row(values: Mapping[str, Any], stream: str) -> str:
    parsed = {k: json.loads(v) if COLUMNS[stream][k] == JSON and v is not None else v for k, v in values.items()}
    return json.dumps(parsed, sort_keys=True)


def printed(records: Iterable[Mapping[str, Any]], stream: str, *, last_by_id: bool) -> Counter[str]:
    """Return the rows that printed records should be; of records with one id the last, if that is asked for."""
    rows = [_expected(record["data"], stream) for record in records if record["stream"] == stream]
    if last_by_id:
        rows = list({row["id"]: row for row in rows}.values())
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def _expected(data: Mapping[str, Any], stream: str) -> dict[str, Any]:
    columns = COLUMNS[stream]
    assert data.keys() <= columns.keys()
    return {name: _converted(data.get(name), kind) for name, kind in columns.items()}


def _converted(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == TIME:
        moment = datetime.fromisoformat(value)  # some have no zone, against their schema: then they mean UTC
        return ((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)) - EPOCH) // timedelta(microseconds=1)
    return float(value) if kind == NUMBER else value


@pytest.mark.parametrize("name", MODES)
def test_every_sync_mode_holds_what_the_source_printed(name: str, tmp_path: Path) -> None:
    """Two syncs that bring every record anew: the mode decides what is left of the first."""
    mode, sync = MODES[name], FakerSync(tmp_path)
    first = sync.run(mode, 1, FAKER)
    assert Counter(record["stream"] for record in first) == dict.fromkeys(COLUMNS, 60)
    is_dedup = mode.destination == "append_dedup"
    for stream in COLUMNS:
        assert stored(sync.database, stream) == printed(first, stream, last_by_id=is_dedup)
    generation = 1 if mode.keeps_earlier else 2
    second = sync.run(mode, generation, {**FAKER, "count": 80})
    left = [*first, *second] if mode.keeps_earlier else second
    for stream in COLUMNS:
        assert stored(sync.database, stream) == printed(left, stream, last_by_id=is_dedup)


def test_second_sync_goes_on_from_the_destinations_state(tmp_path: Path) -> None:
    """A source that has nothing new prints nothing when it gets the state that the database kept."""
    mode, sync = MODES["incremental_append"], FakerSync(tmp_path)
    config = {**FAKER, "always_updated": False}
    first = sync.run(mode, 1, config)
    last = {state["stream"]["stream_descriptor"]["name"]: state for state in sync.echoed_states()}
    assert last.keys() == COLUMNS.keys()
    assert sync.run(mode, 1, config) == []
    for stream in COLUMNS:
        assert stored(sync.database, stream) == printed(first, stream, last_by_id=False)
