"""One line as the fields of a record: two decoders that must agree, and the insert_id made from the content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.events.event_line import EventFields, content_hash, decode_block, decode_line
from unit_tests.source.export_text import Event, event, events, values

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
properties_maps = st.dictionaries(st.text(max_size=5), json_values, max_size=5)


def hash_of(name: str, properties: object) -> bytes:
    return content_hash(json.dumps(name).encode(), json.dumps(properties).encode())


def parsed(fields: EventFields) -> tuple[Any, ...]:
    """Return the fields as values, but for `properties`, which stay bytes."""
    name, time, distinct_id, insert_id, properties = fields
    return json.loads(name), time, json.loads(distinct_id), json.loads(insert_id), bytes(properties)


def shuffled(value: Any, random: Any) -> Any:
    """Return the same JSON value with the members of its objects in another order."""
    if isinstance(value, dict):
        pairs = [(name, shuffled(inner, random)) for name, inner in value.items()]
        random.shuffle(pairs)
        return dict(pairs)
    return [shuffled(inner, random) for inner in value] if isinstance(value, list) else value


@given(events)
def test_decoders_when_a_line_is_any(drawn: Event) -> None:
    """The fast decoder either gives what the exact one gives, or says that it can't."""
    exact = parsed(decode_line(drawn.line))
    try:
        fast = list(decode_block(drawn.line + b"\n", {}))
    except ValueError:
        assert b"\\u" in drawn.line or b"1e999" in drawn.line  # lone surrogates, which only the exact one takes
    else:
        assert [parsed(fields) for fields in fast] == [exact]
    assert exact[-1] == drawn.properties


def test_block_when_names_repeat() -> None:
    """The cache of names gives each event its own name, and holds each name once."""
    lines = [event(name=json.dumps(name)).line for name in ("a", "b", "a", "%d", "", "b", "é")]
    cache: dict[str, bytes] = {}
    fields = list(decode_block(b"\n".join([*lines, b""]), cache))
    assert [name for name, *_ in fields] == [b'"a"', b'"b"', b'"a"', b'"%d"', b'""', b'"b"', '"é"'.encode()]
    assert cache == {name: json.dumps(name, ensure_ascii=False).encode() for name in ("a", "b", "%d", "", "é")}


@pytest.mark.parametrize(
    "block",
    [
        b'{"event":"a",\n"properties":{"time":1}}\n',
        b'{"event":"a","properties":{"time":1}}\n\n',
        b'{"event":"a","properties":{"time":1}}{"event":"a","properties":{"time":1}}\n',
        b'{"event":"a","properties":{"time":1,"s":"\xff"}}\n',
        b'{"event":"a","properties":{"time":1}}\nterminated early\n',
    ],
)
def test_block_when_a_line_is_not_one_event(block: bytes) -> None:
    """One line that is not exactly one event makes the whole block one for line by line."""
    with pytest.raises(ValueError, match=r"."):
        list(decode_block(block, {}))


@given(st.text(max_size=5), properties_maps, st.randoms(use_true_random=False))
def test_content_hash_when_the_order_differs(name: str, properties: dict[str, Any], random: Any) -> None:
    """The order of members, at any depth, and the blanks between them make no difference."""
    again = json.dumps(shuffled(properties, random), indent=1, ensure_ascii=False)
    assert content_hash(json.dumps(name).encode(), again.encode(errors="surrogatepass")) == hash_of(name, properties)


def test_content_hash_when_the_order_differs_and_an_emoji_is_cut() -> None:
    """The same for what only Python's json takes."""
    one, other = rb'{"a":"\ud800","b":{"c":1.50,"d":2}}', rb'{"b":{"d":2,"c":1.50},"a":"\ud800"}'
    assert content_hash(b'"e"', one) == content_hash(b'"e"', other)


@given(st.tuples(st.text(max_size=3), properties_maps), st.tuples(st.text(max_size=3), properties_maps))
def test_content_hash_when_the_content_is_another(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    """Another name or another property makes another hash, and only that."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (hash_of(*one) == hash_of(*other)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1}', '{"a":"1"}'),
        ('{"a":1}', '{"a":true}'),
        ('{"a":null}', "{}"),
        ('{"a":[1,2]}', '{"a":[2,1]}'),
        ('{"a":12345678901234567890123456}', '{"a":12345678901234567890123457}'),
        ('{"a":1}', '{"a":1.0}'),
        ('{"a":0.1}', '{"a":0.10000000000000002}'),
        ('{"a":0}', '{"a":-0.0}'),
        ('{"a":0.12345678901234567890}', '{"a":0.12345678901234567891}'),
        ('{"a":1e999}', '{"a":2e999}'),
        ('{"a":1e5}', '{"a":"1e5"}'),
        ('{"a":"é"}', '{"a":"e"}'),
        (r'{"a":"\ud800"}', r'{"a":"\ud801"}'),
        (r'{"a":"\ud800"}', '{"a":"?"}'),
    ],
)
def test_content_hash_when_contents_are_close(one: str, other: str) -> None:
    """No two different contents share a hash because Python would round them or take them for equal."""
    assert content_hash(b'"e"', one.encode()) != content_hash(b'"e"', other.encode())


@pytest.mark.parametrize("text", ["é", "日本", "🦆", "\u2028", "/"])
def test_content_hash_when_a_text_is_escaped(text: str) -> None:
    """A text is the same, written out or escaped."""
    plain, escaped = json.dumps({"a": text}, ensure_ascii=False), json.dumps({"a": text}).replace("/", "\\/")
    assert plain != escaped
    assert content_hash(b'"e"', plain.encode()) == content_hash(b'"e"', escaped.encode())


def test_content_hash_when_it_was_computed_by_an_earlier_release() -> None:
    """The hash is part of the key in users' tables: it never changes from release to release."""
    properties = b'{"time":1700000000123,"distinct_id":"user-1","plan":"pro","tags":["a",1,null,true],"price":9.90}'
    canonical = (
        b'["Sign Up",{"distinct_id":"user-1","plan":"pro","price":["number","9.90"],'
        b'"tags":["a",1,null,true],"time":1700000000123}]'
    )
    assert content_hash(b'"Sign Up"', properties) == hashlib.sha256(canonical).hexdigest()[:32].encode()


@given(values)
def test_insert_id_when_it_is_missing_and_decoded_both_ways(value: str) -> None:
    """Both decoders make the same insert_id, so that a neighbour in the same chunk can't change a key."""
    plain = event(insert_id=None, more=[('"v"', value)])
    try:
        fast = list(decode_block(plain.line + b"\n", {}))
    except ValueError:
        return
    assert bytes(fast[0][3]) == decode_line(plain.line)[3]
