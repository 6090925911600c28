"""A queue from one thread to another, bounded in bytes instead of items.

put() waits while the queue is full. take_group() waits for the first item and then a moment for more, so that many
small items are handled as one. Raises nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_S = 0.25


class BoundedQueue(Generic[T]):
    """A first-in, first-out queue for two threads."""

    def __init__(self, max_bytes: int, size_bytes: Callable[[T], int]) -> None:
        self._max_bytes = max_bytes
        self._size_bytes = size_bytes
        self._items: deque[T] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_finished = False

    def put(self, item: T) -> None:
        """Append *item* once the queue is below its limit."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < self._max_bytes)
            self._items.append(item)
            self._bytes += self._size_bytes(item)
            self._changed.notify_all()

    def finish(self) -> None:
        """Mark the end, so that nobody waits for more."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def take_group(self, linger_s: float, enough_bytes: int, stop: Callable[[], bool]) -> list[T]:
        """Return the next items: at least one, or none once the queue is finished or *stop* returns True."""
        with self._changed:
            while not self._items and not self._is_finished and not stop():
                self._changed.wait(_POLL_S)
            deadline_s = time.monotonic() + linger_s
            while self._items and not self._is_finished and self._bytes < enough_bytes and not stop():
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(min(left_s, _POLL_S))
            group = self._take(enough_bytes)
            self._changed.notify_all()
            return group

    def _take(self, enough_bytes: int) -> list[T]:
        group: list[T] = []
        taken_bytes = 0
        while self._items and taken_bytes < enough_bytes:
            item = self._items.popleft()
            taken_bytes += self._size_bytes(item)
            group.append(item)
        self._bytes -= taken_bytes
        return group
