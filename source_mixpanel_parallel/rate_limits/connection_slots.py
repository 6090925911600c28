"""How many requests of one quota may run concurrently, across all streams of a sync.

Mixpanel allows 100 concurrent exports and 5 concurrent queries per project.
Each stream provides the connections its plan can use;
they are shared, up to `limit`. Who waits for a slot stops waiting when the sync is stopped.
"""

from __future__ import annotations

import threading

NAP_S = 0.5  # a stop is noticed within it


class ConnectionSlots:
    """A semaphore that grows with the streams that need it, up to *limit*."""

    def __init__(self, limit: int, stop: threading.Event) -> None:
        self._limit = limit
        self._stop = stop
        self._provided = 0
        self._free = threading.Semaphore(0)
        self._lock = threading.Lock()

    def provide(self, connections: int) -> None:
        """Make sure that *connections* slots exist, as far as the limit allows."""
        with self._lock:
            missing = min(connections, self._limit) - self._provided
            if missing > 0:
                self._provided += missing
                self._free.release(missing)

    def acquire(self) -> None:
        """Wait for a free slot and take it; return without one when the sync is stopped."""
        while not self._free.acquire(timeout=NAP_S):
            if self._stop.is_set():
                return

    def release(self) -> None:
        """Give a slot back."""
        self._free.release()
