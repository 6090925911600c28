"""The configuration: what is accepted, and the error for each mistake."""

from __future__ import annotations

import json
from importlib import resources

import pytest

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
