"""Reads one window of days from the raw export: whole, or not at all.

In: a slice with its window; out: for each part that ended a `Delivery`, and `Notice`s of waits. After the attempts
that `WindowAttempts` allows, a window is split until the days that fail stand alone; those raise SliceFailed at the
end, after everything else was delivered.

Custom because a declarative retriever yields records while they arrive, so that a cut answer is half emitted.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_mixpanel_parallel.components.events.cursor import FinishedRangesCursor
from source_mixpanel_parallel.components.events.window_attempts import WindowAttempts
from source_mixpanel_parallel.components.events.window_fetch import FetchedWindow, WindowFetcher
from source_mixpanel_parallel.components.http.connection_pool import keep_connections
from source_mixpanel_parallel.components.http.patient_fetch import PatientFetch
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.emission.delivery import Delivery, Notice, as_record
from source_mixpanel_parallel.errors import (
    NotAsked,
    Refused,
    SliceFailed,
    SourceError,
    Stopped,
    TransientError,
    as_sentence,
)
from source_mixpanel_parallel.log_lines import WindowPlace
from source_mixpanel_parallel.progress import BatchProgress
from source_mixpanel_parallel.rate_limits.quota import Quota
from source_mixpanel_parallel.traced import traced
from source_mixpanel_parallel.windows.date_windows import DateWindow


@dataclass
class ExportRetriever(Retriever):
    """One retriever serves all windows of a stream, from many threads: it keeps nothing of a window."""

    requester: HttpRequester
    name: str
    cursor: FinishedRangesCursor
    quota: Quota
    context: ReadContext
    _fetcher: WindowFetcher = field(init=False)
    _refusal: str = field(init=False, default="")  # what no other window of the stream needs to ask again

    def __post_init__(self) -> None:
        self.requester.stream_response = True
        keep_connections(self.requester)
        self._fetcher = WindowFetcher(
            self.name,
            self.requester,
            self.cursor.optional_parameters,
            self.context,
        )

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[Record]:
        """Yield what becomes of the slice's window; *records_schema* is not used."""
        if stream_slice is None:
            raise ValueError("events are read by windows: a slice is needed")
        window, index = stream_slice.extra_fields["window"], stream_slice.extra_fields["batch_index"]
        try:
            for item in self._read(window, index):
                yield as_record(item, self.name, stream_slice)
        finally:
            self.cursor.release()

    def _read(self, window: DateWindow, index: int) -> Iterator[Delivery | Notice]:
        attempts = WindowAttempts(window)
        failures: list[tuple[DateWindow, SourceError]] = []
        while part := attempts.next_part():
            try:
                fetched = yield from self._fetch(part, index, attempts)
            except (Refused, TransientError) as error:
                if isinstance(error, TransientError) and not self.context.stop.is_set() and attempts.split(part):
                    continue
                failures.append((part, error))
                yield Delivery(self.name, self._progress(part, index, attempts.started_s, None, error))
            else:
                progress = self._progress(part, index, attempts.started_s, fetched, None)
                checkpoint = partial(self.cursor.finish, part)
                yield Delivery(self.name, progress, fetched.spool, checkpoint, fetched.rejected)
        if failures:
            raise traced(self._summary(failures)) from failures[0][1]

    def _fetch(self, part: DateWindow, index: int, attempts: WindowAttempts) -> Generator[Notice, None, FetchedWindow]:
        request = PatientFetch(
            stream=self.name,
            name=str(part),
            place=WindowPlace(str(part.from_date), str(part.to_date)),
            send=partial(self._send, part, attempts),
            wait_after=partial(attempts.failed, part),
            order=index,
            before=self._refuse_what_was_refused,
        )
        return (yield from request.fetch(self.quota, self.context.stop))

    def _send(self, part: DateWindow, attempts: WindowAttempts) -> FetchedWindow:
        attempts.started_s = attempts.started_s or time.time()
        try:
            fetched = self._fetcher.fetch(part, attempts)
        except Refused as refusal:
            self._refusal = self._refusal or str(refusal)
            raise
        attempts.succeeded()
        return fetched

    def _refuse_what_was_refused(self) -> None:
        if self._refusal:
            raise NotAsked(f"not requested, because Mixpanel rejected another request: {self._refusal}")

    def _progress(
        self,
        part: DateWindow,
        index: int,
        started_s: float | None,
        fetched: FetchedWindow | None,
        error: SourceError | None,
    ) -> BatchProgress:
        now_s = time.time()
        return BatchProgress(
            stream=self.name,
            from_date=str(part.from_date),
            to_date=str(part.to_date),
            batch_index=index,
            total_batches=len(self.cursor.plan.windows),
            total_days=self.cursor.plan.days,
            rows=fetched.rows if fetched else 0,
            success=error is None,
            error=str(error) if error else None,
            bytes=fetched.size_bytes if fetched else 0,
            started_s=started_s or now_s,
            duration_s=now_s - (started_s or now_s),
            interrupted=isinstance(error, TransientError) and self.context.stop.is_set(),
            rejected_lines=len(fetched.rejected) if fetched else 0,
            error_code=error.code if error else None,
        )

    def _summary(self, failures: list[tuple[DateWindow, SourceError]]) -> SourceError:
        _, error = failures[0]
        ranges = ", ".join(str(failed) for failed, _ in failures)
        message = f"{self.name}: {ranges} could not be read: {error}"
        if isinstance(error, Refused | Stopped):
            return type(error)(message)
        return SliceFailed(f"{as_sentence(message)} Other windows continue; the next sync reads these days again.")
