"""What was asked of the simulator, in order of arrival, and how each request ended.

A server-side log hands out entries that it completes later; the Simulator reads them back as frozen values.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class RequestLogEntry:
    """One request.

    Times are seconds since the start; finished_s is None while it runs. *running* counts the requests of its API at
    once, this one included; bytes_sent is the body's, without the transfer's framing; fault is the kind that hit it;
    the client's port tells its connections apart.
    """

    method: str
    path: str
    params: dict[str, Any]
    arrived_s: float
    running: int
    status: int = 0
    finished_s: float | None = None
    bytes_sent: int = 0
    fault: str | None = None
    accept_encoding: str = ""
    client_port: int = 0


class RequestLog:
    """The log and the number of requests that run at once, by API."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._entries: list[RequestLogEntry] = []
        self._running: Counter[str] = Counter()

    @property
    def entries(self) -> list[RequestLogEntry]:
        """All entries since the start or the last clear."""
        return self._entries

    def clear(self) -> None:
        """Forget all entries; requests that run are still counted as running."""
        self._entries = []

    def arrive(
        self, api: str, method: str, path: str, accept_encoding: str = "", client_port: int = 0
    ) -> RequestLogEntry:
        """Write down that a request came in."""
        self._running[api] += 1
        running = self._running[api]
        entry = RequestLogEntry(method, path, {}, self._now(), running)
        entry.accept_encoding, entry.client_port = accept_encoding, client_port
        self._entries.append(entry)
        return entry

    def finish(self, api: str, entry: RequestLogEntry) -> None:
        """Write down that a request ended, well or not."""
        self._running[api] -= 1
        entry.finished_s = self._now()
