"""Reading: stdin → units to commit together, in a bounded queue.

Runs in a thread of its own, so that reading continues while DuckDB loads. In: a descriptor. Out, on the queue: a
CommitUnit for each STATE (with the rows that it covers), for each stream that COMPLETEs with no uncovered rows, and
for rows that waited too long for a STATE; then one EndOfInput. A failure is queued as the last item. Messages other
than records, states and statuses, and plain lines, are copied to stderr unchanged, so that a shell pipe hides no log.
"""

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from destination_duckdb.config import MEGABYTE, Config
from destination_duckdb.errors import SystemFault
from destination_duckdb.input.bounded_queue import BoundedQueue
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.input.undeclared_fields import UndeclaredFields
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.line_blocks import READ_BYTES, whole_lines, without_mark
from destination_duckdb.protocol.messages import Message
from destination_duckdb.protocol.record_runs import Rows, RunSplitter
from destination_duckdb.protocol.state_message import StateLine, parse_state
from destination_duckdb.values.decimals import loses_digits

MEMORY_BYTES = 32 * MEGABYTE
SPILL_BYTES = MEGABYTE // 2
QUEUE_BYTES = 512 * MEGABYTE
STDERR = 2


@dataclass(frozen=True, slots=True)
class CommitUnit:
    """Rows to commit together, and the state or status that covers them."""

    rows: Mapping[StreamKey, Segment] = field(default_factory=dict)
    state: StateLine | None = None
    record_count: int = 0
    completed: StreamKey | None = None
    is_early: bool = False

    @property
    def size_bytes(self) -> int:
        """Return the size of its rows."""
        return sum(segment.size_bytes for segment in self.rows.values())


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The input has ended: how each stream ended, the rows that no state covers, and what was left out."""

    statuses: Mapping[StreamKey, str]
    uncovered: Mapping[StreamKey, Segment]
    left_out: Sequence[str] = ()
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Reading ended with an error."""

    error: Exception
    size_bytes: int = 0


Item = CommitUnit | EndOfInput | Failure


class InputReader:
    """Reads messages, and keeps the rows of each stream until something covers them."""

    def __init__(
        self,
        properties: Mapping[StreamKey, Collection[str]],
        config: Config,
        spool: SpoolDirectory,
        descriptor: int = 0,
    ) -> None:
        self.queue: BoundedQueue[Item] = BoundedQueue(QUEUE_BYTES, lambda item: item.size_bytes)
        self._splitter = RunSplitter(properties)
        self._undeclared = UndeclaredFields(properties)
        self._max_line_bytes = config.max_record_mb * MEGABYTE
        self._max_uncommitted_bytes = config.max_uncommitted_mb * MEGABYTE
        self._spool = spool
        self._descriptor = descriptor
        self._open: dict[StreamKey, Segment] = {}
        self._rows_since_state: dict[StreamKey, int] = {}
        self._statuses: dict[StreamKey, str] = {}
        self._plain_lines = 0

    def start(self) -> None:
        """Start reading in a daemon thread."""
        threading.Thread(target=self._run, name="input", daemon=True).start()

    def _run(self) -> None:
        try:
            lines = whole_lines(lambda: os.read(self._descriptor, READ_BYTES), self._max_line_bytes)
            for block in without_mark(lines):
                for part in self._splitter.split(block):
                    if isinstance(part, Rows):
                        self._keep(part)
                    else:
                        self._handle(part.message, part.line)
            self.queue.put(EndOfInput(self._statuses, self._open, self._left_out()))
        except Exception as error:  # noqa: BLE001  the thread's edge: the other thread raises it again
            self.queue.put(Failure(error))
        finally:
            self.queue.finish()

    def _left_out(self) -> list[str]:
        """Return a sentence for each kind of input that is not stored."""
        found = self._undeclared.sentences()
        if self._plain_lines:
            lines = (
                "1 line of the input is" if self._plain_lines == 1 else f"{self._plain_lines:,} lines of the input are"
            )
            found.append(f"{lines} not Airbyte messages: copied to stderr, and not stored.")
        return found

    def _keep(self, rows: Rows) -> None:
        self._undeclared.look_at(rows)
        segment = self._open.get(rows.key)
        if segment is None:
            segment = self._open[rows.key] = Segment(self._spool)
        segment.append(rows.block, rows.rows)
        if not segment.has_lossy_decimals:
            segment.has_lossy_decimals = loses_digits(rows.block)
        self._rows_since_state[rows.key] = self._rows_since_state.get(rows.key, 0) + rows.rows
        if segment.memory_bytes > SPILL_BYTES:
            segment.spill()
        if sum(each.memory_bytes for each in self._open.values()) > MEMORY_BYTES:
            max(self._open.values(), key=lambda each: each.memory_bytes).spill()
        if sum(each.size_bytes for each in self._open.values()) > self._max_uncommitted_bytes:
            largest = max(self._open, key=lambda key: self._open[key].size_bytes)
            self.queue.put(CommitUnit(rows={largest: self._open.pop(largest)}, is_early=True))

    def _handle(self, message: Message | None, line: bytes) -> None:
        if message is None:
            self._plain_lines += 1
            _forward(line)
        elif message.type == "STATE":
            self._deliver_state(parse_state(message, line))
        elif message.trace is not None and message.trace.type == "STREAM_STATUS":
            self._note_status(message, line)
        else:
            _forward(line)

    def _deliver_state(self, state: StateLine) -> None:
        covered = list(self._open) if state.key is None else [state.key]
        rows = {key: self._open.pop(key) for key in covered if key in self._open}
        counted = list(self._rows_since_state) if state.key is None else [state.key]
        record_count = sum(self._rows_since_state.pop(key, 0) for key in counted)
        self.queue.put(CommitUnit(rows=rows, state=state, record_count=record_count))

    def _note_status(self, message: Message, line: bytes) -> None:
        assert message.trace is not None
        status = message.trace.stream_status
        if status is None:
            raise SystemFault(f"A STREAM_STATUS of the input names no stream: {line[:80]!r}.")
        key = status.stream_descriptor.key
        if status.status in {"COMPLETE", "INCOMPLETE"}:
            self._statuses[key] = status.status
        if status.status == "COMPLETE" and key not in self._open:
            self.queue.put(CommitUnit(completed=key))


def _forward(line: bytes) -> None:
    """Copy a line that is not for this destination to stderr; if that fails, a log is lost, not a row."""
    remaining = memoryview(line + b"\n")
    with suppress(OSError):
        while remaining:
            remaining = remaining[os.write(STDERR, remaining) :]
