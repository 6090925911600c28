"""Many reads of the source, each a process with a pipe of its own, forked from one that has imported everything.

    python -m integration_tests.source.forked_reads CONFIG READS AT_ONCE

Reads every pipe slowly. Prints one JSON document: the exit codes, the lines that are no messages, and how many records
each read wrote.
"""

from __future__ import annotations

import fcntl
import gc
import json
import logging
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from source_mixpanel_parallel.run import main
from source_mixpanel_parallel.source import SourceMixpanelParallel

PIECE_BYTES = 8 * 1024
PAUSE_S = 0.002
ALARM_S = 0.03


@dataclass
class Read:
    """One child, and what it wrote so far."""

    pid: int
    pieces: list[bytes] = field(default_factory=list)


def talk(stop: threading.Event) -> None:
    """Log and print all the time, as a thread of a library might."""
    while not stop.wait(0.03):
        logging.getLogger("urllib3.connectionpool").warning("Connection pool is full, discarding connection")
        logging.getLogger("airbyte").info("a thread has something to say")


def child(config: str, write: int) -> None:
    """Run the source with stdout on *write*, while a thread logs and signals cut its writes short; never return."""
    os.dup2(write, 1)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        del fcntl.F_SETPIPE_SZ  # a small pipe is full sooner
    stop = threading.Event()
    threading.Thread(target=talk, args=(stop,), daemon=True).start()
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, ALARM_S, ALARM_S)
    code = 0
    try:
        main(["read", "--config", config, "--catalog", f"{config}.catalog"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the child's edge
        traceback.print_exc()
        code = 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    stop.set()
    sys.stdout.flush()
    os._exit(code)


def start(config: str, selector: selectors.BaseSelector) -> None:
    """Fork one read."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(config, write)
    os.close(write)
    selector.register(read, selectors.EVENT_READ, Read(pid))


def outcome(read: Read) -> tuple[int, int, list[str]]:
    """Return a read's exit code, its records, and its lines that are no messages."""
    _, status = os.waitpid(read.pid, 0)
    records, bad = 0, []
    for line in b"".join(read.pieces).split(b"\n")[:-1]:
        try:
            records += json.loads(line)["type"] == "RECORD"
        except (ValueError, TypeError, KeyError):
            bad.append(line[:100].decode(errors="replace"))
    return os.waitstatus_to_exitcode(status), records, bad


def run(config: str, reads: int, at_once: int) -> dict[str, Any]:
    """Run *reads* reads, *at_once* at a time."""
    outcomes: list[tuple[int, int, list[str]]] = []
    started = 0
    with selectors.DefaultSelector() as selector:
        while len(outcomes) < reads:
            while started < reads and started - len(outcomes) < at_once:
                start(config, selector)
                started += 1
            for key, _ in selector.select():
                piece = os.read(key.fd, PIECE_BYTES)
                if piece:
                    key.data.pieces.append(piece)
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                outcomes.append(outcome(key.data))
            time.sleep(PAUSE_S)
    return {
        "exit_codes": sorted({code for code, _, _ in outcomes}),
        "records": [records for _, records, _ in outcomes],
        "bad": [line for _, _, bad in outcomes for line in bad],
    }


if __name__ == "__main__":
    # Imports and caches whatever a read needs, for all children at once.
    warmed = json.loads(Path(sys.argv[1]).read_bytes())
    SourceMixpanelParallel(config=warmed).streams(warmed)
    gc.freeze()
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
