"""One request for one window, its answer decoded into a spool while it downloads.

Out: `FetchedWindow`, only if the answer is proven whole. Raises IncompleteAnswer, TransientError, RateLimited or
Refused; then the spool is gone, and nothing of the answer is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.events.decoder import EventDecoder, UnterminatedLine
from source_mixpanel_parallel.components.events.in_band_error import LIKE_AN_EVENT
from source_mixpanel_parallel.components.events.window_attempts import WindowAttempts
from source_mixpanel_parallel.components.http.body import Received, coding_of, receive
from source_mixpanel_parallel.components.http.request import send_request
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.emission.spool import Spool
from source_mixpanel_parallel.errors import IncompleteAnswer, Stopped
from source_mixpanel_parallel.windows.date_windows import DateWindow


@dataclass(frozen=True, slots=True)
class FetchedWindow:
    """A window's answer, proven whole; *size_bytes* as received, before decompression."""

    spool: Spool
    rows: int
    size_bytes: int
    rejected: tuple[RejectedLine, ...]


@dataclass(frozen=True, slots=True)
class WindowFetcher:
    """Fetches windows of one stream; safe to use from many threads."""

    stream: str
    requester: HttpRequester
    parameters: Mapping[str, str]
    context: ReadContext

    def fetch(self, part: DateWindow, attempts: WindowAttempts) -> FetchedWindow:
        """Ask for the days of *part*; *attempts* tells what earlier answers had, so that a lasting flaw is believed."""
        spool, received = Spool(self.context.ledger), Received()
        try:
            decoder = EventDecoder(self.stream, self.context.timestamps.near(part.from_date), attempts.known_tail)
            with send_request(self.requester, window_slice(part), self.parameters) as response:
                coding = coding_of(response)
                for chunk in receive(response, received):
                    self._refuse_when_stopped()
                    with self.context.decode_slots:
                        lines = b"".join([decoder.feed(text) for text in coding.feed(chunk)])
                    spool.write(lines)
                coding.finish()
                spool.write(decoder.finish())
                _believe_only_twice(decoder, attempts)
            return FetchedWindow(spool, decoder.rows, received.size_bytes, tuple(decoder.rejected))
        except UnterminatedLine as cut:
            attempts.known_tail = cut.tail
            spool.close()
            raise
        except BaseException:
            spool.close()
            raise

    def _refuse_when_stopped(self) -> None:
        if self.context.stop.is_set():
            raise Stopped("the sync was stopped before the window was complete")


def _believe_only_twice(decoder: EventDecoder, attempts: WindowAttempts) -> None:
    # A line broken in one transfer may be whole in the next; broken again, it is what Mixpanel has.
    if decoder.rejected and not decoder.rows and not any(LIKE_AN_EVENT.search(line.raw) for line in decoder.rejected):
        # An error in JSON, a page in HTML: no export, however often it comes.
        raise IncompleteAnswer(f"none of its lines is an event, the first is {decoder.rejected[0].raw[:100]!r}")
    broken = frozenset(line.raw for line in decoder.rejected)
    if not broken <= attempts.broken_lines:
        first = next(line for line in decoder.rejected if line.raw not in attempts.broken_lines)
        attempts.broken_lines |= broken
        raise IncompleteAnswer(f"line {first.number:,} is not an event: {first.error}")


def window_slice(window: DateWindow) -> StreamSlice:
    """Return the slice from which the manifest's request parameters take their dates."""
    dates = {"from_date": str(window.from_date), "to_date": str(window.to_date)}
    return StreamSlice(partition={}, cursor_slice=dates)
