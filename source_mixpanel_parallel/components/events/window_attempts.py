"""How often a window is requested, and when it is split: decisions only, no I/O, no clock.

A window that fails is read again, then halved, again and again, until the days that fail stand alone. One bad day costs
at most 15 requests more than a good one, whatever the window's length: retries yield to the splits still needed.
A window of which nothing at all has come after 16 requests is given up as it is, since splitting won't help it.
"""

from __future__ import annotations

from collections import deque

from source_mixpanel_parallel.rate_limits.retry_schedule import (
    FIRST_WAIT_S,
    MAX_REQUESTS,
    MAX_TRIES,
    MAX_TRIES_OF_A_PART,
    retry_wait_s,
)
from source_mixpanel_parallel.windows.date_windows import DateWindow


class WindowAttempts:
    """The parts of one window still to read, and what earlier reads have shown.

    *known_tail* is the last line, without newline, of the present part; *broken_lines* are those of all reads, so that
    a line which was broken in the whole window needs no second read of the half that holds it.
    """

    def __init__(self, window: DateWindow) -> None:
        self.known_tail: bytes | None = None
        self.broken_lines: frozenset[bytes] = frozenset()
        self.started_s: float | None = None  # when the present part was first requested, since the epoch
        self._broken_before: frozenset[bytes] = frozenset()
        self._window = window
        self._parts = deque([window])
        self._tries = 0
        self._requests = 0
        self._any_success = False

    def next_part(self) -> DateWindow | None:
        """Return the part to read now; None when there is nothing left."""
        self._tries = 0
        self.known_tail = None
        self.started_s = None
        self._broken_before = self.broken_lines
        return self._parts.popleft() if self._parts else None

    def succeeded(self) -> None:
        """Note that the present part was read whole."""
        self._requests += 1
        self._any_success = True

    def failed(self, part: DateWindow) -> float | None:
        """Note a failed request; return after how many seconds to try again, or None to stop trying."""
        self._requests += 1
        self._tries += 1
        still_needed = len(self._parts) + 2 * _halvings(part)
        max_tries = MAX_TRIES if part == self._window else MAX_TRIES_OF_A_PART
        if part.days == 1 and self._tries < max_tries and self.broken_lines != self._broken_before:
            return FIRST_WAIT_S  # only a broken line has stopped this day, and its next answer is believed
        if self._tries >= max_tries or self._requests + 1 + still_needed > MAX_REQUESTS:
            return None
        return retry_wait_s(self._tries)

    def split(self, part: DateWindow) -> bool:
        """Put both halves of *part* before the parts still to read; False if it must be given up."""
        if part.days == 1 or (self._requests >= MAX_REQUESTS and not self._any_success):
            return False
        self._parts.extendleft(reversed(part.halves()))
        return True


def _halvings(part: DateWindow) -> int:
    """How many times *part* must be halved until a day is left."""
    return (part.days - 1).bit_length()
