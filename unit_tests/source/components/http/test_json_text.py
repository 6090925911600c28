"""JSON objects and arrays taken apart without a character of their parts being changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.http.json_text import elements, members
from unit_tests.source.export_text import colons, commas, names, values

BLANKS = st.text(" \t\r\n", max_size=3)


@given(st.lists(st.tuples(names, values), max_size=5), commas, colons, BLANKS)
def test_members_when_an_object_is_any(pairs: list[tuple[str, str]], comma: str, colon: str, blank: str) -> None:
    """Each value is the text between colon and comma, without the blanks around it; of equal names the last."""
    text = blank + "{" + blank + comma.join(name + colon + value for name, value in pairs) + blank + "}" + blank
    assert members(text) == {json.loads(name): value for name, value in pairs}


@given(st.lists(values, max_size=5), commas, BLANKS)
def test_elements_when_an_array_is_any(items: list[str], comma: str, blank: str) -> None:
    """Each element is the text between two commas, without the blanks around it."""
    assert elements(blank + "[" + blank + comma.join(items) + blank + "]" + blank) == items


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "{", "}", "[]", "{]", "null", "{a:1}", "{1:2}", "{null:1}", '{["a"]:1}', "{'a':1}"],
        *['{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a":1}}', '{"a":1} {}', '{"a":1}x'],
        *['{"a":NaN}', '{"a":[Infinity]}', '{"a":-Infinity}', '{"a":01}', '{"a":"\n"}', '{"a":"\\x"}', '\u00a0{"a":1}'],
    ],
)
def test_members_when_the_text_is_no_object(text: str) -> None:
    """What is not exactly one JSON object raises ValueError."""
    with pytest.raises(ValueError, match=r"."):
        members(text)


@pytest.mark.parametrize("text", ["", "[", "{}", "[1,]", "[,1]", "[1 2]", "[1]]", "[1][2]", "[NaN]", "[tru]", '"a"'])
def test_elements_when_the_text_is_no_array(text: str) -> None:
    """What is not exactly one JSON array raises ValueError."""
    with pytest.raises(ValueError, match=r"."):
        elements(text)
