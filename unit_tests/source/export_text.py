"""Events as Mixpanel writes them, beside the records that they should become; drawn by hypothesis or made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from source_mixpanel_parallel.components.events.decoder import EventDecoder
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.project_time.timestamps import EventTime

HASH = re.compile(r"[0-9a-f]{32}")
MADE_FROM_CONTENT = "(made from the content)"

WORDS = [
    r'"\ud800"',
    r'"\udc00 half an emoji"',
    r'"\u2028\u0085"',
    '"\u2028\u2029\u0085\u00a0\x7f\ufeff"',
    r'"\"\\\/\b\f\n\r\t\u0000"',
    '"日本語 ñ 🦆"',
    r'"\ud83e\udd86"',
    '"terminated early"',
    '""',
    '"%s %b %d %%"',
    '"{\\"a\\":1}"',
]
NUMBERS = [
    "0",
    "-0",
    "1.0",
    "-1.50",
    "1e5",
    "1E+2",
    "2e-7",
    "0.1000000000000000055511151231257827",
    "12345678901234567890123456",
    "-9223372036854775809",
    "1e999",
]
texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8).map(json.dumps),
    st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: json.dumps(text, ensure_ascii=False)),
)
plain_values = st.one_of(
    texts, st.sampled_from(NUMBERS), st.integers().map(str), st.sampled_from(["true", "false", "null"])
)
# A name may come twice in an object: JSON allows it, and Mixpanel sends what it was given.
names = st.one_of(texts, st.sampled_from(['"$browser"', '"$os"', '"mp_lib"', '"a"', '"event"', '"properties"']))


def _array(items: list[str], comma: str) -> str:
    return f"[{comma.join(items)}]"


def _object(members: list[tuple[str, str]], comma: str, colon: str) -> str:
    return f"{{{comma.join(name + colon + value for name, value in members)}}}"


commas, colons = st.sampled_from([",", ", ", " ,\t"]), st.sampled_from([":", ": ", " : "])
values = st.recursive(
    plain_values,
    lambda inner: st.one_of(
        st.builds(_array, st.lists(inner, max_size=3), commas),
        st.builds(_object, st.lists(st.tuples(names, inner), max_size=3), commas, colons),
    ),
    max_leaves=6,
)


@dataclass(frozen=True)
class Event:
    """One line of an export, without its newline; *data* is the record's, but for `properties`."""

    line: bytes
    properties: bytes
    data: dict[str, str]


# What `distinct_id` and `$insert_id` may be, as JSON, and the text that they become; None: no such member.
DISTINCT_IDS = {
    None: "",
    '""': "",
    "null": "",
    '"user-1"': "user-1",
    '"日本"': "日本",
    r'"\ud83e\udd86"': "🦆",
    r'"\ud800"': "\ud800",
    "42": "42",
    "-7": "-7",
    "12345678901234567890123456": "12345678901234567890123456",
    "1.50": "1.50",
    "true": "true",
    '["a", 1]': '["a", 1]',
    '{"é":null}': '{"é":null}',
    '" "': " ",
    '"null"': "null",
}
INSERT_IDS = {**DISTINCT_IDS, None: MADE_FROM_CONTENT, '""': MADE_FROM_CONTENT, "null": MADE_FROM_CONTENT}
MOMENTS = {
    "1700000000": "2023-11-14T22:13:20.000Z",
    "1700000000123": "2023-11-14T22:13:20.123Z",
    "1700000000.5": "2023-11-14T22:13:20.500Z",
    "1.7e9": "2023-11-14T22:13:20.000Z",
    "0": "1970-01-01T00:00:00.000Z",
    "-1": "1969-12-31T23:59:59.000Z",
    "1709210096789": "2024-02-29T12:34:56.789Z",
}


def event(
    name: str = '"Sign Up"',
    time: str = "1700000000123",
    distinct_id: str | None = '"user-1"',
    insert_id: str | None = '"id-1"',
    more: Iterable[tuple[str, str]] = (),
    comma: str = ",",
    colon: str = ":",
) -> Event:
    """Make an event of JSON texts."""
    ids = [('"distinct_id"', distinct_id), ('"$insert_id"', insert_id)]
    members = [('"time"', time), *more, *((key, value) for key, value in ids if value is not None)]
    properties = _object(members, comma, colon)
    line = _object([('"event"', name), ('"properties"', properties)], comma, colon)
    data = {
        "event": json.loads(name),
        "time": MOMENTS.get(time) or _rfc_3339(int(time)),
        "distinct_id": DISTINCT_IDS[distinct_id],
        "insert_id": INSERT_IDS[insert_id] if insert_id in INSERT_IDS else json.loads(insert_id or ""),
    }
    return Event(line.encode(), properties.encode(), data)


def _rfc_3339(time_ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


events = st.builds(
    event,
    name=texts,
    time=st.one_of(st.sampled_from(sorted(MOMENTS)), st.integers(200_000_000_000, 4_000_000_000_000).map(str)),
    distinct_id=st.sampled_from(list(DISTINCT_IDS)),
    insert_id=st.sampled_from(list(INSERT_IDS)),
    more=st.lists(
        st.tuples(names.filter(lambda name: json.loads(name) not in {"time", "distinct_id", "$insert_id"}), values),
        max_size=4,
    ),
    comma=commas,
    colon=colons,
)


@dataclass(frozen=True)
class Decoded:
    """What a decoder made of an answer; *records* without the time of the reading."""

    records: list[bytes]
    rows: int
    lines: int
    rejected: list[RejectedLine]


def new_decoder(known_tail: bytes | None = None) -> EventDecoder:
    return EventDecoder("events", EventTime(), known_tail)


def decode(pieces: Iterable[bytes], known_tail: bytes | None = None) -> Decoded:
    """Feed *pieces* to a decoder, to the end."""
    decoder = new_decoder(known_tail)
    output = b"".join([*map(decoder.feed, pieces), decoder.finish()])
    assert output == b"" or output.endswith(b"\n")
    records = [re.sub(rb'"emitted_at":\d{13}\}\}$', b'"emitted_at":0}}', line) for line in output.split(b"\n")[:-1]]
    return Decoded(records, decoder.rows, decoder.lines, decoder.rejected)


def exact(text: bytes | str) -> Any:
    """Return a JSON text as values that keep what floats and dicts lose: digits, the order of names, double names."""
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=lambda pairs: ("object", pairs))


def data_of(record: bytes) -> dict[str, Any]:
    """Return a RECORD's data but for `properties`, an insert_id made from the content replaced by a word for it."""
    message = json.loads(record, parse_int=str)
    assert message == {
        "type": "RECORD",
        "record": {"stream": "events", "data": message["record"]["data"], "emitted_at": "0"},
    }
    data = dict(message["record"]["data"])
    del data["properties"]
    if HASH.fullmatch(data["insert_id"]):
        data["insert_id"] = MADE_FROM_CONTENT
    return data


def properties_of(record: bytes) -> bytes:
    """Return the bytes between the RECORD's other members and its end."""
    text = record.decode()
    start = text.index('"insert_id":') + len('"insert_id":')
    _, end = json.JSONDecoder().raw_decode(text, start)
    opening, closing = ',"properties":', '},"emitted_at":0}}'
    assert text[end : end + len(opening)] == opening
    assert text.endswith(closing)
    return text[end + len(opening) : -len(closing)].encode()
