"""Reads one page of profiles: whole, or not at all.

In: a slice with its `PageRequest`; out: one `Delivery`, and `Notice`s for the log. Page 0 is read as any page and tells
the cursor what it said; a page whose session is gone goes back to the cursor. A page that fails after all tries is
delivered as failed, and raised by the cursor when the others are through.

Custom because a declarative retriever finds the next page in the last one, which makes pages wait for each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_mixpanel_parallel.components.http.connection_pool import keep_connections
from source_mixpanel_parallel.components.http.patient_fetch import PatientFetch
from source_mixpanel_parallel.components.profiles.cursor import PageCursor
from source_mixpanel_parallel.components.profiles.news import News, counting_news, name_of
from source_mixpanel_parallel.components.profiles.page_fetch import FetchedPage, PageFetcher
from source_mixpanel_parallel.components.profiles.session import PageRequest
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.emission.delivery import Delivery, Notice, as_record, log_notice
from source_mixpanel_parallel.emission.masked_report import plan_message
from source_mixpanel_parallel.errors import (
    NotAsked,
    RateLimited,
    Refused,
    SessionExpired,
    SourceError,
    TransientError,
)
from source_mixpanel_parallel.log_lines import PagePlace
from source_mixpanel_parallel.progress import ProfileProgress
from source_mixpanel_parallel.rate_limits.quota import Quota
from source_mixpanel_parallel.rate_limits.retry_schedule import TryCount


@dataclass
class EngageRetriever(Retriever):
    """One retriever serves all pages of a stream, from many threads: it keeps nothing of a page."""

    requester: HttpRequester
    name: str
    cursor: PageCursor
    quota: Quota
    context: ReadContext
    _fetcher: PageFetcher = field(init=False)
    _rows: int = field(init=False, default=0)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.requester.stream_response = True
        keep_connections(self.requester)
        context = self.context
        self._fetcher = PageFetcher(self.name, self.requester, context.ledger, context.page_decode_slots)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[Record]:
        """Yield what becomes of the slice's page; *records_schema* is not used."""
        if stream_slice is None:
            raise ValueError("profiles are read by pages: a slice is needed")
        request: PageRequest = stream_slice.extra_fields["request"]
        last_news: list[News] = []
        try:
            for item in self._read(request, stream_slice):
                yield as_record(item, self.name, stream_slice)
        finally:
            last_news = self.cursor.ended(request)
        for notice in self._notices(last_news):
            yield as_record(notice, self.name, stream_slice)

    def _read(self, request: PageRequest, stream_slice: StreamSlice) -> Iterator[Delivery | Notice]:
        yield from self._notices(self.cursor.news())
        started_s = time.time()
        try:
            fetched = yield from self._fetch(request, stream_slice)
        except SessionExpired as error:
            news = self.cursor.expired(request, str(error))
            if news is None:
                yield from self._give_up(request, started_s, error)
            else:
                yield from self._notices(news)
            return
        except (Refused, TransientError) as error:
            yield from self._give_up(request, started_s, error)
            return
        arrival = self.cursor.arrived(request, fetched.page, fetched.facts)
        if arrival.is_plan:
            yield Notice(plan_message(self.cursor.fetch_plan))
        yield from self._notices(arrival.news)
        if arrival.request is None:
            fetched.spool.close()
            return
        if fetched.body is not None:
            fetched.spool.close()
            fetched = self._fetcher.decode(request, fetched.body)
        checkpoint = partial(self.cursor.finish, arrival.request, fetched.page)
        index = self.cursor.index(arrival.request)
        progress = self._progress(index, started_s, fetched.page.emitted_rows)
        yield Delivery(self.name, progress, fetched.spool, checkpoint, fetched.page.rejected)

    def _fetch(self, request: PageRequest, stream_slice: StreamSlice) -> Generator[Notice, None, FetchedPage]:
        fetch = PatientFetch(
            stream=self.name,
            name=name_of(request.session, request.page),
            place=PagePlace(self.cursor.index(request), request.session.number),
            send=partial(self._fetcher.fetch, request, stream_slice),
            wait_after=TryCount().failed,
            is_later_page=request.page > 0,
            limited=partial(self._limited, request),
        )
        return (yield from fetch.fetch(self.quota, self.context.stop))

    def _limited(self, request: PageRequest, limited: RateLimited) -> Iterator[Notice]:
        if request.page > 0 and limited.limit == "hour" and self.quota.count_later_pages():
            yield self._notice(counting_news(self.cursor.pages_left + 1))

    def _give_up(self, request: PageRequest, started_s: float, error: SourceError) -> Iterator[Delivery]:
        interrupted = isinstance(error, TransientError) and self.context.stop.is_set()
        indices = self.cursor.failed(request, error)
        for index in indices:
            own = index == self.cursor.index(request)
            cause = error if own else NotAsked(f"not requested: {error}")
            yield Delivery(self.name, self._progress(index, started_s, 0, cause, interrupted=interrupted))

    def _progress(
        self, index: int, started_s: float, rows: int, error: SourceError | None = None, *, interrupted: bool = False
    ) -> ProfileProgress:
        with self._lock:
            self._rows += rows
            return ProfileProgress(
                stream=self.name,
                page_index=index,
                total_pages=self.cursor.total_pages,
                rows=rows,
                cumulative_rows=self._rows,
                success=error is None,
                error=str(error) if error else None,
                started_s=started_s,
                duration_s=time.time() - started_s,
                interrupted=interrupted,
                error_code=error.code if error else None,
            )

    def _notices(self, news: Iterable[News]) -> Iterator[Notice]:
        return map(self._notice, news)

    def _notice(self, news: News) -> Notice:
        return log_notice(news.level, f"{self.name}: {news.text}")
