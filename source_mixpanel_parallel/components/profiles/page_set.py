"""A set of page numbers, kept as ranges: small, however many pages there are, and JSON as it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class PageSet:
    """Pages that came, in any order; *ranges* are pairs (first, last), both inclusive, ascending and apart."""

    def __init__(self, ranges: Iterable[Iterable[int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            if not (-1 if not self._lasts else self._lasts[-1] + 1) < first <= last:
                raise ValueError(f"pages {first} to {last} are no further range")
            self._firsts.append(first)
            self._lasts.append(last)

    def add(self, page: int) -> None:
        """Add one page."""
        place = bisect_right(self._firsts, page)
        if place and page <= self._lasts[place - 1]:
            return
        joins_left = place > 0 and self._lasts[place - 1] == page - 1
        joins_right = place < len(self._firsts) and self._firsts[place] == page + 1
        if joins_left and joins_right:
            del self._firsts[place]
            del self._lasts[place - 1]
        elif joins_left:
            self._lasts[place - 1] = page
        elif joins_right:
            self._firsts[place] = page
        else:
            self._firsts.insert(place, page)
            self._lasts.insert(place, page)

    def __contains__(self, page: int) -> bool:
        place = bisect_right(self._firsts, page)
        return place > 0 and page <= self._lasts[place - 1]

    def __len__(self) -> int:
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def ranges(self) -> list[list[int]]:
        """Return the ranges, as JSON."""
        return [[first, last] for first, last in zip(self._firsts, self._lasts, strict=True)]
