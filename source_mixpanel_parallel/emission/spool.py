"""Where RECORD lines wait until their window or page is proven whole, and then until stdout takes them.

In: whole lines, any number per call; out: the same bytes in batches that end at a line's end. In memory while small,
then in an unnamed temporary file, private and gone with the process, however it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

MEMORY_BYTES = 512 * 1024
BATCH_BYTES = 1024 * 1024


class SpoolLedger:
    """Bounds the bytes that all spools of a sync hold together: at the limit, writers wait.

    One of them may go on, or nothing would ever be finished: so the most that is held is the limit and one window.
    """

    def __init__(self, limit_bytes: int, stop: threading.Event) -> None:
        self._limit_bytes = limit_bytes
        self._stop = stop
        self._held_bytes = 0
        self._exempt: Spool | None = None
        self._changed = threading.Condition()

    def grow(self, spool: Spool, size_bytes: int) -> None:
        """Note that *spool* is about to grow; wait until it may."""
        with self._changed:
            while self._held_bytes + size_bytes > self._limit_bytes and not self._stop.is_set():
                if self._exempt in {None, spool}:
                    self._exempt = spool
                    break
                self._changed.wait(1)
            self._held_bytes += size_bytes

    def shrink(self, spool: Spool) -> None:
        """Note that *spool* is gone."""
        with self._changed:
            self._held_bytes -= spool.size_bytes
            if self._exempt is spool:
                self._exempt = None
            self._changed.notify_all()


class Spool:
    """Holds the RECORD lines of one window or page; close it when they are written."""

    def __init__(self, ledger: SpoolLedger) -> None:
        self._ledger = ledger
        self._file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by `close`, in another thread
        self.size_bytes = 0

    def write(self, lines: bytes) -> None:
        """Append whole lines; wait while all spools together hold too much."""
        self._ledger.grow(self, len(lines))
        self._file.write(lines)
        self.size_bytes += len(lines)

    def batches(self) -> Iterator[bytes]:
        """Yield everything once, from the start, cut only after newlines."""
        self._file.seek(0)
        rest = b""
        while chunk := self._file.read(BATCH_BYTES):
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest += chunk
                continue
            yield rest + chunk[:end]
            rest = chunk[end:]
        if rest:
            yield rest

    def lines(self) -> Iterator[bytes]:
        """Yield everything once, line by line."""
        self._file.seek(0)
        yield from self._file

    def close(self) -> None:
        """Free the memory or the file."""
        if not self._file.closed:
            self._file.close()
            self._ledger.shrink(self)
