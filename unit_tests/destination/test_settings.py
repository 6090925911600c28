"""The configuration and the catalog: what is taken, and what each mistake says."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from destination_duckdb.catalog import StreamKey, SyncMode, parse_catalog
from destination_duckdb.config import Config, parse_config
from destination_duckdb.errors import ConfigError


def test_parse_config_when_it_is_that_of_the_existing_destination() -> None:
    """Its fields have the same names; fields of others are ignored, and the token is in no repr."""
    config = parse_config(b'{"destination_path":"/local/x.duckdb","schema":"s","motherduck_api_key":"t","other":1}')
    assert config == Config("/local/x.duckdb", "s", "t")
    assert "'t'" not in repr(config)


def test_config_when_compared_with_the_spec() -> None:
    """Every field of the specification is one of the configuration, with the same default."""
    text = resources.files("destination_duckdb").joinpath("spec.json").read_bytes()
    properties = json.loads(text)["connectionSpecification"]["properties"]
    config = Config("x")
    assert set(properties) == set(Config.__slots__)
    assert {name: getattr(config, name) for name, field in properties.items() if "default" in field} == {
        name: field["default"] for name, field in properties.items() if "default" in field
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a configuration"),
        ("{}", "destination_path"),
        ('{"destination_path":""}', "`destination_path` is ''"),
        ('{"destination_path":"x","schema":""}', "`schema` is ''"),
        ('{"destination_path":"x","object_type":"xml"}', "object_type"),
        ('{"destination_path":"x","memory_limit":"much"}', "`memory_limit` is 'much'"),
        ('{"destination_path":"x","threads":0}', "`threads` is 0: it must be 1 to 256"),
        ('{"destination_path":"x","max_record_mb":2000}', "`max_record_mb` is 2000"),
        ('{"destination_path":"x","storage_compatibility":"old"}', "`storage_compatibility` is 'old'"),
    ],
)
def test_parse_config_when_it_is_wrong(text: str, says: str) -> None:
    """The error names the field and the value."""
    with pytest.raises(ConfigError, match=says):
        parse_config(text.encode())


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
    assert (plan.primary_key, plan.cursor) == (("id",), "id")
    assert (plan.generation_id, plan.sync_id, plan.is_truncate) == (3, 9, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[]", "not a configured catalog"),
        (catalog(destination_sync_mode="upsert"), "upsert"),
        (catalog(destination_sync_mode="append_dedup"), "append_dedup needs a primary key"),
        (catalog(destination_sync_mode="append_dedup", primary_key=[["a", "b"]]), "'a.b' is nested"),
        (catalog(destination_sync_mode="append_dedup", primary_key=[["b"]]), "'b' is not in its json_schema"),
        (catalog(stream={"json_schema": {"properties": []}}), "is no object"),
        (catalog(generation_id=2, minimum_generation_id=1), "neither 0 nor generation_id 2"),
        (b'{"streams":[' + b",".join([b'{"stream":{"name":"s"}}'] * 2) + b"]}", "names the stream s twice"),
    ],
)
def test_parse_catalog_when_it_is_wrong(text: bytes, says: str) -> None:
    """The error names the stream and what is wrong with it."""
    with pytest.raises(ConfigError, match=says):
        parse_catalog(text)
