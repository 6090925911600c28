"""The configuration: what is accepted, and the error for each mistake."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from destination_duckdb.config import Config, parse_config
from destination_duckdb.errors import ConfigError


def test_parse_config_when_it_is_that_of_the_existing_destination() -> None:
    """Its fields have the same names, what a platform adds is let through, and the token is in no repr."""
    text = b'{"destination_path":"/local/x.duckdb","schema":"s","motherduck_api_key":"t","__injected":1,"threads":null}'
    config = parse_config(text, {})
    assert config == Config("/local/x.duckdb", "s", "t")
    assert "'t'" not in repr(config)


def test_parse_config_when_the_token_is_in_the_environment() -> None:
    """It is taken where the configuration has none, and hidden as the configuration's is."""
    environment = {"MOTHERDUCK_TOKEN": "from-outside"}
    assert parse_config(b'{"destination_path":"md:x"}', environment).motherduck_api_key == "from-outside"
    text = b'{"destination_path":"md:x","motherduck_api_key":"t"}'
    assert parse_config(text, environment).motherduck_api_key == "t"
    assert parse_config(b'{"destination_path":"md:x"}', {"OTHER": "x"}).motherduck_api_key is None


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
        ("", "it is not JSON: "),
        ("[]", 'it is not a JSON object: write it as {"destination_path": …}.'),
        ("{}", "it has no destination_path: add the path of the DuckDB file."),
        (
            '{"destination_path":""}',
            "destination_path '' is not a path: write it as mixpanel.duckdb, or md:<database>.",
        ),
        ('{"destination_path":5}', "destination_path 5 is not a string: write it in quotes."),
        ('{"destination_path":"x","schem":"s"}', "there is no field schem: did you mean schema?"),
        ('{"destination_path":"x","Max-Record-MB":1}', "there is no field Max-Record-MB: did you mean max_record_mb?"),
        ('{"destination_path":"x","other":1}', "there is no field other: there are destination_path, max_record_mb, "),
        ('{"destination_path":"x","schema":""}', "schema '' is empty: give it a name, or leave it out for main."),
        ('{"destination_path":"x","object_type":"xml"}', "object_type 'xml' is unknown: choose json or variant."),
        ('{"destination_path":"x","memory_limit":"much"}', "memory_limit 'much' is not a size: write it as 300MB or "),
        ('{"destination_path":"x","threads":0}', "threads 0 is out of range: choose 1 to 256."),
        ('{"destination_path":"x","threads":"4"}', "threads '4' is not a whole number: write it as 4, without quotes."),
        ('{"destination_path":"x","threads":true}', "threads true is not a whole number: choose 1 to 256."),
        ('{"destination_path":"x","max_uncommitted_mb":0}', "max_uncommitted_mb 0 is out of range: choose 1 or more."),
        ('{"destination_path":"x","max_record_mb":2000}', "max_record_mb 2000 is out of range: choose 1 to 1024."),
        ('{"destination_path":"x","motherduck_api_key":9}', "motherduck_api_key is not a string: write it in quotes."),
        (
            '{"destination_path":"x","storage_compatibility":"old"}',
            "storage_compatibility 'old' is not a version of DuckDB: write it as v1.4.0, or latest.",
        ),
    ],
)
def test_parse_config_when_it_is_wrong(text: str, says: str) -> None:
    """The error names the field, its value and what would be right; it shows no pattern and no type of Python."""
    with pytest.raises(ConfigError) as raised:
        parse_config(text.encode(), {})
    assert str(raised.value).startswith(says)


@pytest.mark.parametrize(
    ("text", "mib"), [("300MB", 286), ("4GiB", 4096), ("1.5 GB", 1430), ("1TiB", 1 << 20), ("512KiB", 0)]
)
def test_memory_limit_in_mib(text: str, mib: int) -> None:
    assert parse_config(b'{"destination_path":"x","memory_limit":"%s"}' % text.encode(), {}).memory_limit_mib == mib
