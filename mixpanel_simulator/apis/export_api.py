"""Raw export: ``GET /api/2.0/export``.

In: the parameters of a request that is let in, and the fault that its answer is to have. Out: an Answer of JSON
Lines, day after day, gzip when it is accepted and the body is over 1,400 bytes. Raises Refusal (400).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from mixpanel_simulator.answers.answer import LINES_TYPE, Answer, damaged_answer, sleep_until
from mixpanel_simulator.answers.body_cache import BodyCache, RenderedBody, render_body
from mixpanel_simulator.apis.export_query import ExportQuery, parse_export_query
from mixpanel_simulator.data.event_feed import EventFeed
from mixpanel_simulator.faults.damage import MINIMUM_GZIP_BYTES, damage_lines, damage_transfer
from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.gzip_stream import HEADER, GzipTrailer
from mixpanel_simulator.scenario import Scenario


class ExportApi:
    """Answers export requests of one scenario."""

    def __init__(self, scenario: Scenario, feed: EventFeed, cache: BodyCache) -> None:
        self._scenario = scenario
        self._feed = feed
        self._cache = cache

    async def answer(self, params: Mapping[str, Any], fault: Fault | None, *, accepts_gzip: bool) -> Answer:
        """Return the answer to a request that is let in."""
        start_s = asyncio.get_running_loop().time()
        query = parse_export_query(params, self._scenario.today)
        if fault is None and not query.is_filtered:
            is_gzip = accepts_gzip and await self._is_large(query)
            return Answer(self._stream(query, start_s, is_gzip=is_gzip), content_type=LINES_TYPE, is_gzip=is_gzip)
        plain = await asyncio.to_thread(self._select, query)
        if fault is not None:
            plain = damage_lines(fault, plain)
        body = await asyncio.to_thread(damage_transfer, fault, plain, accepts_gzip=accepts_gzip)
        end_s = start_s + self._scenario.latency_per_day_s * len(query.days)
        with_length = fault is not None and fault.content_length
        return damaged_answer(body, LINES_TYPE, (start_s, end_s), with_length=with_length)

    async def render_ahead(self, *, is_gzip: bool) -> None:
        """Render all days in milliseconds, the form that loaders ask for."""
        for number in range(self._scenario.days):
            day = self._scenario.first_day + timedelta(days=number)
            await self._day_body(day, time_in_ms=True, is_gzip=is_gzip)

    async def _day_body(self, day: date, *, time_in_ms: bool, is_gzip: bool) -> RenderedBody:
        def render() -> RenderedBody:
            chunks = self._feed.chunks(day, time_in_ms=time_in_ms)
            return render_body((b"".join(lines) for lines in chunks), is_gzip=is_gzip)

        return await self._cache.body((day, self._feed.late_events(day), time_in_ms, is_gzip), render)

    async def _is_large(self, query: ExportQuery) -> bool:
        """Tell whether the body is over the size from which on it is compressed."""
        size_bytes = 0
        for day in query.days:
            size_bytes += (await self._day_body(day, time_in_ms=query.time_in_ms, is_gzip=True)).plain_size_bytes
            if size_bytes > MINIMUM_GZIP_BYTES:
                return True
        return False

    async def _stream(self, query: ExportQuery, start_s: float, *, is_gzip: bool) -> AsyncIterator[bytes]:
        """Yield the bytes of the body as they come due: each day takes the latency of a day."""
        latency_s = self._scenario.latency_per_day_s
        trailer = GzipTrailer()
        if is_gzip:
            yield HEADER
        for number, day in enumerate(query.days):
            body = await self._day_body(day, time_in_ms=query.time_in_ms, is_gzip=is_gzip)
            for index, piece in enumerate(body.pieces):
                await sleep_until(start_s + latency_s * (number + (index + 1) / len(body.pieces)))
                yield piece
            trailer.extend(body.checksums)
            await sleep_until(start_s + latency_s * (number + 1))
        if is_gzip:
            yield trailer.encode()

    def _select(self, query: ExportQuery) -> bytes:
        """Return the lines that *query* asks for, joined."""
        lines = self._feed.lines(query.from_date, query.to_date, time_in_ms=query.time_in_ms)
        if query.events is not None or query.where is not None:
            lines = filter(query.selects, lines)
        return b"".join(islice(lines, query.limit))
