"""One request for a page of profiles, and what came of it: a page that is whole, in a spool.

Raises SessionExpired where Mixpanel says that the page's session is gone; Refused, RateLimited or TransientError as for
any request. Large pages are decoded one at a time, so that memory holds one, however many are downloaded.
"""

from __future__ import annotations

import mmap
import threading
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.http.body import read_body
from source_mixpanel_parallel.components.http.error_handler import SESSION_GONE
from source_mixpanel_parallel.components.http.request import send_request
from source_mixpanel_parallel.components.profiles.page import Body, ProfilePage, decode_page
from source_mixpanel_parallel.components.profiles.session import PageFacts, PageRequest
from source_mixpanel_parallel.emission.spool import Spool, SpoolLedger
from source_mixpanel_parallel.errors import IncompleteAnswer, SessionExpired

BODY_MEMORY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A whole page; *facts* is what page 0 says of all pages. The receiver closes the spool.

    *body* is kept of a page 0 that renews a session: which of its profiles are to be emitted is not known yet.
    """

    spool: Spool
    page: ProfilePage
    facts: PageFacts | None
    body: Body | None


@dataclass(frozen=True, slots=True)
class PageFetcher:
    """Asks for pages of one stream; *turn* is shared by all streams."""

    stream: str
    requester: HttpRequester
    ledger: SpoolLedger
    turn: threading.Semaphore

    def fetch(self, request: PageRequest, stream_slice: StreamSlice) -> FetchedPage:
        """Ask for a page once; raise unless it comes whole."""
        try:
            return self._fetch(request, stream_slice)
        except IncompleteAnswer as error:  # a status of 200 and an error in the body
            if request.session_id and SESSION_GONE.search(str(error)):
                raise SessionExpired(str(error)) from error
            raise

    def _fetch(self, request: PageRequest, stream_slice: StreamSlice) -> FetchedPage:
        form = dict(request.session.selection.form)
        if request.session_id:
            form["session_id"] = request.session_id
        with SpooledTemporaryFile(max_size=BODY_MEMORY_BYTES) as body:
            with send_request(self.requester, stream_slice, form=form) as response:
                for chunk in read_body(response):
                    body.write(chunk)
            with self.turn:
                return self.decode(request, _contents(body))

    def decode(self, request: PageRequest, body: Body) -> FetchedPage:
        """Turn the body into a page, without the profiles that its session skips."""
        spool = Spool(self.ledger)
        try:
            page = decode_page(self.stream, body, request.page, spool.write, request.session.skipped)
            facts = facts_of(page) if request.page == 0 else None
        except BaseException:
            spool.close()
            raise
        return FetchedPage(spool, page, facts, body if request.is_renewal else None)


def _contents(body: SpooledTemporaryFile[bytes]) -> Body:
    if body.tell() > BODY_MEMORY_BYTES:
        # Mapped, and not read: the allocator keeps megabytes of each thread that has once held a large page.
        body.flush()
        return mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ)
    body.seek(0)
    return body.read()


def facts_of(page: ProfilePage) -> PageFacts:
    """Return what page 0 says of all pages; raise IncompleteAnswer if that can't be."""
    total = page.rows if page.total is None else page.total
    page_size = page.page_size or max(page.rows, 1)
    facts = PageFacts(total, page_size, page.session_id or "", hash(tuple(page.hashes)))
    if facts.pages > 1 and not facts.session_id:
        raise IncompleteAnswer(f"page 0 reports {facts.pages} pages but has no session_id")
    return facts
