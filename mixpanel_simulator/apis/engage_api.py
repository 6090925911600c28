"""Profiles: ``POST /api/query/engage``.

In: the parameters of a request that is let in, and the fault that its answer is to have. Out: an Answer that holds a
page of results; page 0 opens a session and names the total, later pages need the session.
Raises Refusal (400), also when the session is missing, unknown or expired.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from mixpanel_simulator.answers.answer import JSON_TYPE, Answer, damaged_answer, sleep_until
from mixpanel_simulator.answers.body_cache import BodyCache, RenderedBody, render_body
from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.apis.engage_query import EngageQuery, parse_engage_query
from mixpanel_simulator.apis.profile_selection import encode_json, select_profiles
from mixpanel_simulator.apis.profile_session import ProfileSession, SessionTable
from mixpanel_simulator.data.profile_feed import ProfileFeed
from mixpanel_simulator.faults.damage import MINIMUM_GZIP_BYTES, damage_text, damage_transfer
from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.gzip_stream import HEADER, GzipTrailer
from mixpanel_simulator.scenario import Scenario

PAGE_END = b"]}"


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class EngageApi:
    """Answers requests for profiles of one scenario, to which faults may add profiles."""

    def __init__(self, scenario: Scenario, feed: ProfileFeed, cache: BodyCache) -> None:
        self._scenario = scenario
        self._feed = feed
        self._cache = cache
        self._sessions = SessionTable(scenario.seed)
        self._extra_profiles = 0

    def count(self, group: str) -> int:
        """Return how many profiles there are now, of users (no group) or of a group type."""
        return self._scenario.group_profiles if group else self._scenario.profiles + self._extra_profiles

    async def render_ahead(self, *, is_gzip: bool) -> None:
        """Render all pages of user profiles in the default size."""
        count, size = self._scenario.profiles, self._scenario.page_size
        for start in range(0, count, size):
            await self._results("", start, min(start + size, count), is_gzip=is_gzip)

    async def answer(self, params: Mapping[str, Any], fault: Fault | None, *, accepts_gzip: bool) -> Answer:
        """Return the answer to a request that is let in."""
        due_s = asyncio.get_running_loop().time() + self._scenario.latency_per_page_s
        query = parse_engage_query(params)
        if fault is not None and fault.kind == "changed_total":
            self._extra_profiles = max(self._extra_profiles + fault.change, -self._scenario.profiles)
        if fault is not None and fault.kind == "expired_session":
            self._sessions.expire(query.session_id or "")
        session_id, session = await self._session(query)
        head, start, stop = self._frame(query, session_id, session)
        if fault is None and session.selected is None:
            answer = await self._whole_page(session.group, head, start, stop, accepts_gzip=accepts_gzip)
            await sleep_until(due_s)
            return answer
        # A profile that was inserted during the read pushes the last one of the page before onto this page.
        start -= fault is not None and fault.kind == "duplicate_profile" and start > 0
        return await self._damaged_page(fault, session, (head, start, stop), due_s, accepts_gzip=accepts_gzip)

    async def _session(self, query: EngageQuery) -> tuple[str, ProfileSession]:
        """Open a session for page 0, or find that of a later page."""
        if query.page > 0:
            if query.session_id is None:
                raise Refusal(400, "session_id is required past the first page")
            found = self._sessions.find(query.session_id)
            if found is None:
                raise Refusal(400, f"session_id {query.session_id} is unknown or has expired")
            if found.as_of_timestamp != query.as_of_timestamp:
                raise Refusal(400, f"as_of_timestamp must stay {found.as_of_timestamp} within a session")
            return query.session_id, found
        selected = None
        if query.is_filtered:
            texts = self._feed.profiles(0, self.count(query.group), query.group)
            selected = await asyncio.to_thread(lambda: list(select_profiles(texts, query)))
        size = min(query.page_size or self._scenario.page_size, self._scenario.max_page_size)
        if self._scenario.ignore_page_size:
            size = self._scenario.page_size
        session = ProfileSession(size, query.group, selected, query.as_of_timestamp)
        return self._sessions.open(session), session

    def _frame(self, query: EngageQuery, session_id: str, session: ProfileSession) -> tuple[bytes, int, int]:
        """Return what stands before the results of a page, and which profiles are on it."""
        total = self.count(session.group) if session.selected is None else len(session.selected)
        start = min(query.page * session.page_size, total)
        head: dict[str, Any] = {"page": query.page, "page_size": session.page_size, "session_id": session_id}
        head["status"] = "ok"
        # The total may be there on page 0 only.
        if query.page == 0 or self._scenario.total_on_every_page:
            head["total"] = total
        text = encode_json(head)[:-1] + b',"results":['
        return text, start, min(start + session.page_size, total)

    async def _results(self, group: str, start: int, stop: int, *, is_gzip: bool) -> RenderedBody:
        def render() -> RenderedBody:
            results = b",".join(self._feed.profiles(start, stop, group))
            return render_body((results,), is_gzip=is_gzip)

        return await self._cache.body((group, start, stop, is_gzip), render)

    async def _whole_page(self, group: str, head: bytes, start: int, stop: int, *, accepts_gzip: bool) -> Answer:
        """Return the answer that holds a page of all profiles, from what is rendered already."""
        results = await self._results(group, start, stop, is_gzip=accepts_gzip)
        is_gzip = accepts_gzip and len(head) + results.plain_size_bytes + len(PAGE_END) > MINIMUM_GZIP_BYTES
        if is_gzip:
            first, last = render_body((head,), is_gzip=True), render_body((PAGE_END,), is_gzip=True)
            trailer = GzipTrailer()
            trailer.extend(first.checksums + results.checksums + last.checksums)
            pieces = (HEADER, *first.pieces, *results.pieces, *last.pieces, trailer.encode())
        else:
            plain = await self._results(group, start, stop, is_gzip=False)
            pieces = (head, *plain.pieces, PAGE_END)
        return Answer(_pieces(*pieces), is_gzip=is_gzip, content_length=sum(map(len, pieces)))

    async def _damaged_page(
        self,
        fault: Fault | None,
        session: ProfileSession,
        frame: tuple[bytes, int, int],
        due_s: float,
        *,
        accepts_gzip: bool,
    ) -> Answer:
        """Return the answer that holds a page of selected profiles, or of all, damaged or not."""
        head, start, stop = frame
        if session.selected is None:
            results = self._feed.profiles(start, stop, session.group)
        else:
            results = session.selected[start:stop]
        if fault is not None and fault.kind == "odd_profile":
            results = [(fault.text or "null").encode(), *list(results)[1:]]
        plain = damage_text(fault, head + b",".join(results) + PAGE_END)
        body = await asyncio.to_thread(damage_transfer, fault, plain, accepts_gzip=accepts_gzip)
        return damaged_answer(body, JSON_TYPE, (due_s, due_s), with_length=True)
