"""Killed at any moment: what is committed, what is echoed, and what the next sync does with it.

The source here is a list of batches, each followed by a state that says how many batches came; started from a state,
it goes on behind it, as any source with a cursor does.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import threading
import time
from typing import Any, BinaryIO

import duckdb
import pytest

from integration_tests.destination.destination_process import (
    Destination,
    configured,
    lines,
    record,
    state,
    status,
)

BATCHES = 40
ROWS = 250
KILLS = 36
PAUSE_S = 0.02
PROPERTIES = {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "text": {"type": "string"}}
APPEND = {"streams": [configured("t", PROPERTIES)]}
DEDUP = {"streams": [configured("t", PROPERTIES, "append_dedup", primary_key=[["id"], ["at"]], cursor_field=["at"])]}
REFRESH = {
    "streams": [configured("t", PROPERTIES, generation_id=7, minimum_generation_id=7)],
}


def batch(number: int) -> bytes:
    """Return the lines of one batch and its state."""
    at = f"2026-01-{number % 28 + 1:02d}T00:00:00Z"
    rows = [record("t", {"id": number * ROWS + n, "at": at, "text": "x" * (n % 200)}) for n in range(ROWS)]
    return lines([*rows, state("t", {"batches": number + 1})])


def finished(value: dict[str, Any] | None) -> int:
    """Return how many batches a state covers."""
    return 0 if value is None else int(value["batches"])


def database_state(destination: Destination) -> int:
    """Return where the database says that the source should go on."""
    if not destination.database.exists():
        return 0
    states = json.loads(destination.run("state").stdout)
    return finished(states[0]["stream"]["stream_state"] if states else None)


def echoed(stdout: bytes) -> list[int]:
    """Return the states that came out whole."""
    whole = stdout[: stdout.rfind(b"\n") + 1]
    messages = [json.loads(line) for line in whole.splitlines()]
    return [finished(each["state"]["stream"]["stream_state"]) for each in messages if each["type"] == "STATE"]


def feed(stdin: BinaryIO, start: int) -> None:
    """Write what is left of the source, batch by batch, until nobody reads."""
    with contextlib.suppress(BrokenPipeError), stdin:
        for number in range(start, BATCHES):
            stdin.write(batch(number))
            stdin.flush()
            time.sleep(PAUSE_S)
        stdin.write(lines([status("t")]))


def stopped_sync(destination: Destination, catalog: dict[str, Any], start: int, seed: int, number: int) -> list[int]:
    """Start a sync at batch *start*, stop it with signal *number* at a random moment, and return the echoes."""
    arguments = destination.arguments("write", catalog)
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = threading.Thread(target=feed, args=(process.stdin, start))
    feeder.start()
    # From the start of the interpreter to the last commits of such a source.
    time.sleep(random.Random(seed).uniform(0.2, 1.5))
    process.send_signal(number)
    stdout = process.stdout.read()
    code = process.wait(timeout=30)
    feeder.join()
    process.stdout.close()
    # A sync that was done before the signal came is a sync that was not stopped.
    assert code in {-number, 128 + number, 0}
    return echoed(stdout)


def ids(destination: Destination, table: str = "t") -> list[int]:
    """Return the ids in the table, in order."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        return [int(row[0]) for row in connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]


def whole_source(start: int) -> bytes:
    """Return everything from batch *start* on."""
    return b"".join(batch(number) for number in range(start, BATCHES)) + lines([status("t")])


MODES = [("append", APPEND, False), ("dedup", DEDUP, False), ("echo", DEDUP, True), ("refresh", REFRESH, False)]
SYNCS = [
    pytest.param(*MODES[seed % len(MODES)][1:], seed, id=f"{MODES[seed % len(MODES)][0]}-{seed}")
    for seed in range(KILLS // 3)
]


@pytest.mark.parametrize(("catalog", "from_echo", "seed"), SYNCS)
def test_write_when_killed_three_times(
    destination: Destination, catalog: dict[str, Any], from_echo: bool, seed: int
) -> None:
    """After each kill the next sync goes on; in the end every row is there once."""
    start, last_echo = 0, 0
    for kill in range(3):
        echoes = stopped_sync(destination, catalog, start, seed * 10 + kill, signal.SIGKILL)
        last_echo = max([last_echo, *echoes])
        kept = database_state(destination)
        assert kept >= last_echo
        if catalog is not REFRESH and kept:
            assert ids(destination) == list(range(kept * ROWS))
        start = last_echo if from_echo else kept
    outcome = destination.run("write", catalog, whole_source(start))
    assert outcome.exit_code == 0, outcome
    assert ids(destination) == list(range(BATCHES * ROWS))
    assert not list(destination.directory.glob("*spool*"))


@pytest.mark.parametrize("seed", range(4))
def test_write_when_terminated(destination: Destination, seed: int) -> None:
    """SIGTERM ends the sync with code 143; what is committed stays, and the next sync goes on."""
    echoes = stopped_sync(destination, APPEND, 0, seed, signal.SIGTERM)
    kept = database_state(destination)
    assert kept >= max([0, *echoes])
    assert destination.run("write", APPEND, whole_source(kept)).exit_code == 0
    assert ids(destination) == list(range(BATCHES * ROWS))


def test_write_when_stdin_stays_open(destination: Destination) -> None:
    """A state is echoed while the source is silent; killed then, its rows are there."""
    arguments = destination.arguments("write", APPEND)
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(batch(0))
    process.stdin.flush()
    line = process.stdout.readline()
    process.kill()
    process.communicate()
    assert echoed(line) == [1]
    assert ids(destination) == list(range(ROWS))
