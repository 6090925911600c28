"""One page of the engage API as RECORD lines."""

from __future__ import annotations

import json
import re
from array import array
from mmap import mmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.profiles.page import Body, ProfilePage, decode_page
from source_mixpanel_parallel.errors import IncompleteAnswer
from unit_tests.source.export_text import DISTINCT_IDS, colons, commas, exact, names, values

FACTS = '"page":0,"page_size":1000,"session_id":"1700000000-abc","status":"ok","total":2'
LAST_SEEN = {
    None: None,
    "null": None,
    '"2026-01-02T03:04:05"': "2026-01-02T03:04:05",
    '"é"': "é",
    r'"\ud800"': "\ud800",
    "1700000000": None,
    '{"a":"b"}': None,
}


def page(*results: str, facts: str = FACTS) -> bytes:
    return f'{{{facts},"results":[{",".join(results)}]}}'.encode()


def profile(distinct_id: str, properties: str) -> str:
    return f'{{"$distinct_id":{distinct_id},"$properties":{properties}}}'


def record(distinct_id: str, last_seen: str, properties: str) -> bytes:
    return (
        f'{{"type":"RECORD","record":{{"stream":"profiles","data":{{"distinct_id":{distinct_id},'
        f'"last_seen":{last_seen},"properties":{properties}}},"emitted_at":0}}}}\n'
    ).encode()


def decoded(body: Body, skipped: frozenset[int] = frozenset()) -> tuple[ProfilePage, bytes]:
    """Decode page 0; return it and its lines, without the time of the reading."""
    written: list[bytes] = []
    found = decode_page("profiles", body, 0, written.append, skipped)
    return found, re.sub(rb'"emitted_at":\d{13}\}\}\n', b'"emitted_at":0}}\n', b"".join(written))


def lines_of(body: bytes) -> bytes:
    """Decode page 0; return its lines."""
    return decoded(body)[1]


def hashes(*distinct_ids: bytes) -> array[int]:
    return array("q", map(hash, distinct_ids))


def test_page_when_it_is_known() -> None:
    """Its facts and its profiles come out, the properties as they came."""
    properties = '{"$last_seen": "2026-01-02T03:04:05", "n": 1.50, "$email":"a@b"}'
    found, lines = decoded(page(profile('"user-1"', properties), profile("42", "{}")))
    assert lines == record('"user-1"', '"2026-01-02T03:04:05"', properties) + record('"42"', "null", "{}")
    assert found == ProfilePage(
        rows=2,
        emitted_rows=2,
        hashes=hashes(b'"user-1"', b'"42"'),
        newest="2026-01-02T03:04:05",
        page_size=1000,
        total=2,
        session_id="1700000000-abc",
    )


def test_page_when_it_is_empty() -> None:
    """A project without profiles has a page without results."""
    assert decoded(page()) == (ProfilePage(0, 0, hashes(), "", 1000, 2, "1700000000-abc"), b"")


@pytest.mark.parametrize("facts", ['"page":0', '"page":0,"total":null,"page_size":null,"session_id":null,"new":[{}]'])
def test_page_when_facts_are_missing(facts: str) -> None:
    """A page behind the first may leave out what page 0 has said, and may say more."""
    found, lines = decoded(page(profile('"a"', "{}"), facts=facts))
    assert found == ProfilePage(1, 1, hashes(b'"a"'), "", None, None, None)
    assert lines == record('"a"', "null", "{}")


def test_page_when_profiles_are_skipped() -> None:
    """A profile that was emitted before is counted, and not written again."""
    body = page(profile('"a"', "{}"), profile('"b"', '{"$last_seen":"2026-01-02T03:04:05"}'))
    found, lines = decoded(body, frozenset(hashes(b'"b"')))
    assert lines == record('"a"', "null", "{}")
    assert (found.rows, found.emitted_rows, found.newest) == (2, 1, "2026-01-02T03:04:05")


def test_page_when_another_was_asked_for() -> None:
    """An answer to another request is none to this one."""
    with pytest.raises(IncompleteAnswer, match="page 3 was requested, but page 0 arrived"):
        decode_page("profiles", page(), 3, lambda _lines: None)


def test_page_when_it_is_large() -> None:
    """Lines come in batches, together every profile once, in order."""
    profiles = [profile(f'"user-{number}"', "{}") for number in range(2_500)]
    written: list[bytes] = []
    assert decode_page("profiles", page(*profiles), 0, written.append).rows == 2_500
    assert [batch.count(b"\n") for batch in written] == [1_000, 1_000, 500]
    ids = [json.loads(line)["record"]["data"]["distinct_id"] for line in b"".join(written).splitlines()]
    assert ids == [f"user-{number}" for number in range(2_500)]


@pytest.mark.parametrize("distinct_id", [text for text in DISTINCT_IDS if text not in {None, "null"}])
@pytest.mark.parametrize("last_seen", LAST_SEEN)
def test_page_when_a_profile_is_odd(distinct_id: str, last_seen: str | None) -> None:
    """Ids that are no text become their JSON text; `last_seen` is text or null."""
    properties = "{}" if last_seen is None else f'{{"a":1, "$last_seen":{last_seen}}}'
    data = json.loads(lines_of(page(profile(distinct_id, properties))))["record"]["data"]
    assert data == {
        "distinct_id": DISTINCT_IDS[distinct_id],
        "last_seen": LAST_SEEN[last_seen],
        "properties": json.loads(properties),
    }


def test_page_when_a_profile_has_no_properties() -> None:
    """Then its properties are an empty object."""
    assert lines_of(page('{"$distinct_id":"a"}')) == record('"a"', "null", "{}")


def test_page_when_it_is_laid_out_over_lines() -> None:
    """Each profile is one line all the same, with the same content."""
    properties = {"$last_seen": "2026-01-02T03:04:05", "a": [1, {"b": "x\ny"}]}
    document = {"results": [{"$distinct_id": ["a"], "$properties": properties}], "total": 1}
    lines = lines_of(json.dumps(document, indent=2).encode())
    assert lines.count(b"\n") == 1
    assert json.loads(lines)["record"]["data"]["properties"] == properties


@pytest.mark.parametrize("text", ["é", r"\ud800"])
def test_page_when_its_body_is_mapped(text: str) -> None:
    """A large body is not read into memory but mapped; it gives the same."""
    body = page(*[profile(f'"{text}{number}"', f'{{"s":"{text}"}}') for number in range(50)])
    mapped = mmap(-1, len(body))
    mapped[:] = body
    assert decoded(mapped) == decoded(body)


@given(st.lists(st.lists(st.tuples(names, values), max_size=4), max_size=4), commas, colons)
def test_page_when_profiles_are_any(drawn: list[list[tuple[str, str]]], comma: str, colon: str) -> None:
    """Any properties come out byte for byte, in order."""
    objects = [f"{{{comma.join(name + colon + value for name, value in pairs)}}}" for pairs in drawn]
    found, text = decoded(page(*[profile(f'"user-{index}"', text) for index, text in enumerate(objects)]))
    lines = text.split(b"\n")[:-1]
    assert found.rows == len(lines) == len(objects)
    for line, properties in zip(lines, objects, strict=True):
        assert line.endswith(f',"properties":{properties}}},"emitted_at":0}}}}'.encode())
        assert exact(line)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "expected {"),
        (b"terminated early", "expected {"),
        (b"[]", "expected {"),
        (b"<html>502</html>", "expected {"),
        (page()[:-1], "expected ,"),
        (page() + b"terminated early", "more than one JSON value"),
        (page() + page(), "more than one JSON value"),
        (page(profile('"a"', '{"n":NaN}')), "NaN is not JSON"),
        (page(profile('"a"', '{"s":"\t"}')), "Invalid control character"),
        (page(profile('"a"', '{"n":' + "[" * 50_000 + "]" * 50_000 + "}")), "maximum recursion depth"),
        (page().replace(b"abc", b"\xff"), "can't decode byte 0xff"),
        (b'{"status":"ok"}', "no `results`"),
        (b'{"results":{}}', "expected ["),
        (b'{"results":null}', "expected ["),
        (page(facts='"total":"many"'), 'its `total` is "many", not a whole number'),
        (page(facts='"page_size":1.5'), "its `page_size` is 1.5, not a whole number"),
        (page(facts='"total":true'), "its `total` is true, not a whole number"),
        (b'{"status":"error","error":"session expired","results":[]}', "session expired"),
        (b'{"status":"error","error":"session expired"}', "session expired"),
        (b'{"error":"internal error"}', "internal error"),
        (page(facts='"status":"error"'), "the page's status is 'error': no reason given"),
    ],
)
def test_page_when_the_body_is_no_page(body: bytes, error: str) -> None:
    """What is not a whole page raises, with what is wrong; nothing of it is used."""
    with pytest.raises(IncompleteAnswer, match=re.escape(error)):
        decoded(body)


@pytest.mark.parametrize("body", [page(profile('"a"', '{"s":"é"}')), page(profile('"a"', r'{"s":"\ud800"}'))])
def test_page_when_the_body_is_cut(body: bytes) -> None:
    """A page cut anywhere raises."""
    assert decoded(body)[0].rows == 1
    for cut in range(len(body)):
        with pytest.raises(IncompleteAnswer):
            decoded(body[:cut])


ODD = {
    "5": "it is not an object",
    "null": "it is not an object",
    "[]": "it is not an object",
    "{}": "it has no `$distinct_id`",
    '{"$properties":{"a":1}}': "it has no `$distinct_id`",
    '{"$distinct_id":null,"$properties":{}}': "it has no `$distinct_id`",
    profile('"a"', "[1]"): "its `$properties` are [1], not an object",
    profile('"a"', '"text"'): 'its `$properties` are "text", not an object',
}


@given(st.lists(st.sampled_from([*ODD, "fine"]), max_size=8), st.booleans())
def test_page_when_items_are_odd(drawn: list[str], has_surrogate: bool) -> None:
    """One odd item anywhere on the page stops no other (PostHog 61665, mixpanel-react-native 287)."""
    properties = r'{"s":"\ud800"}' if has_surrogate else "{}"
    items = [profile(f'"user-{place}"', properties) if item == "fine" else item for place, item in enumerate(drawn)]
    found, text = decoded(page(*items))
    ids = [json.loads(line)["record"]["data"]["distinct_id"] for line in text.splitlines()]
    assert ids == [f"user-{place}" for place, item in enumerate(drawn) if item == "fine"]
    assert [(line.number, line.raw.decode(), line.error) for line in found.rejected] == [
        (place, item, f"{ODD[item]} (page 0)") for place, item in enumerate(drawn, start=1) if item != "fine"
    ]
    assert (found.rows, found.emitted_rows) == (len(drawn), len(ids))


def test_page_when_properties_are_null() -> None:
    """Then they are empty; a `$distinct_id` that reads null is text, and null is none."""
    lines = lines_of(page(profile('"null"', "null"), profile("null", "{}")))
    assert lines == record('"null"', "null", "{}")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ('"total":"25","page_size":"10","session_id":"s"', (25, 10, "s")),
        ('"total":25.0,"page_size":1e1,"session_id":17', (25, 10, "17")),
        ('"total":25,"page_size":10,"session_id":"s","status":"OK"', (25, 10, "s")),
        ('"total":null,"page_size":null,"session_id":null,"status":null,"error":null', (None, None, None)),
        ('"page":"0","status":"success","session_id":""', (None, None, None)),
    ],
)
def test_page_when_facts_are_spelt_otherwise(facts: str, expected: tuple[object, ...]) -> None:
    """What is meant is clear."""
    found, _ = decoded(page(profile('"a"', "{}"), facts=facts))
    assert (found.total, found.page_size, found.session_id) == expected
