"""The destination's stdout in a storm of prints and signals: states and nothing else, however slowly they are read."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, configured, lines, record, state, status
from integration_tests.storm import SlowReader, storm_environment

CATALOG = {"streams": [configured("t", {"n": {"type": "integer"}})]}
STATES, PADDING = 40, "x" * 20_000
SIGNALS = (signal.SIGCHLD, signal.SIGWINCH)


@pytest.mark.parametrize("unbuffered", [False, True])
def test_write_in_a_storm(destination: Destination, tmp_path: Path, unbuffered: bool) -> None:
    """Every line is a message, the states are those that went in, and all rows are there."""
    sent = [state("t", {"at": number, "padding": PADDING}) for number in range(STATES)]
    messages = lines([each for number in range(STATES) for each in (record("t", {"n": number}), sent[number])])
    environment = storm_environment(tmp_path, unbuffered=unbuffered)
    with subprocess.Popen(
        destination.arguments("write", CATALOG),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        bufsize=0,
    ) as process:
        assert process.stdin
        assert process.stdout
        reader = SlowReader(process.stdout.fileno())
        feeder = threading.Thread(target=feed, args=(process.stdin, messages + lines([status("t")])))
        feeder.start()
        while process.poll() is None:
            for number in SIGNALS:
                process.send_signal(number)
            time.sleep(0.003)
        feeder.join()
        received = [json.loads(line) for line in reader.all().split(b"\n")[:-1]]
    assert process.returncode == 0
    assert {message["type"] for message in received} == {"STATE"}
    ats = [message["state"]["stream"]["stream_state"] for message in received]
    assert ats == [message["state"]["stream"]["stream_state"] for message in sent]
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(STATES,)]


def feed(stdin: IO[bytes], messages: bytes) -> None:
    """Write *messages*, and end the input."""
    with stdin:
        rest = memoryview(messages)
        while rest:
            rest = rest[stdin.write(rest) :]


@pytest.mark.parametrize("arguments", [["--help"], ["write", "--help"]])
def test_help(destination: Destination, arguments: list[str]) -> None:
    """Help is no message, and comes on stdout all the same."""
    command = destination.arguments("spec")[:-1]
    done = subprocess.run([*command, *arguments], capture_output=True, check=True)
    assert done.stdout.startswith(b"usage: destination-duckdb")
    assert done.stderr == b""
