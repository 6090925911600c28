"""Asks running connectors to end: first politely, then firmly.

A first request ends the source, which emits what is whole; the destination then commits what it has and ends by
itself. A second request ends the destination too, a third kills both. Signals of the terminal reach this process
only, since the connectors run in sessions of their own.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLITE, FIRM = 1, 2


class StopRequest:
    """Counts requests to stop, and passes them on to the processes it watches."""

    def __init__(self) -> None:
        self.by_user = False
        self._requests = 0
        self._sources: list[subprocess.Popen[bytes]] = []
        self._others: list[subprocess.Popen[bytes]] = []

    @property
    def made(self) -> bool:
        """Whether anybody asked to stop."""
        return self._requests > 0

    def watch(self, process: subprocess.Popen[bytes], *, ends_by_itself: bool = False) -> None:
        """End *process* when asked; one that *ends_by_itself* at the end of its input only when asked twice."""
        (self._others if ends_by_itself else self._sources).append(process)
        if self.made and not ends_by_itself:
            process.terminate()

    def make(self) -> None:
        """Ask all processes to stop."""
        self._requests += 1
        for process in self._sources + (self._others if self._requests > POLITE else []):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL if self._requests > FIRM else signal.SIGTERM)

    @contextmanager
    def on_signals(self) -> Iterator[StopRequest]:
        """Stop on Ctrl-C and on a request to end, where this thread may say so: signals go to the main one."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.by_user = True
            self.make()

        # What is ignored stays ignored: nohup, and the shell for commands in the background, ask for that.
        heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, handle) for number in heard}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
