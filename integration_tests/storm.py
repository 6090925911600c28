"""A storm within a process: a thread that logs and prints all the time, and signals that cut writes short.

It comes with Python's own start, through a `sitecustomize` module, and begins when the process takes in its libraries.
It takes the place of faked_clock/sitecustomize.py, which mends time.sleep under libfaketime, so it waits by select.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

STORM = """
import atexit, ctypes, logging, os, select, signal, sys, threading

def talk():
    while not {"airbyte_cdk.entrypoint", "duckdb"} & sys.modules.keys():
        select.select((), (), (), 0.01)
    libc = ctypes.CDLL(None)
    while True:
        logging.getLogger("airbyte").info("storm: a log line")
        logging.getLogger("urllib3.connectionpool").warning("storm: a warning")
        print("storm:", "printed")
        os.write(1, b"storm: written to the descriptor\\n")
        libc.puts(b"storm: from C")
        libc.fflush(None)
        select.select((), (), (), 0.002)

for number in (signal.SIGALRM, signal.SIGCHLD, signal.SIGWINCH):
    signal.signal(number, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # at its end Python takes its handlers away
threading.Thread(target=talk, daemon=True).start()
"""
PIECE_BYTES = 20_000


def storm_environment(folder: Path, *, unbuffered: bool) -> dict[str, str]:
    """Return an environment whose Python processes have a storm, with PYTHONUNBUFFERED set or not."""
    place = folder / "storm"
    place.mkdir()
    (place / "sitecustomize.py").write_text(STORM)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    paths = [str(place), str(Path.cwd()), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})


class SlowReader(threading.Thread):
    """Reads a pipe to its end in small pieces, with pauses."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._pieces: list[bytes] = []
        self.start()

    def run(self) -> None:
        while piece := os.read(self._descriptor, PIECE_BYTES):
            self._pieces.append(piece)
            time.sleep(0.002)

    @property
    def received(self) -> bytes:
        """What has come so far."""
        return b"".join(self._pieces)

    def all(self) -> bytes:
        """Return everything, at the end."""
        self.join()
        return self.received
