"""Blocks of lines → runs of records of one stream, and the messages between them.

In: a block of complete lines. Out: Rows (RECORD lines of one stream with no other line between them, unchanged) and
Line (any other message, or a plain line). Lines that begin as this catalog's records usually do are recognised by their
first bytes, many together; all others are parsed, so neither the order of keys nor spacing matters. A namespace after
such a beginning is checked when the rows are loaded. Raises SystemFault for a message that is cut or misses a field,
ConfigError for a record of a stream that is not in the catalog.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from destination_duckdb.errors import ConfigError, SystemFault
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.messages import Message, parse_message

_DATA = b',"data":{'


@dataclass(frozen=True, slots=True)
class Rows:
    """RECORD lines of one stream."""

    key: StreamKey
    block: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class Line:
    """A message other than a RECORD; without a message, a plain line."""

    message: Message | None
    line: bytes


class RunSplitter:
    """Splits blocks for the streams of one catalog."""

    def __init__(self, keys: Iterable[StreamKey]) -> None:
        self._keys = frozenset(keys)
        self._beginnings = _beginnings(self._keys)
        self._longest_beginning = max((len(beginning) for beginning in self._beginnings), default=0)

    def split(self, block: bytes) -> Iterator[Rows | Line]:
        """Yield the rows of each stream together, up to the next message of another type."""
        run = self._one_run(block)
        if run is not None:
            yield run
            return
        waiting = _Waiting(block)
        start = 0
        while start < len(block):
            end = block.index(b"\n", start) + 1
            key, line = self._classify(block, start, end)
            if line is not None:
                yield from waiting.take(start)
                yield line
            waiting.see(key, start)
            start = end
        yield from waiting.take(len(block))

    def _one_run(self, block: bytes) -> Rows | None:
        """Return *block* as one run if all of its lines begin alike."""
        beginning = self._beginning_at(block, 0)
        if beginning is None:
            return None
        lines = block.count(b"\n")
        if block.count(b"\n" + beginning + _DATA) != lines - 1:
            return None
        return Rows(self._beginnings[beginning], block, lines)

    def _classify(self, block: bytes, start: int, end: int) -> tuple[StreamKey | None, Line | None]:
        beginning = self._beginning_at(block, start)
        if beginning is not None:
            return self._beginnings[beginning], None
        line = block[start : end - 1]
        if not line.strip():
            return None, None
        message = parse_message(line)
        if message is None or message.type != "RECORD":
            return None, Line(message, line)
        if message.record is None:
            raise SystemFault("A RECORD message of the input has no `record`.")
        key = message.record.key
        if key not in self._keys:
            raise ConfigError(f"The input has a record of the stream {key}, which is not in the catalog: add it there.")
        return key, None

    def _beginning_at(self, block: bytes, start: int) -> bytes | None:
        data = block.find(_DATA, start, start + self._longest_beginning + len(_DATA))
        if data < 0:
            return None
        beginning = block[start:data]
        return beginning if beginning in self._beginnings else None


class _Waiting:
    """Lines of one block, by stream."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._parts: dict[StreamKey, list[bytes]] = {}
        self._rows: dict[StreamKey, int] = {}
        self._key: StreamKey | None = None
        self._start = 0

    def see(self, key: StreamKey | None, start: int) -> None:
        """Note a line at *start* that belongs to *key*, or to no stream."""
        if key != self._key:
            self._close(start)
            self._key, self._start = key, start
        if key is not None:
            self._rows[key] = self._rows.get(key, 0) + 1

    def take(self, end: int) -> Iterator[Rows]:
        """Yield the rows of each stream up to *end*, and forget them."""
        self._close(end)
        self._key = None
        for key, parts in self._parts.items():
            yield Rows(key, b"".join(parts), self._rows[key])
        self._parts, self._rows = {}, {}

    def _close(self, end: int) -> None:
        if self._key is not None:
            self._parts.setdefault(self._key, []).append(self._block[self._start : end])


def _beginnings(keys: frozenset[StreamKey]) -> Mapping[bytes, StreamKey]:
    """Return the bytes before `,"data":` in records of *keys*, where they identify one stream."""
    found: dict[bytes, StreamKey] = {}
    for key in keys:
        stream = b'"stream":' + msgspec.json.encode(key.name)
        namespace = b'"namespace":' + msgspec.json.encode(key.namespace)
        variants = [stream + b"," + namespace, namespace + b"," + stream]
        if sum(other.name == key.name for other in keys) == 1:
            variants.append(stream)
        found.update({b'{"type":"RECORD","record":{' + variant: key for variant in variants})
    return found
