"""Which filters let more through than others, and how the config and the state write them."""

from __future__ import annotations

from typing import Any

import pytest

from source_mixpanel_parallel.config.filters import NO_FILTERS, Filters

WIDER = [
    ({}, {"events": ["a"]}),
    ({}, {"where": "1"}),
    ({"events": ["a", "b"]}, {"events": ["b"]}),
    ({"events": ["a", "b"]}, {"events": ["a"], "where": "1"}),
    ({"where": "1"}, {"events": ["a"], "where": "1"}),
]
APART = [
    ({"events": ["a"]}, {"events": ["b"]}),
    ({"events": ["a", "b"]}, {"events": ["b", "c"]}),
    ({"events": ["a"]}, {"where": "1"}),
    ({"where": "1"}, {"where": "2"}),
    ({"events": ["a", "b"], "where": "1"}, {"events": ["a"], "where": "2"}),
]


@pytest.mark.parametrize(("wide", "narrow"), WIDER)
def test_covers_when_one_is_wider(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    """No filter is wider than any, more events are wider than some of them; not the other way round."""
    assert Filters.from_json(wide).covers(Filters.from_json(narrow))
    assert not Filters.from_json(narrow).covers(Filters.from_json(wide))


@pytest.mark.parametrize(("one", "other"), APART)
def test_covers_when_neither_is_wider(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Each may let something through that the other does not; what `where` means is Mixpanel's to know."""
    assert not Filters.from_json(one).covers(Filters.from_json(other))
    assert not Filters.from_json(other).covers(Filters.from_json(one))


def test_filters_when_only_their_order_differs() -> None:
    """The order of events, and how often they are named, mean nothing."""
    filters = Filters.from_json({"events": ["b", "a", "b"], "where": "1"})
    assert filters == Filters.from_json({"where": "1", "events": ("a", "b")})
    assert filters.covers(filters)
    assert filters.as_json() == {"events": ["a", "b"], "where": "1"}


@pytest.mark.parametrize("document", [None, {}, {"events": [], "where": ""}, {"events": None}], ids=str)
def test_filters_when_nothing_is_narrowed(document: object) -> None:
    """Empty fields are no filter, and are not written."""
    assert Filters.from_json(document) == NO_FILTERS
    assert NO_FILTERS.as_json() == {}


@pytest.mark.parametrize(
    "document", [5, "a", ["a"], {"events": "a"}, {"events": [5]}, {"where": 5}, {"cohort": 5}], ids=str
)
def test_filters_when_they_are_unknown(document: object) -> None:
    """What can't be understood is refused: to take it for no filter would claim days that were not read."""
    with pytest.raises(ValueError, match="are not filters"):
        Filters.from_json(document)
