"""The configured catalog: what is accepted, and the error for each mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from destination_duckdb.errors import ConfigError
from destination_duckdb.protocol.catalog import StreamKey, SyncMode, parse_catalog


def catalog(**more: Any) -> bytes:
    """Return a catalog of one stream."""
    stream = {"name": "s", "json_schema": {"properties": {"id": {"type": "integer"}}}} | more.pop("stream", {})
    return json.dumps({"streams": [{"stream": stream, "destination_sync_mode": "append"} | more]}).encode()


def test_parse_catalog_when_it_is_whole() -> None:
    """A configured key and cursor win over the stream's own; an empty namespace is none."""
    text = catalog(
        stream={"namespace": "", "source_defined_primary_key": [["x"]], "default_cursor_field": ["y"]},
        destination_sync_mode="append_dedup",
        primary_key=[["id"]],
        cursor_field=["id"],
        generation_id=3,
        minimum_generation_id=3,
        sync_id=9,
    )
    (plan,) = parse_catalog(text)
    assert (plan.key, plan.sync_mode) == (StreamKey(None, "s"), SyncMode.APPEND_DEDUP)
    assert (plan.primary_key, plan.cursor) == ((("id",),), ("id",))
    assert (plan.generation_id, plan.sync_id, plan.is_truncate) == (3, 9, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[]", "not a configured catalog"),
        (catalog(destination_sync_mode="upsert"), "upsert"),
        (catalog(destination_sync_mode="append_dedup"), "append_dedup needs a primary key"),
        (catalog(destination_sync_mode="append_dedup", primary_key=[["a", "b"]]), "'a.b' is not in its json_schema"),
        (catalog(destination_sync_mode="append_dedup", primary_key=[[1]]), "is not a list of field paths"),
        (catalog(destination_sync_mode="append_dedup", primary_key=["id"], cursor_field=7), "is not a field path"),
        (catalog(destination_sync_mode="append_dedup", primary_key=[["b"]]), "'b' is not in its json_schema"),
        (catalog(stream={"json_schema": {"properties": []}}), "is not an object"),
        (catalog(generation_id=2, minimum_generation_id=1), "neither 0 nor generation_id 2"),
        (b'{"streams":[' + b",".join([b'{"stream":{"name":"s"}}'] * 2) + b"]}", "names the stream s twice"),
    ],
)
def test_parse_catalog_when_it_is_wrong(text: bytes, says: str) -> None:
    """The error names the stream and what is wrong with it."""
    with pytest.raises(ConfigError, match=says):
        parse_catalog(text)


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_parse_catalog_when_a_mode_has_no_key(mode: str) -> None:
    """Keys and cursors that the mode does not use are not looked at (airbyte 28557, PyAirbyte 181)."""
    stream = {"source_defined_primary_key": [["data", "id"]], "default_cursor_field": 7}
    (plan,) = parse_catalog(catalog(destination_sync_mode=mode, stream=stream, primary_key=[["x"]]))
    assert (plan.primary_key, plan.cursor) == ((), None)


def test_parse_catalog_when_a_key_is_a_plain_name() -> None:
    (plan,) = parse_catalog(catalog(destination_sync_mode="append_dedup", primary_key=["id"], cursor_field="id"))
    assert (plan.primary_key, plan.cursor) == ((("id",),), ("id",))
