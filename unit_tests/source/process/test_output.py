"""One writer of stdout: lines stay whole on slow and non-blocking pipes, with threads, signals and readers that go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from source_mixpanel_parallel.errors import StdoutLost
from source_mixpanel_parallel.process.output import LineWriter

THREADS, LINES = 4, 200
# Longer than a pipe holds, so that each takes several turns.
BLOCK = b"".join(b"%07d %s\n" % (number, b"x" * 500) for number in range(2_000))


class SlowReader(threading.Thread):
    """Reads a pipe in small pieces, with pauses, to its end."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.received = b""

    def run(self) -> None:
        pieces = []
        while piece := os.read(self._descriptor, 40_000):
            pieces.append(piece)
            time.sleep(0.001)
        self.received = b"".join(pieces)


@contextmanager
def slow_pipe(*, blocking: bool = True) -> Iterator[tuple[LineWriter, SlowReader]]:
    """Give a writer whose reader is slow; what was received is known afterwards."""
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    reader = SlowReader(read)
    reader.start()
    try:
        yield LineWriter(write), reader
    finally:
        os.close(write)
        reader.join()
        os.close(read)


@pytest.mark.parametrize("blocking", [True, False])
def test_writes_of_many_threads(blocking: bool) -> None:
    """Each line arrives once, in one piece, and those of a thread in their order, between uncut blocks."""
    with slow_pipe(blocking=blocking) as (writer, reader):

        def talk(name: int) -> None:
            for number in range(LINES):
                writer.write(b"thread %d line %d\n" % (name, number))

        threads = [threading.Thread(target=talk, args=(name,)) for name in range(THREADS)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            writer.write(BLOCK)
        for thread in threads:
            thread.join()
        writer.flush()
    assert reader.received.count(BLOCK) == 5
    said = reader.received.replace(BLOCK, b"").splitlines()
    for name in range(THREADS):
        mine = [line for line in said if line.startswith(b"thread %d " % name)]
        assert mine == [b"thread %d line %d" % (name, number) for number in range(LINES)]
    assert len(said) == THREADS * LINES


def test_write_when_signals_arrive() -> None:
    """A signal that cuts a write short, and whose handler writes a line, neither loses a byte nor splits a block."""
    seen: list[None] = []
    with slow_pipe() as (writer, reader):

        def handle(_number: int, _frame: object) -> None:
            seen.append(None)
            writer.write(b"signal\n")

        earlier = signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.003)
        try:
            for _ in range(5):
                writer.write(BLOCK)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, earlier)
        writer.flush()
    assert seen
    assert reader.received.count(BLOCK) == 5
    assert reader.received.replace(BLOCK, b"") == b"signal\n" * len(seen)


def test_write_when_the_reader_is_gone() -> None:
    """Whoever writes next is told, and so is every later writer."""
    read, write = os.pipe()
    os.close(read)
    writer = LineWriter(write)
    for _ in range(2):
        with pytest.raises(StdoutLost):
            writer.write(b"line\n")
    with pytest.raises(StdoutLost):
        writer.flush()
    os.close(write)


def test_write_after_a_line_was_broken_off() -> None:
    """What a handler of a signal breaks off stays the end: no other line is glued to it."""
    read, write = os.pipe()
    writer = LineWriter(write)

    def give_up(_number: int, _frame: object) -> None:
        raise RuntimeError("enough")

    earlier = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(RuntimeError):
            writer.write(BLOCK)  # nobody reads
    finally:
        signal.signal(signal.SIGALRM, earlier)
    received = os.read(read, 1 << 20)
    with pytest.raises(StdoutLost):
        writer.write(b"later\n")
    os.close(write)
    assert received + os.read(read, 1 << 20) == BLOCK[: len(received)]
    os.close(read)


PRINTS = """
import ctypes, os, sys, threading
from source_mixpanel_parallel.process.output import take_stdout
print("before")
messages = take_stdout()
print('{"type":"LOG","log":{"level":"INFO","message":"printed \\u2028 ü"}}')
print("no message", end="", flush=True)
print('{"no": "type"}')
print("{")
sys.__stdout__.write('{"type":"TRACE"}\\n{"type":"LOG"}\\n')
sys.stdout.buffer.write(b'{"type":"SPEC"}\\n')
begun = threading.Event()
def other():
    print('{"type":', end="")
    begun.set()
    main_wrote.wait()
    print('"STATE"}')
main_wrote = threading.Event()
thread = threading.Thread(target=other)
thread.start()
begun.wait()
print('{"type":"RECORD"}')
main_wrote.set()
thread.join()
libc = ctypes.CDLL(None)
libc.puts(b"from C")
libc.fflush(None)
os.write(1, b"to the descriptor\\n")
os.system("echo from a child")
messages.write(b"own\\n")
print("never ended", end="")
"""


@pytest.mark.parametrize("environment", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_what_is_printed(environment: dict[str, str]) -> None:
    """Messages are written whole, by thread; all else, from C and from children too, goes to stderr."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, env=clean | environment, check=True)
    assert done.stdout.decode().split("\n") == [
        "before",
        '{"type":"LOG","log":{"level":"INFO","message":"printed \u2028 ü"}}',
        '{"type":"TRACE"}',
        '{"type":"LOG"}',
        '{"type":"SPEC"}',
        '{"type":"RECORD"}',
        '{"type":"STATE"}',
        "own",
        "",
    ]
    assert sorted(done.stderr.decode().splitlines()) == sorted(
        ["no message", '{"no": "type"}', "{", "from C", "to the descriptor", "from a child", "never ended"]
    )
