"""Expressions: what is understood is evaluated, what is not is refused."""

from __future__ import annotations

import pytest

from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.apis.where import Record, parse_where

RECORD: Record = {
    "properties": {
        "plan": "team",
        "count": 3,
        "text": "3.5",
        "$last_seen": "2026-01-02T00:00:00",
        "on": True,
        "no": None,
    },
    "behaviors": {"bought": 2},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('properties["plan"] == "team"', True),
        ("properties['plan'] == 'team'", True),
        ('properties["plan"] != "team"', False),
        ('"team" == properties["plan"]', True),
        ('properties["count"] > 2', True),
        ('properties["count"] >= 3 and properties["count"] <= 3', True),
        ('properties["count"] < -2.5', False),
        ('number(properties["text"]) > 3', True),
        ('number(properties["plan"]) > 3', False),
        ('number(properties["missing"]) > 3', False),
        ('properties["text"] > 3', False),
        ('properties["text"] != 3', True),
        ('string(properties["count"]) == "3"', True),
        ('string(properties["missing"]) == "3"', False),
        ('properties["missing"] == "a"', False),
        ('properties["missing"] != "a"', True),
        ('defined(properties["no"])', False),
        ('not defined(properties["missing"])', True),
        ('properties["$last_seen"] >= "2026-01-01"', True),
        ('properties["on"]', True),
        ('properties["on"] == true and not properties["on"] == false', True),
        ('properties["plan"] == null', False),
        ('behaviors["bought"] > 1', True),
        ('properties["plan"] == "x" or properties["count"] == 3 and properties["on"]', True),
        ('(properties["plan"] == "team" or properties["count"] == 3) and properties["count"] == 4', False),
        ('NOT (properties["plan"] == "x" OR properties["count"] == 4)', True),
        ('properties["a\\"b"] == 1', False),
    ],
)
def test_where_is_evaluated(text: str, *, expected: bool) -> None:
    assert parse_where(text)(RECORD) is expected


def test_values_that_cannot_be_compared_are_not_less() -> None:
    assert parse_where('properties["list"] < 3')({"properties": {"list": [1]}, "behaviors": {}}) is False


@pytest.mark.parametrize(
    ("text", "unexpected"),
    [
        ("", "the end"),
        ("sum(1)", "sum"),
        ('properties["a"', "the end"),
        ("properties[plan]", "plan"),
        ('properties["a"] == "b" "c"', '"c"'),
        ('user["a"] == 1', "user"),
        ('properties["a"] == datetime(1)', "datetime"),
        ("(1", "the end"),
        ('"a" in properties["b"]', "in"),
    ],
)
def test_where_is_refused_when_it_is_not_understood(text: str, unexpected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_where(text)
    assert (refusal.value.status, refusal.value.message) == (
        400,
        f"Unable to parse where: unexpected {unexpected} in {text!r}",
    )


def test_where_is_refused_when_a_character_is_none_of_its_signs() -> None:
    with pytest.raises(Refusal, match="unexpected ' % 2'"):
        parse_where('properties["a"] % 2')
