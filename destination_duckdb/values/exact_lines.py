"""RECORD lines one by one: the exact path, for rows that DuckDB's JSON reader would refuse or change.

In: a RECORD line as it came. Out: a line {"v": [string or null, …], "e": microseconds, "c": changes as JSON}, whose
values can only be cast one way. JSON values keep their bytes. NaN and Infinity, which JSON forbids, become null except
in strings, and a lone surrogate, which UTF-8 can't encode, becomes U+FFFD; both are recorded as changes. Raises
SystemFault for a line that is not a record, ConfigError where a key would be changed: different rows could become one.
"""

import re
from collections.abc import Container, Sequence
from typing import Any

import msgspec

from destination_duckdb.errors import ConfigError, SystemFault
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.messages import shown, too_deep
from destination_duckdb.values.column_types import Column, ColumnType
from destination_duckdb.values.emitted_at import microseconds
from destination_duckdb.values.exact_values import Change, exact_value


class _Meta(msgspec.Struct):
    changes: list[msgspec.Raw] | None = None


class _Record(msgspec.Struct):
    stream: str
    emitted_at: int | float
    data: dict[str, msgspec.Raw]
    namespace: str | None = None
    meta: _Meta | None = None


class _Line(msgspec.Struct):
    record: _Record


class _Row(msgspec.Struct):
    v: list[str | None]
    e: int
    c: str


_DECODER = msgspec.json.Decoder(_Line)
_ENCODER = msgspec.json.Encoder()
_NULL = msgspec.Raw(b"null")
_NO_CHANGES = "[]"
# Placeholders that no JSON contains by chance: private-use characters with a name between them.
_LITERAL_START, _LITERAL_END = '"\uf8ff\ue000'.encode(), '\uf8ff"'.encode()
_LITERAL = re.compile(_LITERAL_START + rb"(-?(?:NaN|Infinity))" + _LITERAL_END)
_SURROGATE_MARK = "\uf8ff\ue000surrogate\uf8ff".encode()
_STRING_OR_NAN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


class ExactReader:
    """Reads the lines of one stream."""

    def __init__(self, key: StreamKey, columns: Sequence[Column], unchangeable: Container[str] = ()) -> None:
        self._key = key
        self._columns = [(column.type, column.property_name) for column in columns]
        self._unchangeable = unchangeable

    def read(self, line: bytes) -> bytes:
        """Return the row in *line*, with its line end."""
        record = _parse(line)
        if StreamKey(record.namespace or None, record.stream) != self._key:
            raise ConfigError(
                f"The input has a record of the stream {record.stream} in namespace {record.namespace}, which is not in"
                " the catalog: add it there."
            )
        changes: list[Any] = list(record.meta.changes or ()) if record.meta is not None else []
        values: list[str | None] = []
        for kind, name in self._columns:
            raw, oddity = _without_marks(kind, name, bytes(record.data.get(name, _NULL)))
            try:
                value, change = exact_value(kind, name, raw)
            except UnicodeDecodeError as error:
                raise SystemFault(f"A line of the input is not UTF-8 ({error.reason}): {shown(line)}.") from error
            values.append(value)
            changes += [each for each in (oddity, change) if each is not None]
            if name in self._unchangeable and (oddity or change):
                self._refuse_changed(kind, name)
        recorded = _ENCODER.encode(changes).decode() if changes else _NO_CHANGES
        return _ENCODER.encode(_Row(values, _extracted_us(record, line), recorded)) + b"\n"

    def _refuse_changed(self, kind: ColumnType, name: str) -> None:
        raise ConfigError(
            f"Stream {self._key}: a value of the primary key {name!r} does not fit exactly into its type {kind.sql},"
            " so that different rows could be taken for one: give it another type in the catalog, such as string."
        )


def _extracted_us(record: _Record, line: bytes) -> int:
    try:
        return microseconds(record.emitted_at)
    except ValueError as error:
        raise SystemFault(f"A line of the input is not an Airbyte message ({error}): {shown(line)}.") from error


def _parse(line: bytes) -> _Record:
    try:
        return _DECODER.decode(line).record
    except RecursionError as error:
        raise too_deep(line) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        try:
            return _DECODER.decode(_marked(line)).record
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise SystemFault(f"A line of the input is not an Airbyte message ({error}): {shown(line)}.") from error


def _marked(line: bytes) -> bytes:
    """Return *line* with a mark for everything in it that JSON or UTF-8 does not allow."""

    def mark(found: re.Match[bytes]) -> bytes:
        if found[0].startswith(b'"'):
            return _ESCAPES.sub(lambda escape: _SURROGATE_MARK if escape["lone"] else escape[0], found[0])
        return _LITERAL_START + found[0] + _LITERAL_END

    return _STRING_OR_NAN.sub(mark, line)


def _without_marks(kind: ColumnType, name: str, raw: bytes) -> tuple[bytes, Change | None]:
    """Return *raw* with its marks replaced, and the change that this makes; a string keeps NaN as it came."""
    if kind is ColumnType.STRING:
        raw = _LITERAL.sub(rb"\1", raw)
    plain = _LITERAL.sub(b"null", raw).replace(_SURROGATE_MARK, "\ufffd".encode())
    if plain == raw:
        return raw, None
    return plain, Change(name, "NULLED" if plain == b"null" else "TRUNCATED", "DESTINATION_TYPECAST_ERROR")
