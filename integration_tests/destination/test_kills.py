"""Killed at any moment: what is committed, what is echoed, and what the next sync does with it.

Kills come at random moments, and at the moments that matter most: while a COMMIT grows the write-ahead log, right
behind it, and while a checkpoint empties the log.
"""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.destination.destination_process import Destination, configured, lines, record, state, status
from integration_tests.destination.resumable_source import (
    APPEND,
    DEDUP,
    PROPERTIES,
    REFRESH,
    ResumableSource,
    database_state,
    echoed,
    ids,
)

SOURCE = ResumableSource(batches=40, rows=250, text_length=200, pause_s=0.02)
# DuckDB makes a checkpoint when its log has grown by 16 MB: every few of these batches.
HEAVY = ResumableSource(batches=18, rows=250, text_length=24_000, pause_s=0.13)
KILLS = 36

Stop = Callable[["subprocess.Popen[bytes]"], None]


def stopped_sync(
    destination: Destination, catalog: dict[str, Any], source: ResumableSource, start: int, stop: Stop
) -> tuple[int, list[int]]:
    """Start a sync at batch *start*, let *stop* end it, and return its exit code and the echoes."""
    arguments = destination.arguments("write", catalog)
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = threading.Thread(target=source.feed, args=(process.stdin, start))
    feeder.start()
    stop(process)
    stdout = process.stdout.read()
    code = process.wait(timeout=30)
    feeder.join()
    process.stdout.close()
    return code, echoed(stdout)


def at_random(seed: int, number: int) -> Stop:
    """Return what sends signal *number* at a random moment, from the start of the interpreter to the last commits."""

    def stop(process: subprocess.Popen[bytes]) -> None:
        time.sleep(random.Random(seed).uniform(0.2, 1.5))
        process.send_signal(number)

    return stop


def when_the_log(
    destination: Destination, changed: Callable[[int, int], bool], times: int, delay_s: float, *, kills: bool = True
) -> Stop:
    """Return what kills a moment after the write-ahead log has *changed* its size for so many times."""
    log = Path(f"{destination.database}.wal")

    def size_bytes() -> int:
        try:
            return log.stat().st_size
        except FileNotFoundError:
            return 0

    def stop(process: subprocess.Popen[bytes]) -> None:
        before, left = size_bytes(), times
        while left and process.poll() is None:
            now = size_bytes()
            left -= changed(before, now)
            before = now
        time.sleep(delay_s)
        if kills:
            process.kill()

    return stop


MODES = [
    ("append", APPEND, False),
    ("append-echo", APPEND, True),
    ("dedup", DEDUP, False),
    ("dedup-echo", DEDUP, True),
    ("refresh", REFRESH, False),
]
SYNCS = [
    pytest.param(*MODES[seed % len(MODES)][1:], seed, id=f"{MODES[seed % len(MODES)][0]}-{seed}")
    for seed in range(KILLS // 3)
]


@pytest.mark.parametrize(("catalog", "from_echo", "seed"), SYNCS)
def test_write_when_killed_three_times(
    destination: Destination, catalog: dict[str, Any], from_echo: bool, seed: int
) -> None:
    """After each kill the next sync goes on; in the end every row is there, once unless it was appended again."""
    start, last_echo = 0, 0
    appends_again = from_echo and catalog is APPEND
    for kill in range(3):
        stop = at_random(seed * 10 + kill, signal.SIGKILL)
        code, echoes = stopped_sync(destination, catalog, SOURCE, start, stop)
        # A sync that was done before the signal came is a sync that was not stopped.
        assert code in {-signal.SIGKILL, 0}
        last_echo = max([last_echo, *echoes])
        kept = database_state(destination)
        assert kept >= last_echo
        if catalog is not REFRESH and kept and not appends_again:
            assert ids(destination) == SOURCE.ids_until(kept)
        start = last_echo if from_echo else kept
    outcome = destination.run("write", catalog, SOURCE.rest(start))
    assert outcome.exit_code == 0, outcome
    found = ids(destination)
    assert (sorted(set(found)) if appends_again else found) == SOURCE.ids
    assert not list(destination.directory.glob("*spool*"))


def grew(before: int, now: int) -> bool:
    return now > before


def shrank(before: int, now: int) -> bool:
    return now < before


@pytest.mark.parametrize("catalog", [APPEND, DEDUP], ids=["append", "dedup"])
@pytest.mark.parametrize(
    ("changed", "times", "delay_s"),
    [(grew, 2, 0), (grew, 5, 0.0005), (grew, 9, 0.002), (grew, 14, 0.01), (shrank, 1, 0), (shrank, 2, 0.001)],
    ids=["commit-2", "commit-5", "commit-9", "commit-14", "checkpoint-1", "checkpoint-2"],
)
def test_write_when_killed_at_a_commit(
    destination: Destination,
    catalog: dict[str, Any],
    changed: Callable[[int, int], bool],
    times: int,
    delay_s: float,
) -> None:
    """Killed while DuckDB writes its log or empties it, rows and state are there together or not at all."""
    stop = when_the_log(destination, changed, times, delay_s)
    code, echoes = stopped_sync(destination, catalog, HEAVY, 0, stop)
    assert code == -signal.SIGKILL
    kept = database_state(destination)
    assert kept >= max([0, *echoes])
    assert ids(destination) == HEAVY.ids_until(kept)
    assert destination.run("write", catalog, HEAVY.rest(kept)).exit_code == 0
    assert ids(destination) == HEAVY.ids


@pytest.mark.parametrize("seed", range(3))
def test_write_when_a_refresh_is_killed(destination: Destination, seed: int) -> None:
    """The table keeps the rows of the generation before, until the new one is whole: then it has those alone."""
    before = {"streams": [configured("t", PROPERTIES, generation_id=6, minimum_generation_id=0)]}
    first = [record("t", {"id": -1}), status("t")]
    assert destination.write(before, first).exit_code == 0
    kept = 0
    for kill in range(2):
        stop = at_random(100 + seed * 10 + kill, signal.SIGKILL)
        stopped_sync(destination, REFRESH, SOURCE, kept, stop)
        assert ids(destination) in ([-1], SOURCE.ids)
        kept = database_state(destination)
    assert destination.run("write", REFRESH, SOURCE.rest(kept)).exit_code == 0
    assert ids(destination) == SOURCE.ids


@pytest.mark.parametrize("seed", range(4))
def test_write_when_terminated(destination: Destination, seed: int) -> None:
    """SIGTERM ends the sync with code 143; what is committed stays, and the next sync goes on."""
    code, echoes = stopped_sync(destination, APPEND, SOURCE, 0, at_random(seed, signal.SIGTERM))
    # Before the interpreter is up, the signal ends it as any other program.
    assert code in {128 + signal.SIGTERM, -signal.SIGTERM, 0}
    kept = database_state(destination)
    assert kept >= max([0, *echoes])
    assert destination.run("write", APPEND, SOURCE.rest(kept)).exit_code == 0
    assert ids(destination) == SOURCE.ids


def test_write_when_terminated_in_a_long_statement(destination: Destination) -> None:
    """SIGTERM does not wait for a load to end, says what is kept, and leaves nothing temporary."""
    source = ResumableSource(batches=1, rows=60_000, text_length=8_000, pause_s=0)

    def stop(process: subprocess.Popen[bytes]) -> None:
        while not any(Path(f"{destination.database}.spool").glob("*.jsonl")):
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()

    code, echoes = stopped_sync(destination, APPEND, source, 0, stop)
    assert (code, echoes) == (128 + signal.SIGTERM, [])
    assert ids(destination) == []
    assert not list(destination.directory.glob("*spool*"))


def test_write_when_terminated_and_nobody_reads(destination: Destination) -> None:
    """SIGTERM ends a sync whose reader stopped reading, too; the state that it could not send is in the database."""
    process = subprocess.Popen(destination.arguments("write", APPEND), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    pad = "x" * 500_000
    process.stdin.write(lines([record("t", {"id": 1}), state("t", {"batches": 1, "pad": pad})]))
    process.stdin.flush()
    when_the_log(destination, lambda before, now: before < len(pad) <= now, 1, 0.1, kills=False)(process)
    process.terminate()
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    process.communicate()
    assert database_state(destination) == 1
    assert ids(destination) == [1]


def test_write_when_stdin_stays_open(destination: Destination) -> None:
    """A state is echoed while the source is silent; killed then, its rows are there."""
    arguments = destination.arguments("write", APPEND)
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    for number in range(3):
        process.stdin.write(SOURCE.batch(number))
        process.stdin.flush()
        assert echoed(process.stdout.readline()) == [number + 1]
    process.kill()
    process.communicate()
    assert ids(destination) == SOURCE.ids_until(3)
