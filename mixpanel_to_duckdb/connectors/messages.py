"""Decodes the parts of protocol messages that are reported to people.

In: a line that a connector wrote; out: a `Message`. A line that is no message (a warning of Python's, a library's
print) becomes a LOG message, so that no output is lost.
"""

from __future__ import annotations

import msgspec

from source_mixpanel_parallel.errors import NotAsked, Stopped, StreamsIncomplete


class Descriptor(msgspec.Struct, frozen=True):
    """Names a stream."""

    name: str = ""


class Error(msgspec.Struct, frozen=True):
    """What a connector says went wrong; *failure_type* is the protocol's."""

    message: str = ""
    failure_type: str = "system_error"
    internal_message: str = ""
    stream_descriptor: Descriptor | None = None

    @property
    def code(self) -> str:
        """What went wrong, in one word of docs/log-lines.md; empty for a connector that has no codes."""
        code, colon, _ = self.internal_message.partition(": ")
        return code if colon and code.isidentifier() else ""

    @property
    def stream(self) -> str | None:
        """The stream that it is of, if it is of one."""
        return self.stream_descriptor.name if self.stream_descriptor else None


class Trace(msgspec.Struct, frozen=True):
    """A TRACE message's content, if it is an error."""

    error: Error | None = None


class Log(msgspec.Struct, frozen=True):
    """A LOG message's content."""

    message: str = ""
    level: str = "INFO"


class ConnectionStatus(msgspec.Struct, frozen=True):
    """The result of `check`; *message* says what is wrong."""

    status: str = "FAILED"
    message: str = ""


class _Count(msgspec.Struct, frozen=True, rename="camel"):
    record_count: float = 0


class _StreamState(msgspec.Struct, frozen=True):
    stream_descriptor: Descriptor = Descriptor()


class State(msgspec.Struct, frozen=True, rename={"destination_stats": "destinationStats"}):
    """A STATE message's content as the destination echoes it: how many rows were committed with it."""

    stream: _StreamState = _StreamState()
    destination_stats: _Count = _Count()


class Message(msgspec.Struct, frozen=True, rename={"connection_status": "connectionStatus"}):
    """A protocol message; of its content only what is used here."""

    type: str = ""
    log: Log | None = None
    trace: Trace | None = None
    state: State | None = None
    connection_status: ConnectionStatus | None = None

    @property
    def error(self) -> Error | None:
        """The error that the message reports, if it is one."""
        return self.trace.error if self.trace else None


# What follows from other errors, or from being stopped.
CONSEQUENCES = frozenset({Stopped.code, NotAsked.code, StreamsIncomplete.code})


def is_consequence(error: Error) -> bool:
    """Tell whether *error* only follows from others, or from being stopped."""
    return error.code in CONSEQUENCES


_DECODER = msgspec.json.Decoder(Message)


def parse_message(line: bytes) -> Message:
    """Return the message in *line*."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return Message(type="LOG", log=Log(line.decode(errors="replace").rstrip()))
