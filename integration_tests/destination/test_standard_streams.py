"""stdin, stdout and stderr as a caller may leave them: closed, full, or with nobody at the other end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, configured, lines, record, state, status

CATALOG = {"streams": [configured("t", {"n": {"type": "integer"}})]}
LOG = b'{"type":"LOG","log":{"level":"INFO","message":"%s"}}' % (b"x" * 100_000)
MESSAGES = lines([LOG, record("t", {"n": 1}), state("t", {"at": 1}), record("t", {"n": 2}), LOG, status("t")])


def run_with(destination: Destination, redirection: str) -> subprocess.CompletedProcess[bytes]:
    """Run `write` in a shell that redirects its streams."""
    messages = destination.directory / "messages.jsonl"
    messages.write_bytes(MESSAGES)
    words = " ".join(f"'{word}'" for word in destination.arguments("write", CATALOG))
    command = f"{words} < '{messages}' {redirection}"
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=60, check=False)


def numbers(database: Path) -> list[tuple[int]]:
    """Return what the table holds; a damaged file would raise."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute("SELECT CAST(n AS BIGINT) FROM t ORDER BY n").fetchall()


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>&1 >/dev/null | true"])
def test_write_when_stderr_takes_nothing(destination: Destination, redirection: str) -> None:
    """Logs of the source are missed, and no row: none of them ends in the database's file either."""
    done = run_with(destination, redirection)
    assert done.returncode == 0
    assert numbers(destination.database) == [(1,), (2,)]
    assert b"xxxxxxxx" not in destination.database.read_bytes()


@pytest.mark.parametrize(
    "redirection",
    [
        pytest.param(
            ">&-",
            marks=pytest.mark.skipif(
                "faketime" in os.environ.get("LD_PRELOAD", ""), reason="libfaketime opens a file, which gets number 1"
            ),
        ),
        ">/dev/full",
    ],
)
def test_write_when_stdout_takes_nothing(destination: Destination, redirection: str) -> None:
    """The sync ends at the first state that it can't send, and says so in one line; what is committed stays."""
    done = run_with(destination, redirection)
    assert done.returncode == 1
    assert b"Messages can't be written to stdout" in done.stderr
    assert b"Traceback" not in done.stderr
    assert numbers(destination.database) == [(1,)]


@pytest.mark.parametrize("redirection", ["<&-", "<&- >&- 2>&-"])
def test_write_when_stdin_is_closed(destination: Destination, redirection: str) -> None:
    """No input is a stream without an end, whatever number the database's file would get."""
    done = run_with(destination, redirection)
    assert done.returncode == 1
    assert numbers(destination.database) == []
