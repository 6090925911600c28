"""The destination's one door to stdout: whole lines, whatever the pipe takes at once."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from destination_duckdb.errors import SystemFault
from destination_duckdb.protocol.outbox import Outbox, StalledError

LONG = b'{"type":"STATE","state":"%s"}' % (b"x" * 300_000)


def read_all(descriptor: int) -> bytes:
    """Read what is written, slowly, until nobody writes any more."""
    received = b""
    while piece := os.read(descriptor, 50_000):
        received += piece
        time.sleep(0.001)
    return received


@pytest.mark.parametrize("blocking", [True, False])
def test_lines_of_many_threads(blocking: bool) -> None:
    """Each line arrives in one piece."""
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    outbox = Outbox(write)
    threads = [threading.Thread(target=outbox.log, args=("INFO", f"{name}" * 20_000)) for name in range(8)]
    for thread in threads:
        thread.start()

    def close() -> None:
        for thread in threads:
            thread.join()
        os.close(write)

    threading.Thread(target=close).start()
    messages = [json.loads(line)["log"]["message"] for line in read_all(read).splitlines()]
    os.close(read)
    assert sorted(messages) == [f"{name}" * 20_000 for name in range(8)]


def test_line_after_one_that_stalled() -> None:
    """What a stop left unsent of a line goes before the next, which is not glued into it."""
    read, write = os.pipe()
    outbox = Outbox(write)
    outbox.stop_when(lambda: True)
    with pytest.raises(StalledError):
        outbox.line(LONG)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(read_all(read)))
    reader.start()
    outbox.stop_when(lambda: False)
    outbox.line(b'{"type":"LOG"}')
    os.close(write)
    reader.join()
    os.close(read)
    assert received == [LONG + b'\n{"type":"LOG"}\n']


def test_line_when_the_reader_is_gone() -> None:
    """The sync is to end, and the error says why."""
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(SystemFault, match="Nobody reads"):
        Outbox(write).line(LONG)
    os.close(write)
