"""One line of the export as the fields of a record, each still the JSON text that Mixpanel sent.

In: lines without their newline, or whole blocks of lines; out: `EventFields`. Raises ValueError (msgspec's and json's
decode errors are ValueErrors too) where a line is not an event. Never alters `properties`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct, field

from source_mixpanel_parallel.components.http.json_text import members

MISSING = frozenset({b"", b"null", b'""'})  # no field, null, or empty text
QUOTE = 0x22


# event, time, distinct_id, insert_id, properties: JSON text in UTF-8, but the time, which is the number.
EventFields = tuple[bytes, float, bytes, bytes, bytes | Raw]


class _Line(Struct, gc=False):
    event: str
    properties: Raw


class _Properties(Struct, gc=False):
    time: int | float
    distinct_id: Raw = Raw(b"")
    insert_id: Raw = field(name="$insert_id", default=Raw(b""))


_lines = msgspec.json.Decoder(_Line)
_properties = msgspec.json.Decoder(_Properties)


def decode_block(block: bytes, names: dict[str, bytes]) -> Iterator[EventFields]:
    """Yield the events of whole lines, each ended by a newline; *names* caches the JSON text of event names.

    Raises ValueError as soon as a line is not an event on exactly one line: then decode line by line.
    """
    if not block.isascii():
        block.decode()  # msgspec skips over the bytes of strings that it does not need: look at them all
    lines = _lines.decode_lines(block)
    if len(lines) != block.count(b"\n"):
        raise ValueError("an event spans lines, or a line is empty")
    # One loop, no call a line but the decoder's: this is where the source spends its time.
    for line in lines:
        raw = line.properties
        properties = _properties.decode(raw)
        event = names.get(line.event) or _name(line.event, names)
        distinct_id, insert_id = bytes(properties.distinct_id), bytes(properties.insert_id)
        if distinct_id[:1] != b'"' or insert_id[:1] != b'"' or insert_id == b'""':
            distinct_id, insert_id = _ids(event, distinct_id, insert_id, bytes(raw))
        yield event, properties.time, distinct_id, insert_id, raw


def _name(event: str, names: dict[str, bytes]) -> bytes:
    return names.setdefault(event, json.dumps(event, ensure_ascii=False).encode())


def decode_line(line: bytes) -> EventFields:
    """Decode one line with Python's json, which also takes lone surrogates, as Mixpanel sends them."""
    whole = members(line.decode())
    missing = [name for name in ("event", "properties") if name not in whole]
    if missing:
        raise ValueError(f"it has no `{missing[0]}`")
    if not isinstance(json.loads(whole["event"]), str):
        raise ValueError(f"`event` is {whole['event'][:50]}, not text")
    properties = members(whole["properties"])
    time = json.loads(properties.get("time", "null"))
    if isinstance(time, bool) or not isinstance(time, int | float):
        raise ValueError(f"`properties.time` is {properties.get('time', 'missing')[:50]}, not a number")
    distinct_id, insert_id = (properties.get(name, "").encode() for name in ("distinct_id", "$insert_id"))
    event, raw = whole["event"].encode(), whole["properties"].encode()
    return event, time, *_ids(event, distinct_id, insert_id, raw), raw


def _ids(event: bytes, distinct_id: bytes, insert_id: bytes, properties: bytes) -> tuple[bytes, bytes]:
    if insert_id in MISSING:
        insert_id = b'"%b"' % content_hash(event, properties)
    elif insert_id[0] != QUOTE:
        insert_id = _as_text(insert_id)
    if distinct_id in MISSING:
        distinct_id = b'""'
    elif distinct_id[0] != QUOTE:
        distinct_id = _as_text(distinct_id)
    return distinct_id, insert_id


def content_hash(event: bytes, properties: bytes) -> bytes:
    """Return 32 hex digits that depend on the event's name and on its properties, whatever their order.

    Numbers that are not integers count as the text they were sent as: no library's way of writing them matters.
    """
    try:
        content = msgspec.json.encode([_as_sent.decode(event), _as_sent.decode(properties)], order="sorted")
    except msgspec.DecodeError:
        parts = [json.loads(part, parse_float=_number_as_sent) for part in (event, properties)]
        content = json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(content).hexdigest()[:32].encode()


def _number_as_sent(text: str) -> list[str]:
    return ["number", text]


_as_sent = msgspec.json.Decoder(float_hook=_number_as_sent)


def _as_text(value: bytes) -> bytes:
    return json.dumps(value.decode()).encode()
