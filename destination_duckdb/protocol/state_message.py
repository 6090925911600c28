"""A STATE message: which streams it covers, and its echo.

In: the line as it came. Out: a StateLine, whose echo is the same bytes with `destinationStats` added. Raises
SystemFault where the message does not name what it covers.
"""

from dataclasses import dataclass

import msgspec

from destination_duckdb.errors import SystemFault
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.messages import Descriptor, Message, shown


class _StreamState(msgspec.Struct):
    stream_descriptor: Descriptor


class _GlobalState(msgspec.Struct):
    stream_states: list[_StreamState] = []


class _State(msgspec.Struct):
    type: str | None = None
    stream: _StreamState | None = None
    global_: _GlobalState | None = msgspec.field(default=None, name="global")


class _Line(msgspec.Struct):
    state: dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class StateLine:
    """A state, as the bytes it came as."""

    line: bytes
    state: bytes
    type: str
    key: StreamKey | None
    streams: tuple[StreamKey, ...] = ()

    def echo(self, record_count: int) -> bytes:
        """Return the line with the number of records committed since the previous state."""
        stats = b'"destinationStats":{"recordCount":%d}' % record_count
        brace = len(self.state) - 1
        comma = b"," if self.state[1:brace].strip() else b""
        state = self.state[:brace] + comma + stats + self.state[brace:]
        at = self.line.find(self.state)
        while at >= 0:
            echoed = self.line[:at] + state + self.line[at + len(self.state) :]
            if "destinationStats" in msgspec.json.decode(echoed, type=_Line).state:
                return echoed
            at = self.line.find(self.state, at + 1)
        raise AssertionError("the state is a part of its line")


def parse_state(message: Message, line: bytes) -> StateLine:
    """Return the state in *message*, which came as *line*."""
    if not (raw := bytes(message.state)):
        raise SystemFault(f"A STATE message of the input has no `state`: {shown(line)}.")
    if raw not in line:
        raise SystemFault(
            f"A STATE message can't be kept as it came, since it contains NaN or a lone surrogate: {shown(line)}."
        )
    try:
        state = msgspec.json.decode(raw, type=_State)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SystemFault(f"A STATE message of the input can't be read ({error}): {shown(line)}.") from error
    kind = state.type or "LEGACY"
    if kind == "STREAM" and state.stream is not None:
        return StateLine(line, raw, kind, state.stream.stream_descriptor.key)
    if kind == "GLOBAL" and state.global_ is not None:
        streams = tuple(each.stream_descriptor.key for each in state.global_.stream_states)
        return StateLine(line, raw, kind, None, streams)
    if kind == "LEGACY":
        return StateLine(line, raw, kind, None)
    raise SystemFault(f"A STATE message of the input does not say what it covers: {shown(line)}.")


def without_stream(state: bytes, key: StreamKey) -> bytes | None:
    """Return a GLOBAL state without the part of one stream, or None if nothing else is in it."""
    parts = msgspec.json.decode(state, type=dict[str, msgspec.Raw])
    content = msgspec.json.decode(parts["global"], type=dict[str, msgspec.Raw])
    states = msgspec.json.decode(content.get("stream_states", msgspec.Raw(b"[]")), type=list[msgspec.Raw])
    kept = [each for each in states if msgspec.json.decode(each, type=_StreamState).stream_descriptor.key != key]
    if not kept:
        return None
    content["stream_states"] = msgspec.Raw(msgspec.json.encode(kept))
    parts["global"] = msgspec.Raw(msgspec.json.encode(content))
    return msgspec.json.encode(parts)
