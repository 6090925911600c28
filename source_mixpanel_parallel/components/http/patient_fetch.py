"""One window or page, requested until its answer is whole: the wait for the quota, the stop, 429s and retries.

In: what to send and how often. Out: the answer, and `Notice`s of waits on the way. Raises Stopped once the sync is
stopped, and otherwise what the last try raised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from airbyte_cdk.models import Level

from source_mixpanel_parallel.emission.delivery import Notice
from source_mixpanel_parallel.emission.masked_report import wait_message
from source_mixpanel_parallel.errors import RateLimited, SessionExpired, Stopped, TransientError
from source_mixpanel_parallel.log_lines import FetchWait, PagePlace, WindowPlace
from source_mixpanel_parallel.rate_limits.quota import Quota

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFetch(Generic[Answer]):
    """What to request: *send* tries once, *wait_after* returns the pause after a failed try, or None to give up.

    *name* and *place* are for the log. *order* is the request's place in the line for the quota; a later page waits in
    it only once Mixpanel counts later pages. *before* may raise what makes the request pointless. *limited* returns
    further notices of a 429.
    """

    stream: str
    name: str
    place: WindowPlace | PagePlace
    send: Callable[[], Answer]
    wait_after: Callable[[], float | None]
    order: int = 0
    is_later_page: bool = False
    before: Callable[[], None] = lambda: None
    limited: Callable[[RateLimited], Iterable[Notice]] = lambda _: ()

    def fetch(self, quota: Quota, stop: threading.Event) -> Generator[Notice, None, Answer]:
        """Return the answer once it is whole; yield what the user should know of the wait."""
        while True:
            yield from quota.acquire(self.stream, self.order, self.is_later_page)
            if stop.is_set():
                raise Stopped(f"the sync was stopped before the {self._kind} was complete")
            self.before()
            try:
                answer = self.send()
            except RateLimited as limited:
                yield quota.held(self.stream, self.place, self.name, limited)
                yield from self.limited(limited)
            except SessionExpired:
                raise
            except TransientError as error:
                wait_s = self.wait_after()
                if wait_s is None:
                    raise
                yield self._retry(error, wait_s)
                stop.wait(wait_s)
            else:
                quota.granted()
                return answer

    @property
    def _kind(self) -> str:
        return "page" if isinstance(self.place, PagePlace) else "window"

    def _retry(self, error: TransientError, wait_s: float) -> Notice:
        text = f"{self.name}: {error}; retrying in {wait_s:.1f} s"
        wait = FetchWait(text, self.stream, self.place, wait_s, "retry", error_code=error.code)
        return Notice(wait_message(Level.WARN, wait))
