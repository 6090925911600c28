"""The one writer of stdout.

In: complete lines, from any thread and from signal handlers. Out: the same lines in order. Writes that the pipe takes
only in part are finished, and nothing follows a line that could not be finished. Output that is no message (a library's
print, C code that writes to descriptor 1) goes to stderr. Raises StdoutLost when stdout can't be written any more.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import io
import os
import select
import sys
import threading
from collections import deque
from typing import Any

import msgspec

from source_mixpanel_parallel.errors import StdoutLost

STDOUT, STDERR = 1, 2
FIRST_OTHER = 3
# Up to these, a thread leaves its lines to the one that is writing: a log line does not wait for a slow reader.
SMALL_BYTES = 64 * 1024
MANY_LINES = 1000


class LineWriter:
    """Writes complete lines to *descriptor*, in the order of the calls."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._lock = threading.RLock()
        self._is_sending = False
        self._lost: BaseException | None = None  # what broke off a line: nothing may follow it

    def write(self, lines: bytes) -> None:
        """Write *lines*, each with its newline; large ones are written when this returns."""
        self._waiting.append(lines)
        self._send_waiting(wait=len(lines) > SMALL_BYTES or len(self._waiting) > MANY_LINES)

    def flush(self) -> None:
        """Wait until everything is written."""
        # At the interpreter's end a daemon thread stands still for ever, perhaps with the lock.
        self._send_waiting(wait=not sys.is_finalizing())

    def _send_waiting(self, *, wait: bool) -> None:
        # Looked at again after each release: lines that came in between found the lock taken, and rely on this thread.
        while self._waiting and self._lock.acquire(blocking=wait):
            try:
                if self._is_sending:  # the handler of a signal, within this thread's own sending, which goes on
                    return
                self._is_sending = True
                try:
                    self._send_all()
                finally:
                    self._is_sending = False
            finally:
                self._lock.release()
        if self._lost:
            reason = self._lost.strerror if isinstance(self._lost, OSError) else self._lost
            raise StdoutLost(f"messages can't be written to stdout: {reason}") from self._lost

    def _send_all(self) -> None:
        while self._waiting:
            try:
                if not self._lost:
                    self._send(memoryview(self._waiting[0]))
            except BaseException as error:
                self._lost = error
                if not isinstance(error, OSError):  # the handler of a signal raised it
                    raise
            self._waiting.popleft()

    def _send(self, rest: memoryview) -> None:
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:  # whoever has the other end too may have made it so
                select.select([], [self.descriptor], [])


class MessageStream(io.TextIOBase):
    """What sys.stdout is while a command runs: messages go to stdout, all other lines to stderr."""

    encoding = "utf-8"

    def __init__(self, messages: LineWriter) -> None:
        self._messages = messages
        self._others = LineWriter(STDERR)
        self._begun: dict[int, str] = {}  # lines that still lack their end, by thread: print writes it apart

    def write(self, text: str) -> int:
        """Take *text* and pass on the lines that it ends."""
        thread = threading.get_ident()
        *lines, rest = (self._begun.pop(thread, "") + text).split("\n")
        if rest:
            self._begun[thread] = rest
        for line in lines:
            self._pass_on(line)
        return len(text)

    def flush(self) -> None:
        """Pass on what this thread has begun, too."""
        if rest := self._begun.pop(threading.get_ident(), ""):
            self._pass_on(rest)
        with contextlib.suppress(StdoutLost):
            self._messages.flush()

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return where bytes may go that are no messages."""
        return STDOUT

    @property
    def buffer(self) -> io.BufferedIOBase:
        """The same stream for bytes."""
        return _Encoded(self)

    def _pass_on(self, line: str) -> None:
        encoded = line.encode("utf-8", "backslashreplace") + b"\n"
        # Who logs or prints can't help it; the thread that emits records notices, and ends the read.
        with contextlib.suppress(StdoutLost):
            (self._messages if _is_message(encoded) else self._others).write(encoded)


class _Encoded(io.BufferedIOBase):
    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True


class _Message(msgspec.Struct):
    type: str


def _is_message(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=_Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def take_stdout() -> LineWriter:
    """Keep stdout for the returned writer and for messages that are printed; raise OSError where it is closed."""
    messages = LineWriter(fcntl.fcntl(STDOUT, fcntl.F_DUPFD_CLOEXEC, FIRST_OTHER))
    if sys.stdout:
        sys.stdout.flush()
    try:
        os.dup2(STDERR, STDOUT)
    except OSError:  # stderr is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
    stream = MessageStream(messages)
    sys.stdout = sys.__stdout__ = stream  # type: ignore[assignment, misc] # the CDK's log goes to sys.__stdout__
    atexit.register(stream.flush)
    return messages
