"""SIGTERM and SIGINT end a read: what is whole is emitted with its state, then the process ends as one killed by it.

A thread reacts to the signal, not its handler: Python runs handlers between any two instructions of the main thread,
which may hold the very lock that an Event or a new thread needs.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from source_mixpanel_parallel.errors import StdoutLost
from source_mixpanel_parallel.process.output import LineWriter

NUMBERS = (signal.SIGTERM, signal.SIGINT)
SIGNALLED = 128  # what shells add to the number of the signal that ended a process
STOP_WITHIN_S = 4.0  # orchestrators kill soon after SIGTERM; a stalled connection must not keep the process
READ_BYTES = 4096


class StopSignals:
    """Sets *stop* on a signal; ends the process by it, at the latest after STOP_WITHIN_S, when *stdout* is written."""

    def __init__(self, stop: threading.Event, stdout: LineWriter) -> None:
        self._stop = stop
        self._stdout = stdout
        self._received: int | None = None
        self._earlier: dict[int, Any] = {number: signal.getsignal(number) for number in NUMBERS}

    def listen(self) -> None:
        """React to signals from now on; for the main thread, once."""
        wakeups, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(wakeups,), name="signals", daemon=True).start()
        atexit.register(self._end)
        for number in NUMBERS:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if sys.is_finalizing():  # everything is written, and threads run no more
            self._die_of(number, signal.SIG_DFL)
        self._received = self._received or number

    def _watch(self, wakeups: int) -> None:
        number = None
        while number is None:
            numbers = os.read(wakeups, READ_BYTES)
            number = next((each for each in numbers if each in NUMBERS), self._received)
        self._stop.set()
        time.sleep(STOP_WITHIN_S)
        os._exit(SIGNALLED + number)

    def _end(self) -> None:
        if self._received is not None:
            self._die_of(self._received, self._earlier[self._received])

    def _die_of(self, number: int, earlier: Any) -> None:
        # As if nobody had caught it: PyAirbyte takes any other end for a failure of what it stopped itself.
        with contextlib.suppress(StdoutLost):
            self._stdout.flush()
        signal.signal(number, signal.SIG_DFL if earlier is signal.default_int_handler else earlier)
        os.kill(os.getpid(), number)
