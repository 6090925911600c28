"""One selection of profiles, page by page under one session: which pages it has, and which are still missing.

Decisions only: no I/O, no clock, no lock (the cursor's guards it). A session that expires is renewed once, by page 0
again. If page 0 then says the same of all pages, those that came stay; else everything starts over, and what was
emitted already is not emitted twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from source_mixpanel_parallel.components.profiles.page_set import PageSet
from source_mixpanel_parallel.components.profiles.seen_profiles import SeenProfiles
from source_mixpanel_parallel.config.profile_parameters import Selection
from source_mixpanel_parallel.errors import IncompleteAnswer


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What page 0 says of all pages; *fingerprint* stands for the profiles on it, in order."""

    total: int
    page_size: int
    session_id: str
    fingerprint: int = 0

    @property
    def pages(self) -> int:
        """How many pages there are, page 0 included."""
        return count_pages(self.total, self.page_size)


def count_pages(total: int, page_size: int) -> int:
    """Return how many pages hold *total* profiles; page 0 is there even when it is empty."""
    if total < 0 or page_size < 1:
        raise IncompleteAnswer(f"page 0 says total {total} and page_size {page_size}, which is impossible")
    return max(1, -(-total // page_size))


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page to ask for; *passing* counts how often its session's pages were started over before."""

    session: PageSession
    page: int
    session_id: str
    passing: int
    is_renewal: bool = False


class Gate(Enum):
    """Whether pages after page 0 can be requested."""

    WANTED = "page 0 must be requested"
    ASKED = "page 0 is under way"
    OPEN = "page 0 has come"
    SHUT = "no further page is requested"


class Opening(Enum):
    """What page 0 meant."""

    FIRST = "the pages are known now"
    SAME = "the new session has the same pages"
    OVER = "the new session has other pages: the read starts over"


@dataclass(slots=True)
class PageSession:
    """The pages of one *selection*; *base* is added to the number of a page behind page 0 for its index.

    *rows* counts the profiles that have come, *emitted_rows* those of the pages that were emitted.
    """

    selection: Selection
    number: int = 0
    base: int = 0
    facts: PageFacts | None = None
    is_resumed: bool = False
    passing: int = 0
    rows: int = 0
    emitted_rows: int = 0
    emitted: PageSet = field(default_factory=PageSet)
    seen: SeenProfiles = field(default_factory=SeenProfiles)
    skipped: frozenset[int] = frozenset()
    failed: set[int] = field(default_factory=set)
    was_renewed: bool = False
    _gate: Gate = Gate.WANTED
    _again: deque[int] = field(default_factory=deque)
    _next: int = 0

    def __post_init__(self) -> None:
        if self.facts is not None:
            self._gate = Gate.OPEN

    @property
    def pages(self) -> int:
        """How many pages there are; 1 until page 0 is known."""
        return self.facts.pages if self.facts else 1

    @property
    def is_whole(self) -> bool:
        """Whether every page was emitted."""
        return self.facts is not None and len(self.emitted) == self.facts.pages

    @property
    def has_request(self) -> bool:
        """Whether a page can be requested now."""
        if self._gate is Gate.WANTED:
            return True
        return self._gate is Gate.OPEN and (bool(self._again) or self._skip_emitted() < self.pages)

    @property
    def pages_left(self) -> int:
        """How many pages are left to request, as far as known."""
        return len(self._again) + max(self.pages - self._next, 0)

    def index(self, page: int) -> int:
        """Return the page's index among all pages of the stream."""
        return self.number if page == 0 else self.base + page

    def take(self) -> PageRequest:
        """Return the next page to ask for; there must be one."""
        if self._gate is Gate.WANTED:
            self._gate = Gate.ASKED
            return PageRequest(self, 0, "", self.passing, is_renewal=self.facts is not None)
        assert self.facts is not None
        if self._again:
            page = self._again.popleft()
        else:
            page = self._skip_emitted()
            self._next = page + 1
        return PageRequest(self, page, self.facts.session_id, self.passing)

    def opened(self, facts: PageFacts) -> Opening:
        """Note what page 0 says, the first time or under a new session."""
        before, self.facts, self._gate = self.facts, facts, Gate.OPEN
        if before is None:
            self._next = 1
            return Opening.FIRST
        if not self.is_resumed and replace(before, session_id=facts.session_id) == facts:
            return Opening.SAME
        self.skipped |= self.seen.all()
        self.is_resumed, self.passing, self._next = False, self.passing + 1, 1
        self.rows = self.emitted_rows = 0
        self.emitted, self.seen = PageSet(), SeenProfiles()
        self.failed.clear()
        self._again.clear()
        return Opening.OVER

    def expired(self, request: PageRequest) -> bool:
        """Return a page whose session has expired; the result is whether it will be requested in another session."""
        if request.passing != self.passing:
            return True  # a read that started over asks for every page anyway
        is_present = self.facts is not None and request.session_id == self.facts.session_id
        if self._gate is Gate.SHUT or (self._gate is Gate.OPEN and is_present and self.was_renewed):
            return False
        if self._gate is Gate.OPEN and is_present:
            self._gate = Gate.WANTED
            # A resumed read starts over, so the session it then opens may expire once more.
            self.was_renewed = not self.is_resumed
        self._again.append(request.page)
        return True

    def arrived(self, request: PageRequest, rows: int, hashes: Iterable[int]) -> bool:
        """Note that a page has come whole; return whether it is wanted: not if the read has started over."""
        if request.passing != self.passing:
            return False
        self.rows += rows
        self.seen.add(hashes)
        return True

    def finished(self, request: PageRequest, rows: int) -> None:
        """Note that a page was emitted, which held *rows* profiles."""
        if request.passing == self.passing:
            self.emitted.add(request.page)
            self.emitted_rows += rows

    def shut(self) -> list[int]:
        """Ask for no further page, unless page 0 is under way; return those that nobody will ask for."""
        return [] if self._gate is Gate.ASKED else self.give_up()

    def give_up(self) -> list[int]:
        """Ask for no further page; return those that nobody will ask for."""
        unasked = list(self._again)
        if self._gate is Gate.WANTED and self.facts is None:
            unasked.append(0)
        elif self._gate is not Gate.SHUT and self.facts:
            unasked += [page for page in range(self._next, self.pages) if page not in self.emitted]
        self._gate = Gate.SHUT
        self._again.clear()
        return unasked

    def _skip_emitted(self) -> int:
        while self._next < self.pages and self._next in self.emitted:
            self._next += 1
        return self._next
