"""The command as a person runs it: a process with a config file, on a simulated Mixpanel."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.measured import interpreter
from mixpanel_simulator import Simulator

COMMAND = [*interpreter(), "-m", "mixpanel_to_duckdb"]
TIMEOUT_S = 120
SILENCE_S = 10
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
CTRL_C = b"\x03"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """Return what --json printed."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document


def run(*arguments: str | Path, environment: Mapping[str, str] | None = None, stdin: str = "") -> Ended:
    """Run the command to its end, with no terminal."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def run_until(simulator: Simulator, exports: int, number: signal.Signals, *arguments: str | Path) -> Ended:
    """Run the command, signal its process group at its request for days number *exports*, and wait for its end."""
    before = len(asked_days(simulator))
    with started(*arguments) as process:
        wait_for_exports(simulator, before + exports, process)
        os.killpg(process.pid, number)
        return ended(process)


def wait_for_exports(simulator: Simulator, exports: int, process: subprocess.Popen[str]) -> None:
    """Wait until *exports* requests for days have come. What *process* shows of them may lag behind."""
    while len(asked_days(simulator)) < exports:
        assert process.poll() is None
        time.sleep(0.02)


@contextmanager
def started(*arguments: str | Path, wrapper: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run the command, behind *wrapper* where there is one, for as long as the context lasts."""
    command = [*wrapper, *COMMAND, *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        watchdog = threading.Timer(TIMEOUT_S, process.kill)  # so that a test fails, and does not hang
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Return what the command says up to the line with *word*."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(f"it never said {word!r}: {said}")


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the command's end."""
    stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    return Ended(process.returncode, stdout, stderr)


def child_of(process: subprocess.Popen[str], word: str) -> int:
    """Return the id of the command's child that has *word* in its command line."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and word in (path / "cmdline").read_text():
                return int(path.name)
    raise AssertionError(f"the command has no child {word!r}")


def run_on_terminal(
    columns: int,
    *arguments: str | Path,
    keys: Sequence[tuple[str, bytes]] = (),
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run the command on a terminal that is *columns* wide; type *keys*, each after a text has been shown, in order."""
    pid, terminal = pty.fork()
    if pid == 0:
        size = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "24"}
        os.execve(sys.executable, [*COMMAND, *map(str, arguments)], {**os.environ, **size, **(environment or {})})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown, pending, seen, last = b"", list(keys), 0, b""
    while chunk := read_terminal(terminal, pid, shown, last):
        shown += chunk
        while pending and (at := shown.find(pending[0][0].encode(), seen)) >= 0:
            text, last = pending.pop(0)
            seen = at + len(text.encode())
            os.write(terminal, last)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return Ended(os.waitstatus_to_exitcode(status), shown.decode(), "")


def read_terminal(terminal: int, pid: int, shown: bytes, typed: bytes) -> bytes:
    """Return what a terminal shows next, nothing at its end; kill *pid* where it shows nothing for too long.

    A Ctrl-C that is *typed* last is typed again where nothing follows, as a person would do: Python does not notice one
    that arrives just before it begins to wait for a line.
    """
    for _ in range(TIMEOUT_S // SILENCE_S):
        if select.select([terminal], [], [], SILENCE_S)[0]:
            try:
                return os.read(terminal, 65536)
            except OSError:  # the terminal is gone with its last process
                return b""
        if typed == CTRL_C:
            os.write(terminal, CTRL_C)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"nothing more is shown, and what is waited for was not: {shown.decode()}")


def lines_of(shown: str) -> list[str]:
    """Return what a terminal was shown, without colours, cursor movements and the echo of Ctrl-C."""
    return [CONTROL.sub("", part).replace("^C", "") for part in re.split(r"[\r\n]+", shown)]


def write_config(folder: Path, simulator: Simulator, **fields: Any) -> Path:
    """Write a config that reads *simulator*'s whole range of days; None leaves a field out."""
    scenario = simulator.scenario
    document = {
        "credentials": simulator.credentials,
        "start_date": str(scenario.first_day),
        "end_date": str(scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        **fields,
    }
    path = folder / "config.json"
    path.write_text(json.dumps({name: value for name, value in document.items() if value is not None}))
    return path


def content(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all streams, in an order of their own, without what differs from sync to sync."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
            ).fetchall()
        ]
        return {
            table: connection.execute(
                f"SELECT COLUMNS(lambda c: NOT starts_with(c, '_airbyte_')) FROM \"{table}\" ORDER BY ALL"
            ).fetchall()
            for table in tables
            if not table.startswith("_airbyte_")
        }


def asked_days(simulator: Simulator) -> list[tuple[str, str]]:
    """Return the days of every export request, in order of arrival."""
    return [(e.params["from_date"], e.params["to_date"]) for e in simulator.requests() if e.path.endswith("/export")]
