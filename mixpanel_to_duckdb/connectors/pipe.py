"""The source piped into the destination, exactly as a shell would: two processes, one pipe, one file.

In: the config, catalog and state files; out: `PipeEnd`, with both exit codes and what each traced. Raises OSError if a
process can't be started. Bytes go from process to process without passing through this one.
"""

from __future__ import annotations

import queue
import shlex
import subprocess
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mixpanel_to_duckdb.connectors.messages import Error, Message, is_consequence, parse_message
from mixpanel_to_duckdb.connectors.process import DESTINATION, SOURCE, unexplained
from mixpanel_to_duckdb.connectors.stop_request import StopRequest

TICK_S = 0.25
# How long a source may take to end by itself, and when asked: longer than its own STOP_WITHIN_S.
GRACE_S, ASKED_S = 2.0, 6.0


@dataclass(frozen=True, slots=True)
class PipeFiles:
    """The files of one sync; *state* is that of an earlier one, if there was any."""

    source_config: Path
    destination_config: Path
    catalog: Path
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class PipeEnd:
    """How a sync ended: both exit codes, both processes' errors, and the rows committed with a state, per stream."""

    source_exit_code: int
    destination_exit_code: int
    source_errors: tuple[Error, ...]
    destination_errors: tuple[Error, ...]
    committed_rows: Mapping[str, int]

    @property
    def failed(self) -> bool:
        """Whether either process failed."""
        return bool(self.source_exit_code or self.destination_exit_code)


def read_command(files: PipeFiles) -> list[str]:
    """Return the arguments of the source."""
    state = ["--state", str(files.state)] if files.state else []
    return ["read", "--config", str(files.source_config), "--catalog", str(files.catalog), *state]


def write_command(files: PipeFiles) -> list[str]:
    """Return the arguments of the destination."""
    return ["write", "--config", str(files.destination_config), "--catalog", str(files.catalog)]


def shell_words(files: PipeFiles) -> str:
    """Return the sync as one would type it."""
    source = ["python", "main.py", *read_command(files)]
    return f"{shlex.join(source)} | {shlex.join(['destination-duckdb', *write_command(files)])}"


def run_pipe(
    files: PipeFiles,
    on_message: Callable[[Message], None],
    on_tick: Callable[[], None] = lambda: None,
    stop: StopRequest | None = None,
) -> PipeEnd:
    """Run source | destination to their end; *on_message* gets each of the source's messages but records and states.

    The destination passes them on to its stderr, as a destination may say anything there. *on_tick* is called a few
    times a second while no message comes.
    """
    stop = stop or StopRequest()
    errors: list[Error] = []
    unread: deque[bytes] = deque(maxlen=1)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        read, write = [*SOURCE, *read_command(files)], [*DESTINATION, *write_command(files)]
        with (
            _started(read, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints) as source,
            _started(write, stdin=source.stdout, stdout=output, stderr=subprocess.PIPE) as destination,
        ):
            assert source.stdout
            assert destination.stderr
            source.stdout.close()  # so that the source notices when the destination is gone
            stop.watch(source)
            stop.watch(destination, ends_by_itself=True)
            try:
                _follow(destination.stderr, errors, unread, on_message, on_tick)
            except BaseException:
                stop.make()  # the callback failed: commit complete windows and pages, then re-raise its error
                raise
            destination.wait()
            end_soon(source)
        reported = [parse_message(line) for line in _lines(output)]
        # An error of no stream and without a code is a CDK's summary of those that it has traced one by one.
        source_errors = [error for error in errors if error.stream or error.code] or errors
        destination_errors = [message.error for message in reported if message.error]
        if destination.returncode and not destination_errors and not stop.made:
            destination_errors = [unexplained("the destination", destination.returncode, b"".join(unread))]
        elif source.returncode and not source_errors and not stop.made and not _stops_others(destination_errors):
            source_errors = [unexplained("the source", source.returncode, b"\n".join(_lines(complaints)))]
    committed: Counter[str] = Counter()
    for message in reported:
        if message.state:
            name = message.state.stream.stream_descriptor.name
            committed[name] += int(message.state.destination_stats.record_count)
    return PipeEnd(
        source.returncode, destination.returncode, tuple(source_errors), tuple(destination_errors), committed
    )


def end_soon(source: subprocess.Popen[bytes]) -> None:
    """End *source*, which nobody reads any more: one that waits for a quota would not notice for an hour."""
    for patience_s, end in ((GRACE_S, source.terminate), (ASKED_S, source.kill)):
        with suppress(subprocess.TimeoutExpired):
            source.wait(patience_s)
            return
        end()


def _stops_others(destination_errors: list[Error]) -> bool:
    """Tell whether the destination ended of its own accord, so that the source had nobody to write to."""
    return not all(is_consequence(error) for error in destination_errors)


def _started(
    command: list[str], *, stdin: IO[bytes] | int | None, stdout: IO[bytes] | int, stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
    )


def _follow(
    lines: IO[bytes],
    errors: list[Error],
    unread: deque[bytes],
    on_message: Callable[[Message], None],
    on_tick: Callable[[], None],
) -> None:
    """Hand on each line as a message, until they end; a thread reads, so that no callback can stall the pipe.

    *unread* keeps the last line that is no message: of a crash, it says why.
    """
    arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            arrived.put(line)
        arrived.put(None)

    threading.Thread(target=read, name="messages", daemon=True).start()
    while True:
        try:
            line = arrived.get(timeout=TICK_S)
        except queue.Empty:
            on_tick()
            continue
        if line is None:
            return
        message = parse_message(line)
        if not line.startswith(b"{"):
            unread.append(line)
        if message.error:
            errors.append(message.error)
        on_message(message)


def _lines(file: IO[bytes]) -> list[bytes]:
    file.seek(0)
    return [line for line in file.read().split(b"\n") if line]
