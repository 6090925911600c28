"""The messages that this destination sends, and the only way to stdout.

In: what happened. Out: one line a message, never interleaved, with secrets masked in all but states. Raises SystemFault
when the reader is gone, StalledError when it does not read and the sync should stop; the unsent rest of the line is
then sent before the next. Only protocol messages are sent here, and nothing else in the package writes to stdout.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Literal

import msgspec

from destination_duckdb.errors import DestinationError, SystemFault

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


# What a pipe that is ready accepts without blocking; POSIX guarantees 512.
_READY_BYTES = getattr(select, "PIPE_BUF", 512)
_POLL_S = 0.25


class StalledError(SystemFault):
    """Nobody reads a message, and the sync should stop."""


class Outbox:
    """Sends messages to a file descriptor; safe to use from many threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._unsent = memoryview(b"")
        self._secrets: list[bytes] = []
        self._stop: Callable[[], bool] = lambda: False

    def stop_when(self, stop: Callable[[], bool]) -> None:
        """Wait for a reader only until *stop* returns True."""
        self._stop = stop

    def mask(self, secrets: Iterable[str]) -> None:
        """Mask *secrets* in every later message, wherever they appear."""
        self._secrets += [msgspec.json.encode(secret)[1:-1] for secret in secrets]

    def masked(self, text: bytes) -> bytes:
        """Return *text* without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, b"***")
        return text

    def log(self, level: LogLevel, message: str) -> None:
        """Send a LOG message."""
        self._send({"type": "LOG", "log": {"level": level, "message": message}})

    def spec(self, specification: msgspec.Raw) -> None:
        """Send the SPEC message."""
        self._send({"type": "SPEC", "spec": specification})

    def connection_status(self, problem: str | None) -> None:
        """Send the result of `check`: succeeded where there is no *problem*."""
        status = {"status": "SUCCEEDED"} if problem is None else {"status": "FAILED", "message": problem}
        self._send({"type": "CONNECTION_STATUS", "connectionStatus": status})

    def error(self, error: DestinationError, stack: str | None = None) -> None:
        """Send a TRACE of type ERROR."""
        detail: dict[str, Any] = {
            "message": str(error),
            "internal_message": f"{error.code}: {error}",
            "failure_type": error.failure_type,
        }
        if stack is not None:
            detail["stack_trace"] = stack
        self._send({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": time.time() * 1000, "error": detail}})

    def line(self, line: bytes) -> None:
        """Send a message that is encoded already, without its line end."""
        try:
            with self._lock:
                for whole in (self._unsent, memoryview(line + b"\n")):
                    self._unsent = whole
                    self._send_unsent()
        except BrokenPipeError as error:
            raise SystemFault("Nobody reads the messages of this destination any more: it stops.") from error
        except OSError as error:
            raise SystemFault(f"Messages can't be written to stdout ({error.strerror}): the sync stops.") from error

    def _send_unsent(self) -> None:
        while self._unsent:
            self._wait_for_reader()
            with suppress(BlockingIOError):  # the pipe is shared, and somebody else has filled it
                self._unsent = self._unsent[os.write(self._descriptor, self._unsent[:_READY_BYTES]) :]

    def _send(self, message: object) -> None:
        self.line(self.masked(msgspec.json.encode(message)))

    def _wait_for_reader(self) -> None:
        while not select.select([], [self._descriptor], [], _POLL_S)[1]:
            if self._stop():
                raise StalledError("Nobody reads this destination's messages, and it was asked to stop.")
