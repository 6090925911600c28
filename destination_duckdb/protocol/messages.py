"""One line of the input: which kind of message it is, without building what it carries.

In: a line, in any order of keys and with any spaces. Out: a Message whose parts are still raw JSON. Raises
SystemFault that says what is wrong with the line, with the first characters of it unless it is a record, whose
values may be private.
"""

import re

import msgspec

from destination_duckdb.errors import SystemFault
from destination_duckdb.protocol.catalog import StreamKey


class Descriptor(msgspec.Struct):
    """Names a stream in a state or a status."""

    name: str
    namespace: str | None = None

    @property
    def key(self) -> StreamKey:
        """Return it as our own value."""
        return StreamKey(self.namespace or None, self.name)


class RecordHead(msgspec.Struct):
    """The part of a RECORD that says where it goes."""

    stream: str
    namespace: str | None = None

    @property
    def key(self) -> StreamKey:
        """Return the stream that it belongs to."""
        return StreamKey(self.namespace or None, self.stream)


class StreamStatus(msgspec.Struct):
    """The part of a TRACE that says how a stream ended."""

    stream_descriptor: Descriptor
    status: str


class Trace(msgspec.Struct):
    """A TRACE message."""

    type: str
    stream_status: StreamStatus | None = None


class Message(msgspec.Struct):
    """A message of the protocol."""

    type: str
    record: RecordHead | None = None
    state: msgspec.Raw = msgspec.Raw()
    trace: Trace | None = None


_DECODER = msgspec.json.Decoder(Message)
# Spelled by Python's json module, forbidden by JSON, and no reason to lose the record.
_NOT_A_NUMBER = re.compile(rb"\b(?:NaN|Infinity)\b")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_SHOWN_BYTES = 80


def parse_message(line: bytes) -> Message:
    """Return the message in *line*."""
    try:
        return _DECODER.decode(line)
    except RecursionError as error:
        raise too_deep(line) from error
    except msgspec.MsgspecError as error:
        try:
            return _DECODER.decode(without_oddities(line))
        except msgspec.MsgspecError:
            raise SystemFault(f"A line of the input is not an Airbyte message ({error}): {shown(line)}.") from error


def too_deep(line: bytes) -> SystemFault:
    """Return the error for a line whose values lie in each other thousands of times."""
    return SystemFault(f"A line of the input is nested too deeply to be read: {shown(line)}.")


def without_oddities(line: bytes) -> bytes:
    """Return *line* with what is outside JSON (NaN, lone surrogates) made harmless, enough to classify it."""
    return _NOT_A_NUMBER.sub(b"0", _LONE_SURROGATE.sub(b"\\\\u0020", line))


def shown(line: bytes) -> str:
    """Return how a message about *line* may cite it: a record by its size alone."""
    if b'"RECORD"' in line:
        return f"a RECORD of {len(line):,} bytes"
    return repr(line[:_SHOWN_BYTES].decode("utf-8", "replace"))
