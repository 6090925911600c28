"""The two connectors as commands: how they are called, and one call of a command that prints a document.

In: arguments; out: `Answer`, with what the command printed and the errors it traced. Raises OSError if the process
can't be started. Connectors run in a session of their own, so that Ctrl-C reaches this program alone, which passes
it on as it should be.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mixpanel_to_duckdb.connectors.messages import Error, Message, parse_message
from mixpanel_to_duckdb.connectors.stop_request import StopRequest

MAIN = Path(__file__).resolve().parents[2] / "main.py"
SOURCE = [sys.executable, str(MAIN)] if MAIN.is_file() else [sys.executable, "-m", "source_mixpanel_parallel.run"]
DESTINATION = [sys.executable, "-m", "destination_duckdb"]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: its exit code, what it printed, and what it wrote on stderr."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def messages(self) -> list[Message]:
        """What it printed, as messages."""
        return [parse_message(line) for line in self.stdout.split(b"\n") if line]

    @property
    def errors(self) -> list[Error]:
        """The errors that it traced, or, if it failed and traced none, the end of what it wrote on stderr."""
        traced = [message.error for message in self.messages if message.error]
        if self.exit_code == 0 or traced:
            return traced
        return [unexplained("the connector", self.exit_code, self.stderr)]


def unexplained(who: str, exit_code: int, stderr: bytes) -> Error:
    """Return the error of a process that failed without a word in the protocol."""
    if exit_code < 0:
        return Error(f"{who} was killed by signal {-exit_code} ({signal.strsignal(-exit_code)})")
    lines = stderr.decode(errors="replace").strip().splitlines()
    return Error(f"{who} ended with exit code {exit_code}: {lines[-1] if lines else 'it printed no reason'}")


class RunningCommand:
    """A command that was started; several can run concurrently."""

    def __init__(self, command: list[str], stop: StopRequest) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        stop.watch(self._process)

    def answer(self) -> Answer:
        """Wait for its end."""
        with self._process as process:
            stdout, stderr = process.communicate()
        return Answer(process.returncode, stdout, stderr)
