"""JSON on stdout is complete, however slowly it is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

PRINTS = """
import signal
from mixpanel_to_duckdb.terminal.printing import print_json
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
print("before")
print_json({"words": ["ü" * 1000] * 1000})
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.mark.parametrize("environment", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_print_json_when_signals_arrive(environment: dict[str, str]) -> None:
    """A signal that cuts a write short costs no byte of the document, with PYTHONUNBUFFERED set either."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", PRINTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=clean | environment, bufsize=0) as process:
        assert process.stdout
        received = b""
        while piece := process.stdout.read(60_000):
            received += piece
            time.sleep(0.002)
    first, _, document = received.partition(b"\n")
    assert (process.returncode, first) == (0, b"before")
    assert json.loads(document) == {"words": ["ü" * 1000] * 1000}
