"""RECORD lines as messages, for callers that want an object a record."""

from __future__ import annotations

from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type

from source_mixpanel_parallel.emission.record_messages import messages_of


def message(stream: str, data: dict[str, object]) -> AirbyteMessage:
    return AirbyteMessage(type=Type.RECORD, record=AirbyteRecordMessage(stream=stream, data=data, emitted_at=5))


def test_messages_when_lines_are_known() -> None:
    """Each line is a message, in order; big integers and half emojis stay what they are."""
    lines = (
        b'{"type":"RECORD","record":{"stream":"events","data":{"properties":{"n":12345678901234567890123456}},'
        b'"emitted_at":5}}\n'
        b'{"type":"RECORD","record":{"stream":"profiles","data":{"a":"\\ud800","b":null,"c":"\xe2\x80\xa8"},'
        b'"emitted_at":5}}\n'
    )
    assert list(messages_of(lines)) == [
        message("events", {"properties": {"n": 12345678901234567890123456}}),
        message("profiles", {"a": "\ud800", "b": None, "c": "\u2028"}),
    ]


def test_messages_when_there_are_no_lines() -> None:
    """No line is no message."""
    assert list(messages_of(b"")) == []
