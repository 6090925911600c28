r"""Export bytes in, RECORD lines out: whole, in pieces, cut, damaged.

A cut at a line's end looks complete here: only the transfer can tell, see test_body.py.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.events.decoder import EventDecoder, UnterminatedLine
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.errors import IncompleteAnswer
from source_mixpanel_parallel.project_time.timestamps import EventTime
from unit_tests.source.export_text import (
    DISTINCT_IDS,
    INSERT_IDS,
    Decoded,
    Event,
    data_of,
    decode,
    event,
    events,
    exact,
    properties_of,
)

SAMPLES = [
    event(),
    event(name='"日本語 🦆"', time="1700000000", more=[('"$os"', '"Linux"'), ('"nested"', '{"a":[1,{"b":null}]}')]),
    event(distinct_id=None, insert_id=None, more=[('"n"', "12345678901234567890123456"), ('"d"', "0.10")]),
    event(distinct_id="42", more=[('"text"', '"\u2028\u0085"'), ('"a"', "1"), ('"a"', "2")], comma=", ", colon=": "),
    event(more=[('"note"', '"terminated early"')]),
]
SURROGATE = event(more=[('"cut"', r'"\ud800"')])
BODY = b"".join(sample.line + b"\n" for sample in SAMPLES)
BODY_WITH_SURROGATE = b"".join(sample.line + b"\n" for sample in [*SAMPLES[:3], SURROGATE, SAMPLES[4]])


def assert_same(decoded: Decoded, expected: list[Event]) -> None:
    """Each event became one record, in order, with `properties` byte for byte; nothing was rejected."""
    assert [data_of(record) for record in decoded.records] == [item.data for item in expected]
    assert [properties_of(record) for record in decoded.records] == [item.properties for item in expected]
    assert (decoded.rows, decoded.lines, decoded.rejected) == (len(expected), len(expected), [])


def exactly(decoded: Decoded) -> tuple[object, ...]:
    """Return all that must not depend on where the chunks end: an event's name may be escaped in two ways."""
    return [exact(record) for record in decoded.records], decoded.rows, decoded.lines, decoded.rejected


def test_decode_when_the_body_is_empty() -> None:
    """A day without events is no error."""
    assert decode([]) == decode([b""]) == Decoded([], 0, 0, [])


def test_decode_when_an_event_is_known() -> None:
    """A record holds the four columns, and the properties as they came, spaces included."""
    line = b'{"event": "Buy", "properties": {"time": 1700000000123, "distinct_id": 7, "$insert_id": "x", "n": 1.50 }}\n'
    assert decode([line]).records == [
        (
            b'{"type":"RECORD","record":{"stream":"events","data":{"event":"Buy","time":"2023-11-14T22:13:20.123Z",'
            b'"distinct_id":"7","insert_id":"x","properties":{"time": 1700000000123, "distinct_id": 7, '
            b'"$insert_id": "x", "n": 1.50 }},"emitted_at":0}}'
        )
    ]


@pytest.mark.parametrize("body", [BODY, BODY_WITH_SURROGATE])
def test_decode_when_the_body_comes_byte_by_byte(body: bytes) -> None:
    """The records are the same as from one piece, though UTF-8 sequences and lines are cut."""
    assert exactly(decode(body[at : at + 1] for at in range(len(body)))) == exactly(decode([body]))


@pytest.mark.parametrize("body", [BODY, BODY_WITH_SURROGATE])
def test_decode_when_the_body_comes_in_two_pieces(body: bytes) -> None:
    """Wherever the border is, the records are the same."""
    whole = exactly(decode([body]))
    assert all(exactly(decode([body[:border], body[border:]])) == whole for border in range(len(body)))


def is_whole_or_raises(body: bytes, sent: list[Event]) -> bool:
    """Return whether *body*, a part of *sent*, is its first events, or raises where it ends inside a line."""
    try:
        decoded = decode([body])
    except IncompleteAnswer:
        return body != b"" and not body.endswith(b"\n")
    assert_same(decoded, sent[: body.count(b"\n")])
    return body == b"" or body.endswith(b"\n")


def test_decode_when_the_body_is_cut() -> None:
    """A cut inside a line raises; at a line's end the lines before it are there, and no line is rejected."""
    assert [cut for cut in range(len(BODY)) if not is_whole_or_raises(BODY[:cut], SAMPLES)] == []


@given(st.lists(events, max_size=5), st.data())
def test_decode_when_events_and_borders_are_any(drawn: list[Event], data: st.DataObject) -> None:
    """Any events come out exactly, whatever the borders of the chunks."""
    body = b"".join(item.line + b"\n" for item in drawn)
    borders = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[start:stop] for start, stop in zip([0, *borders], [*borders, len(body)], strict=True)]
    decoded = decode(pieces)
    assert_same(decoded, drawn)
    assert exactly(decoded) == exactly(decode([body]))


@given(st.lists(events, min_size=1, max_size=4), st.data())
def test_decode_when_events_are_any_and_cut(drawn: list[Event], data: st.DataObject) -> None:
    """Cut anywhere, the body raises, or it is the whole lines before the cut."""
    body = b"".join(item.line + b"\n" for item in drawn)
    cut = data.draw(st.integers(0, len(body)))
    assert is_whole_or_raises(body[:cut], drawn)


def test_decode_when_ids_are_odd() -> None:
    """A missing, null or empty id is empty text, or made from the content; what is no text becomes its JSON text."""
    odd = [event(distinct_id=each, insert_id=insert_id) for each in DISTINCT_IDS for insert_id in INSERT_IDS]
    assert_same(decode([b"".join(each.line + b"\n" for each in odd)]), odd)
    for each in odd:  # alone, too: one line can decide how the lines around it are decoded
        assert_same(decode([each.line + b"\n"]), [each])


@pytest.mark.parametrize("end", [b"\r\n", b" \n", b"\t\r\n", b"\n\n", b"\n \n"])
def test_decode_when_lines_end_otherwise(end: bytes) -> None:
    """White space around lines, and lines of nothing else, are no events and no errors."""
    decoded = decode([end.join([SAMPLES[0].line, SAMPLES[1].line, b""])])
    assert [data_of(record) for record in decoded.records] == [SAMPLES[0].data, SAMPLES[1].data]
    assert (decoded.rows, decoded.rejected) == (2, [])


# Line, and what the error must say.
NOT_EVENTS = [
    (b"not json", "expected {"),
    (b"[1]", "expected {"),
    (b'"text"', "expected {"),
    (b"{", "Expecting"),
    (b'{"event":"a","properties":{"time":1}', "expected ,"),
    (b'{"event":"a","properties":{"time":1}}}', "more than one JSON value"),
    (b'{"event":"a","properties":{"time":1}}{"event":"a","properties":{"time":1}}', "more than one JSON value"),
    (b'{"properties":{"time":1}}', "no `event`"),
    (b'{"event":"a"}', "no `properties`"),
    (b"{}", "no `event`"),
    (b'{"event":1,"properties":{"time":1}}', "`event` is 1, not text"),
    (b'{"event":null,"properties":{"time":1}}', "`event` is null, not text"),
    (b'{"event":"a","properties":null}', "expected {"),
    (b'{"event":"a","properties":[]}', "expected {"),
    (b'{"event":"a","properties":"{}"}', "expected {"),
    (b'{"event":"a","properties":{}}', "`properties.time` is missing, not a number"),
    (b'{"event":"a","properties":{"time":"1700000000"}}', '`properties.time` is "1700000000", not a number'),
    (b'{"event":"a","properties":{"time":null}}', "`properties.time` is null, not a number"),
    (b'{"event":"a","properties":{"time":true}}', "`properties.time` is true, not a number"),
    (b'{"event":"a","properties":{"time":[1]}}', "`properties.time` is [1], not a number"),
    (b'{"event":"a","properties":{"time":NaN}}', "NaN is not JSON"),
    (b'{"event":"a","properties":{"time":1,"n":Infinity}}', "Infinity is not JSON"),
    (b'{"event":"a","properties":{"time":1,"n":-Infinity}}', "-Infinity is not JSON"),
    (b'{"event":"a","properties":{"time":1e17}}', "outside the years 1 to 9999"),
    (b'{"event":"a","properties":{"time":1e999}}', "outside the years 1 to 9999"),
    (b'{"event":"a","properties":{"time":-1e999}}', "outside the years 1 to 9999"),
    (b'{"event":"a","properties":{"time":1,"n":01}}', "Expecting ',' delimiter"),
    (b'{"event":"a","properties":{"time":1,"s":"\t"}}', "Invalid control character"),
    (b'{"event":"a","properties":{"time":1,"s":"\\q"}}', "Invalid \\escape"),
    (b'{"event":"a","properties":{"time":1,"s":"\\u12"}}', "Invalid \\uXXXX escape"),
    (b'{"event":"a","properties":{"time":1,}}', ": line 1 column 3"),  # Python 3.13 has other words, and another column
    (b'{"event":"a","properties":{"time":1,"s":"\xff"}}', "'utf-8' codec can't decode byte 0xff"),
    (b'{"event":"a","properties":{"time":1,"distinct_id":"d","$insert_id":"i","s":"\xff"}}', "can't decode byte 0xff"),
    (b'{"event":"a","properties":{"time":1,"distinct_id":"d","$insert_id":"i\xff"}}', "can't decode byte 0xff"),
    (b'{"event":"a","properties":{"time":1,"distinct_id":"d","$insert_id":"i","\xff":1}}', "can't decode byte 0xff"),
    (b'{"event":"a","properties":{"time":1,"distinct_id":"d","$insert_id":"i"},"s":"\xff"}', "can't decode byte 0xff"),
    (b'{"event":"\xc3","properties":{"time":1}}', "'utf-8' codec can't decode byte 0xc3"),
    (b'{"event":"a","properties":{"time":1,"s":"\xed\xa0\x80"}}', "'utf-8' codec can't decode byte 0xed"),
    (b"\xef\xbb\xbf" + SAMPLES[0].line, "expected {"),
    (b'{"event":"a","properties":{"time":1,"n":' + b"[" * 50_000 + b"]" * 50_000 + b"}}", "maximum recursion depth"),
]


@pytest.mark.parametrize(("line", "error"), NOT_EVENTS, ids=range(len(NOT_EVENTS)))
def test_decode_when_a_line_is_not_an_event(line: bytes, error: str) -> None:
    """The line is kept verbatim, with its number and why; the lines around it become records."""
    decoded = decode([SAMPLES[0].line + b"\n" + line + b"\n" + SAMPLES[1].line + b"\n"])
    assert [data_of(record) for record in decoded.records] == [SAMPLES[0].data, SAMPLES[1].data]
    assert (decoded.rows, decoded.lines) == (2, 3)
    assert decoded.rejected == [RejectedLine(2, line, decoded.rejected[0].error)]
    assert error in decoded.rejected[0].error


def test_decode_when_an_event_is_split_over_lines() -> None:
    """No part of it is taken for an event, and both parts are kept."""
    first, second = SAMPLES[1].line[:30], SAMPLES[1].line[30:]
    decoded = decode([b"\n".join([SAMPLES[0].line, first, second, SAMPLES[2].line, b""])])
    assert [data_of(record) for record in decoded.records] == [SAMPLES[0].data, SAMPLES[2].data]
    assert [(line.number, line.raw) for line in decoded.rejected] == [(2, first), (3, second)]


SPLIT = b'{"event":"split","properties":{"time":1700000000,\n"distinct_id":"d","$insert_id":"i"}}\n'
DOUBLED = SAMPLES[0].line + SAMPLES[0].line + b"\n"


@pytest.mark.parametrize("body", [SPLIT + DOUBLED, DOUBLED + SPLIT, SPLIT + BODY + DOUBLED])
def test_decode_when_an_event_is_split_and_two_share_a_line(body: bytes) -> None:
    """As many events as lines prove nothing: every record is one line, and the borders of chunks change nothing."""
    decoded = decode([body])
    assert all(json.loads(record)["type"] == "RECORD" for record in decoded.records)
    assert exactly(decoded) == exactly(decode(body[at : at + 1] for at in range(len(body))))
    assert [line.raw for line in decoded.rejected] == [
        line for line in body.split(b"\n") if line and line not in BODY.split(b"\n")
    ]


def test_decode_when_a_name_is_escaped() -> None:
    """Members are known by their name, however it is written; the properties keep the way it came."""
    line = rb'{"\u0065vent":"a","properties":{"t\u0069me":1700000000,"distinct\u005fid":"d","\u0024insert_id":"i"}}'
    record = decode([line + b"\n"]).records[0]
    assert data_of(record) == {"event": "a", "time": "2023-11-14T22:13:20.000Z", "distinct_id": "d", "insert_id": "i"}
    assert properties_of(record) == line[len(rb'{"\u0065vent":"a","properties":') : -1]


@pytest.mark.parametrize("surrogate", ["", r',"s":"\ud800"'])
def test_decode_when_members_come_twice(surrogate: str) -> None:
    """The last of equal names counts, as everywhere in JSON, and the properties keep both."""
    properties = f'{{"time":1,"time":1700000000,"distinct_id":"a","distinct_id":"b","$insert_id":"i"{surrogate}}}'
    line = f'{{"event":"a","event":"b","properties":{{"time":5}},"properties":{properties}}}\n'
    record = decode([line.encode()]).records[0]
    assert data_of(record) == {"event": "b", "time": "2023-11-14T22:13:20.000Z", "distinct_id": "b", "insert_id": "i"}
    assert properties_of(record) == properties.encode()


TERMINATED = [
    b"terminated early",
    b"Terminated Early",
    b"TERMINATED EARLY",
    b"terminated  early",
    b"terminated_early",
    b"terminated-early",
    b"terminatedearly",
    b"export terminated early",
    b"Export terminated early.",
    b"ERROR: export terminated early, please try again",
    b'"terminated early"',
    b'{"error": "terminated early"}',
    b'{"error":"export terminated early","status":"error"}',
    b'{"error":"' + b"x" * 3000 + b' terminated early"}',
]


@pytest.mark.parametrize("text", TERMINATED, ids=range(len(TERMINATED)))
def test_decode_when_mixpanel_gave_up(text: bytes) -> None:
    """Its words at the end make the answer incomplete: alone on a line, behind an event, in the middle of one."""
    befores = {b"": 0, BODY: 5, BODY + SAMPLES[0].line: 5, BODY + SAMPLES[0].line[:20]: 5}
    for before, rows in befores.items():
        for end in (b"", b"\n", b"\r\n", b"\n\n", b" "):
            with pytest.raises(IncompleteAnswer) as raised:
                decode([before + text + end])
            assert f"Mixpanel gave up after {rows} events: " in str(raised.value), (before, end)
            assert not isinstance(raised.value, UnterminatedLine)


@pytest.mark.parametrize("text", TERMINATED, ids=range(len(TERMINATED)))
def test_decode_when_mixpanel_gave_up_twice(text: bytes) -> None:
    """The same words at the end of a second answer are still no line of it."""
    with pytest.raises(IncompleteAnswer, match="Mixpanel gave up"):
        decode([BODY + text], known_tail=text)


def test_decode_when_mixpanel_gave_up_byte_by_byte() -> None:
    """The words are found though they come in pieces."""
    body = BODY + b"terminated early"
    with pytest.raises(IncompleteAnswer, match="Mixpanel gave up after 5 events: 'terminated early'"):
        decode(body[at : at + 1] for at in range(len(body)))


@pytest.mark.parametrize("words", ["terminated early", "export terminated early", "Terminated_Early"])
def test_decode_when_an_event_holds_the_words(words: str) -> None:
    """An event may be called so, and speak of it: the last line of the answer too."""
    named = event(name=json.dumps(words), more=[(json.dumps(words), json.dumps(words))])
    assert_same(decode([named.line + b"\n"]), [named])
    assert_same(decode([BODY + named.line + b"\n"]), [*SAMPLES, named])


def test_decode_when_the_last_line_has_no_newline() -> None:
    """A last line without newline may be a cut, even if it is an event, and the error holds it."""
    with pytest.raises(UnterminatedLine, match=re.escape(f"the last line ({len(SAMPLES[4].line)} bytes)")) as raised:
        decode([BODY[:-1]])
    assert raised.value.tail == SAMPLES[4].line


def test_decode_when_an_earlier_answer_ended_the_same() -> None:
    """Two whole answers that end with the same bytes: that is how Mixpanel writes the last line."""
    assert_same(decode([BODY[:-1]], known_tail=SAMPLES[4].line), SAMPLES)


@pytest.mark.parametrize("fragment", [b'{"event":"a","prop', b'{"event":"a","properties":{"time":17Query cancelled'])
def test_decode_when_an_earlier_answer_ended_with_the_same_fragment(fragment: bytes) -> None:
    """A last line that is no event is never believed: the server may stop at the same place each time."""
    with pytest.raises(UnterminatedLine):
        decode([BODY + fragment], known_tail=fragment)


GAVE_UP = [
    b'{"error":"Query cancelled","status":"error"}',
    b'{"errors": [{"code": 7}]}',
    b'{"status": "error"}',
    b"Query cancelled",
    b"upstream request timeout",
    b"<html><body>502 Bad Gateway</body></html>",
    b'"quota exceeded"',
    b"null",
]


@pytest.mark.parametrize("message", GAVE_UP, ids=range(len(GAVE_UP)))
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n \n"])
def test_decode_when_an_export_ends_with_a_message(message: bytes, end: bytes) -> None:
    """Whatever its words are (mixpanel-data-export-js 30 and 31): on a line of its own, or behind an event."""
    for before in (BODY, BODY + SAMPLES[0].line):
        with pytest.raises(IncompleteAnswer):
            decode([before + message + end], known_tail=SAMPLES[0].line + message)
    with pytest.raises(IncompleteAnswer, match="Mixpanel gave up after 5 events: "):
        decode([BODY + message + end], known_tail=message)


@given(
    before=st.integers(0, 5),
    message=st.dictionaries(
        st.text(max_size=4).filter(lambda name: name not in {"event", "properties"}), st.integers()
    ),
    field=st.sampled_from(["error", "errors"]),
    words=st.text(max_size=9),
)
def test_decode_when_an_error_stands_anywhere(before: int, message: dict[str, int], field: str, words: str) -> None:
    """A JSON object with an error is the server's, between events too."""
    lines = [sample.line for sample in SAMPLES]
    lines.insert(before, json.dumps({**message, field: words}).encode())
    with pytest.raises(IncompleteAnswer, match=f"Mixpanel gave up after {before} events"):
        decode([b"\n".join([*lines, b""])])


@pytest.mark.parametrize("known_tail", [b"", b"other", BODY[:-1], SAMPLES[4].line[:-1], SAMPLES[4].line + b" "])
def test_decode_when_an_earlier_answer_ended_otherwise(known_tail: bytes) -> None:
    """Another end proves nothing."""
    with pytest.raises(UnterminatedLine):
        decode([BODY[:-1]], known_tail=known_tail)


def test_decode_when_a_known_tail_is_not_there() -> None:
    """An answer that ends well needs no known end."""
    assert_same(decode([BODY], known_tail=b"half a line"), SAMPLES)


def test_decode_when_nothing_is_an_event() -> None:
    """An answer of more than 64 MiB that is no export is not kept in memory."""
    page = b"<html>" + b"x" * (1 << 20) + b"</html>\n"
    with pytest.raises(IncompleteAnswer, match="more than 64 MiB of lines are not events: this is not an export"):
        decode(page for _ in range(100))


def test_decode_when_the_stream_has_a_hostile_name() -> None:
    """The name of the stream is JSON text in every record, whatever it holds."""
    name = 'a"b\\%d %b %% 日本\n'
    record = EventDecoder(name, EventTime()).feed(SAMPLES[0].line + b"\n")
    assert json.loads(record)["record"]["stream"] == name
