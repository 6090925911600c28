"""Which distinct ids have come, as 64-bit hashes: 8 bytes each, so that millions fit.

Out: how many came more than once, and, for a read that starts over, those that were emitted already. Two ids share a
hash with a probability of about 1 in 37 million among a million profiles.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

BUCKETS = 256  # so that counting looks at a 256th at a time


class SeenProfiles:
    """Hashes of distinct ids, as `hash` gives them within one process."""

    def __init__(self) -> None:
        self._buckets = tuple(array("q") for _ in range(BUCKETS))

    def add(self, hashes: Iterable[int]) -> None:
        """Note the profiles of a page."""
        buckets = self._buckets
        for each in hashes:
            buckets[each & 255].append(each)

    def duplicates(self) -> int:
        """Return how many came that had come before."""
        return sum(len(bucket) - len(set(bucket)) for bucket in self._buckets)

    def all(self) -> frozenset[int]:
        """Return the hashes."""
        return frozenset().union(*self._buckets)
