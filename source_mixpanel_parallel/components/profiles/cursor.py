"""Which pages of profiles to ask for: page 0 first, then all the others in parallel.

Page 0 tells the total, the size of a page and the session that the other pages belong to, so the slices behind it are
made when it has been read. More than 2,000 distinct ids make several selections, each with pages of its own. The state
says where to go on, see state.py. Pages that failed are raised when all others are through.

Custom because a declarative paginator asks for one page after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from airbyte_cdk.models import ConfiguredAirbyteStream
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.profiles import news as page_news
from source_mixpanel_parallel.components.profiles.news import News
from source_mixpanel_parallel.components.profiles.page import ProfilePage
from source_mixpanel_parallel.components.profiles.reading import PageReading
from source_mixpanel_parallel.components.profiles.session import Opening, PageFacts, PageRequest, PageSession
from source_mixpanel_parallel.components.profiles.state import ReadMode, parse_state
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.emission.emitted_slice_cursor import EmittedSliceCursor
from source_mixpanel_parallel.errors import Refused, SessionExpired, SliceFailed, SourceError, Stopped, as_sentence
from source_mixpanel_parallel.log_lines import FetchPlan
from source_mixpanel_parallel.rate_limits.connection_slots import NAP_S, ConnectionSlots
from source_mixpanel_parallel.traced import traced

# One refusal may concern a single page; after a second one, the remaining pages are not requested.
MAX_REFUSALS = 2


@dataclass(frozen=True, slots=True)
class PageArrival:
    """What became of a page that came whole; *request* is None where it is not to be emitted.

    *is_plan* says that the number of pages is known now, or has changed.
    """

    request: PageRequest | None
    news: list[News]
    is_plan: bool = False


@dataclass
class PageCursor(EmittedSliceCursor):
    """Plans the pages of one read and keeps its state; *slots* bounds how many are under way, over all streams."""

    stream_name: str
    stream_state: Mapping[str, Any]
    slots: ConnectionSlots
    context: ReadContext
    is_resumable: ClassVar[bool] = True
    configured: ConfiguredAirbyteStream | None = None
    cursor_field: str | None = None
    total_pages: int = field(init=False)
    _reading: PageReading = field(init=False)
    _under_way: int = field(init=False, default=0)
    _refusals: int = field(init=False, default=0)
    _error: SourceError | None = field(init=False, default=None)
    _changed: threading.Condition = field(init=False, default_factory=threading.Condition)

    def __post_init__(self) -> None:
        parameters = self.context.settings.profiles[self.stream_name]
        state = parse_state(self.stream_name, self.stream_state)
        if not parameters.changes_with_last_seen:
            self.cursor_field = None
        mode = ReadMode.of(self.configured)
        self._reading = PageReading.begin(self.stream_name, parameters, mode, state, self.context.settings.timezone)
        is_changed = mode.is_incremental and self._reading.last_seen != state.last_seen
        self._news = page_news.beginning_news(self._reading.sessions, is_changed)
        self.total_pages = len(self._reading.sessions)
        for number, session in enumerate(self._reading.sessions):
            session.number = number
            self._place(session)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Yield the pages, each when a connection is free for it, until none is left; then raise what failed."""
        while request := self._next_request():
            yield StreamSlice(
                partition={},
                cursor_slice={"page": request.page, "session_id": request.session_id},
                extra_fields={"request": request},
            )
        if self._error:
            raise traced(self._failure(self._error)) from self._error
        if self.context.stop.is_set() and self._waiting_session():
            raise traced(Stopped(f"{self.stream_name}: the sync was stopped before all pages were read"))

    def _next_request(self) -> PageRequest | None:
        while True:
            with self._changed:
                while not self._changed.wait_for(self._can_go_on, NAP_S):
                    pass
                if self.context.stop.is_set() or not self._waiting_session():
                    return None
            self.slots.acquire()
            with self._changed:
                if session := self._waiting_session():
                    self._under_way += 1
                    return session.take()
            self.slots.release()

    def _can_go_on(self) -> bool:
        return bool(self._waiting_session()) or not self._under_way or self.context.stop.is_set()

    def _waiting_session(self) -> PageSession | None:
        return next((session for session in self._reading.sessions if session.has_request), None)

    def news(self) -> list[News]:
        """Return what to log before the first page, once."""
        with self._changed:
            news, self._news = self._news, []
            return news

    def arrived(self, request: PageRequest, page: ProfilePage, facts: PageFacts | None) -> PageArrival:
        """Note that a page has come whole; *facts* is what page 0 says."""
        with self._changed:
            news: list[News] = []
            if facts:
                opening = request.session.opened(facts)
                if opening is not Opening.SAME:
                    self._place(request.session)
                    self._forget_healed_failures()
                    request = replace(request, passing=request.session.passing)
                news = page_news.opening_news(request.session, opening, self.total_pages)
                if opening is Opening.SAME:
                    return PageArrival(None, news)
            is_wanted = request.session.arrived(request, page.rows, page.hashes)
            return PageArrival(request if is_wanted else None, news, is_plan=facts is not None)

    def expired(self, request: PageRequest, detail: str) -> list[News] | None:
        """Note that a page's session has expired; return what to log, or None if the page has failed."""
        with self._changed:
            news = page_news.expiry_news(request.session, request.page, detail)
            return [news] if request.session.expired(request) else None

    def failed(self, request: PageRequest, error: SourceError) -> list[int]:
        """Note that a page can't be read; return the indices of all pages that fail with it."""
        with self._changed:
            session = request.session
            if request.passing != session.passing:
                return []
            is_first = request.page == 0
            failed = [] if is_first and session.facts else [(session, request.page)]
            if is_first or isinstance(error, SessionExpired):
                failed += [(session, page) for page in session.give_up()]
            self._refusals += isinstance(error, Refused)
            if self._refusals >= MAX_REFUSALS:
                failed += [(each, page) for each in self._reading.sessions for page in each.shut()]
            for each, page in failed:
                each.failed.add(page)
            self._error = self._error or error
            return [each.index(page) for each, page in failed]

    def ended(self, request: PageRequest) -> list[News]:
        """Note that reading a slice has ended, in any way; return what to log after the last."""
        self.slots.release()
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()
            if self._under_way or self._waiting_session() or self._error:
                return []
            return page_news.arrival_news(self._reading.sessions)

    def index(self, request: PageRequest) -> int:
        """Return a page's index among all pages of the stream."""
        return request.session.index(request.page)

    def finish(self, request: PageRequest, page: ProfilePage) -> Mapping[str, Any]:
        """Note that a page was emitted; return the state that now holds."""
        with self._changed:
            request.session.finished(request, page.rows)
            self._reading.newest = max(self._reading.newest, page.newest)
            return self._reading.state()

    @property
    def pages_left(self) -> int:
        """How many pages are left to request, as far as known."""
        with self._changed:
            return sum(session.pages_left for session in self._reading.sessions)

    @property
    def fetch_plan(self) -> FetchPlan:
        """The pages of this read, if page 0 of each selection is known."""
        with self._changed:
            is_known = all(session.facts for session in self._reading.sessions)
            left = sum(session.pages - len(session.emitted) for session in self._reading.sessions)
            total, requests = (self.total_pages, left) if is_known else (None, None)
            return FetchPlan(self.stream_name, "page", total, None, requests, None)

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The stream's state, as JSON."""
        with self._changed:
            return self._reading.state()

    def _place(self, session: PageSession) -> None:
        """Give the pages of *session* their indices, behind those of other sessions."""
        if len(self._reading.sessions) == 1:
            self.total_pages = session.pages
        else:
            session.base = self.total_pages - 1
            self.total_pages += session.pages - 1

    def _forget_healed_failures(self) -> None:
        # A read that starts over asks for its failed pages again.
        if not any(session.failed for session in self._reading.sessions):
            self._error = None

    def _failure(self, error: SourceError) -> SourceError:
        pages = sorted(session.index(page) for session in self._reading.sessions for page in session.failed)
        message = f"{self.stream_name}: {page_news.failure_sentence(pages, str(error))}"
        if isinstance(error, Refused | Stopped):
            return type(error)(message)
        return SliceFailed(f"{as_sentence(message)} The next sync reads the missing pages.")
