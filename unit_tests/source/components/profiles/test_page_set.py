"""Sets of pages as ranges, and profiles that came twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.profiles.page_set import PageSet
from source_mixpanel_parallel.components.profiles.seen_profiles import SeenProfiles


@given(st.lists(st.integers(0, 30)))
def test_page_set_when_pages_come_in_any_order(pages: list[int]) -> None:
    """It holds what was added, as ranges that are apart, and comes back from its JSON."""
    found = PageSet()
    for page in pages:
        found.add(page)
    assert [page for page in range(32) if page in found] == sorted(set(pages))
    assert len(found) == len(set(pages))
    ranges = found.ranges()
    assert all(left[1] + 1 < right[0] for left, right in pairwise(ranges))
    assert [page for first, last in ranges for page in range(first, last + 1)] == sorted(set(pages))
    assert PageSet(ranges).ranges() == ranges


@pytest.mark.parametrize(
    "ranges", [[[3, 2]], [[-1, 2]], [[0, 2], [3, 4]], [[5, 6], [0, 1]], [[1]], [[1, 2, 3]]], ids=str
)
def test_page_set_when_ranges_are_damaged(ranges: list[list[int]]) -> None:
    """Ranges that overlap, touch or go backwards are none of ours."""
    with pytest.raises(ValueError, match=r"range|unpack"):
        PageSet(ranges)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5)))
def test_seen_profiles_when_some_come_twice(hashes: list[int]) -> None:
    """As many are duplicates as came more than distinct ones."""
    seen = SeenProfiles()
    seen.add(hashes[:3])
    seen.add(hashes[3:])
    assert seen.duplicates() == len(hashes) - len(set(hashes))
    assert seen.all() == frozenset(hashes)
