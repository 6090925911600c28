"""One line of input: which kind of message it is, without decoding its content.

In: a line, with keys in any order and any spacing. Out: a Message whose content is still raw JSON, or None for a plain
line: what a program prints between messages, such as `Row counts: 5` or a log line in JSON (airbyte 11975,
estuary/flow 425). A line that begins like a message, or contains one, is not plain: it was cut or mixed with another.
Raises SystemFault for it that cites its beginning, but nothing of a RECORD, whose values may be private.
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
        """Return it as a StreamKey."""
        return StreamKey(self.namespace or None, self.name)


class RecordHead(msgspec.Struct):
    """The fields of a RECORD that name its stream."""

    stream: str
    namespace: str | None = None

    @property
    def key(self) -> StreamKey:
        """Return the stream."""
        return StreamKey(self.namespace or None, self.stream)


class StreamStatus(msgspec.Struct):
    """The fields of a TRACE that report how a stream ended."""

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
# Python's json module writes these and JSON forbids them, but the record should not be lost.
_NOT_A_NUMBER = re.compile(rb"\b(?:NaN|Infinity)\b")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_SHOWN_BYTES = 80
# Even a cut message shows this much of itself.
_BEGINNING = re.compile(rb'\s*\{\s*("|$)')
_CONTAINS_MESSAGE = re.compile(rb'"type"\s*:\s*"(?:RECORD|STATE|TRACE)"')


def parse_message(line: bytes) -> Message | None:
    """Return the message in *line*, or None for a plain line."""
    try:
        return _DECODER.decode(line)
    except RecursionError as error:
        raise too_deep(line) from error
    except msgspec.MsgspecError as error:
        try:
            return _DECODER.decode(without_oddities(line))
        except msgspec.MsgspecError:
            if _is_plain(line):
                return None
            raise SystemFault(f"A line of the input is not an Airbyte message ({error}): {shown(line)}.") from error


def _is_plain(line: bytes) -> bool:
    return not _CONTAINS_MESSAGE.search(line) and (not _BEGINNING.match(line) or _is_object(line))


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return False
    return True


def too_deep(line: bytes) -> SystemFault:
    """Return the error for a line with thousands of nested values."""
    return SystemFault(f"A line of the input is nested too deeply to be read: {shown(line)}.")


def without_oddities(line: bytes) -> bytes:
    """Return *line* with placeholders for what JSON forbids (NaN, lone surrogates), good enough to classify it."""
    return _NOT_A_NUMBER.sub(b"0", _LONE_SURROGATE.sub(b"\\\\u0020", line))


def shown(line: bytes) -> str:
    """Return *line* as an error may cite it: of a record, only its size."""
    if b'"RECORD"' in line:
        return f"a RECORD of {len(line):,} bytes"
    return repr(line[:_SHOWN_BYTES].decode("utf-8", "replace"))
