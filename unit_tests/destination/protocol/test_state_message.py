"""States come back byte for byte, with the count added."""

from __future__ import annotations

import json

import pytest

from destination_duckdb.errors import SystemFault
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.messages import parse_message
from destination_duckdb.protocol.state_message import StateLine, parse_state


def parsed(line: bytes) -> StateLine:
    """Return the state in *line*."""
    message = parse_message(line)
    assert message is not None
    return parse_state(message, line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{}}}}',
        b'{ "state" : {"x":1.10, "type":"STREAM","stream":{"stream_descriptor":{"name":"s"}}  } , "type":"STATE" }',
        b'{"type":"STATE","state":{"data":{"big":123456789012345678901234567890,"e":1e5,"u":"\\u00e9"}},"id":7}',
        b'{"a":{"data":{}},"state":{"data":{}},"type":"STATE"}',
        b'{"type":"STATE","state":{}}',
        b'{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{},"stream_states":[]}},"id":1}',
    ],
)
def test_echo_when_the_state_is_odd(line: bytes) -> None:
    """Without what was added, the echo is the line."""
    echo = parsed(line).echo(12)
    state = json.loads(echo)["state"]
    assert state["destinationStats"] == {"recordCount": 12}
    added = b'"destinationStats":{"recordCount":12}'
    assert line in (echo.replace(b"," + added, b""), echo.replace(added, b""))


def test_parse_state_when_it_covers_streams() -> None:
    """A state says which stream it covers; without a type it is a LEGACY one, which covers all."""
    line = b'{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s","namespace":"n"}}}}'
    assert parsed(line).key == StreamKey("n", "s")
    assert (parsed(b'{"type":"STATE","state":{"data":{}}}').type, parsed(line).type) == ("LEGACY", "STREAM")


@pytest.mark.parametrize(
    "state",
    [b"", b',"state":{"type":"STREAM"}', b',"state":{"type":"GLOBAL"}', b',"state":5', b',"state":{"type":"X"}'],
)
def test_parse_state_when_it_covers_nothing(state: bytes) -> None:
    """A state that does not say what it covers is an error."""
    with pytest.raises(SystemFault, match="STATE message of the input"):
        parsed(b'{"type":"STATE"' + state + b"}")
