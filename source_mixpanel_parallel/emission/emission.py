"""From what fetchers hand over to what goes to stdout, in the protocol's order.

In: the CDK's messages, some of which carry a `Delivery` or a `Notice`. Out: RECORD lines as bytes, ready to be copied,
and all other messages as AirbyteMessages. A window's state follows its records, its progress follows its state, and a
stream's result and last state stand before its last status. Used by one thread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from airbyte_cdk.models import (
    AirbyteErrorTraceMessage,
    AirbyteEstimateTraceMessage,
    AirbyteLogMessage,
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateStats,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    AirbyteTraceMessage,
    EstimateType,
    Level,
    StreamDescriptor,
    TraceType,
    Type,
)
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.emission.delivery import Delivery, Notice, carried_by
from source_mixpanel_parallel.emission.emitted_slice_cursor import EmittedSliceCursor
from source_mixpanel_parallel.emission.masked_report import plan_message, progress_message, result_message
from source_mixpanel_parallel.emission.rejected_records import record_line, rejected_record
from source_mixpanel_parallel.errors import StreamsIncomplete
from source_mixpanel_parallel.progress import BatchProgress, ResultTally, SliceProgress, StreamReadResult
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.traced import code_of, give_code, traced

ENDED = {AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE}


class Emission:
    """Orders the output of one read of the selected *streams*, which may still be empty when it is made.

    Plain streams come record by record and emit their own states: they are counted, and passed on.
    """

    def __init__(self, streams: Mapping[str, AbstractStream]) -> None:
        self._streams = streams
        self._tallies: dict[str, ResultTally] = {}
        self._rows_since_state: Counter[str] = Counter()
        self._plain_rows: Counter[str] = Counter()
        self._started_s = time.monotonic()
        self._held_status: AirbyteMessage | None = None
        self._failed: dict[str, None] = {}  # in the order of their first errors

    def handle(self, message: AirbyteMessage) -> Iterator[bytes | AirbyteMessage]:
        """Yield what *message* stands for."""
        item = carried_by(message)
        if isinstance(item, Notice):
            yield item.message
        elif isinstance(item, Delivery):
            yield from self._deliver(item)
        elif message.record or message.state:
            yield self._counted(message)
        elif message.trace and message.trace.error:
            yield self._coded(message, message.trace.error)
        elif name := _started_stream(message):
            yield message
            yield from self._plan(name)
        elif (name := _ended_stream(message)) is None or name not in self._streams:
            yield message
        elif not isinstance(self._streams[name].cursor, EmittedSliceCursor):
            yield result_message(StreamReadResult(name, self._plain_rows[name], self._elapsed_s()))
            yield message
        elif name == REJECTED_LINES:
            self._held_status = message  # the CDK ends it immediately, since it has no slices of its own
        else:
            yield result_message(self._tally(name).result(self._elapsed_s()))
            yield from self._close(name, message)

    def finish(self) -> Iterator[AirbyteMessage]:
        """Yield what can only be emitted when every other stream has ended."""
        if self._held_status:
            yield from self._close(REJECTED_LINES, self._held_status)

    def last_error(self, error: AirbyteTracedException) -> AirbyteTracedException:
        """Return what ends the read: the CDK's summary of errors that were traced one by one, or *error* itself."""
        if not self._failed or code_of(error.internal_message):
            give_code(error)
            return error
        names = ", ".join(self._failed)
        return traced(StreamsIncomplete(f"Not every stream is complete: {names}. See the errors above."))

    def _coded(self, message: AirbyteMessage, error: AirbyteErrorTraceMessage) -> AirbyteMessage:
        give_code(error)
        if error.stream_descriptor:
            self._failed[error.stream_descriptor.name] = None
        return message

    def _plan(self, name: str) -> Iterator[AirbyteMessage]:
        cursor = self._streams[name].cursor if name in self._streams else None
        if isinstance(cursor, EmittedSliceCursor) and (plan := cursor.fetch_plan):
            yield plan_message(plan)

    def _deliver(self, delivery: Delivery) -> Iterator[bytes | AirbyteMessage]:
        name = delivery.stream
        if delivery.spool:
            try:
                yield from delivery.spool.batches()
            finally:
                delivery.spool.close()
        if delivery.rejected:
            yield from self._reject(delivery)
        self._tally(name).add(delivery.progress)
        self._rows_since_state[name] += delivery.progress.rows
        if (state := delivery.checkpoint()) is not None:
            yield self._state(name, state)
        yield progress_message(delivery.progress)
        if (estimate := self._tally(name).estimated_rows()) is not None:
            yield _estimate(name, estimate)

    def _counted(self, message: AirbyteMessage) -> AirbyteMessage:
        """Count a plain stream's record, or put the count of its records into its state."""
        if message.record:
            self._rows_since_state[message.record.stream] += 1
            self._plain_rows[message.record.stream] += 1
        elif message.state and message.state.stream:
            name = message.state.stream.stream_descriptor.name
            message.state.sourceStats = AirbyteStateStats(recordCount=float(self._rows_since_state.pop(name, 0)))
        return message

    def _tally(self, name: str) -> ResultTally:
        return self._tallies.setdefault(name, ResultTally(name))

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _reject(self, delivery: Delivery) -> Iterator[bytes | AirbyteMessage]:
        text = f"{delivery.stream}: {_rejected_text(len(delivery.rejected), delivery.progress)}"
        yield self._log(Level.WARN, text)
        for line in delivery.rejected:
            record = rejected_record(delivery, line)
            if REJECTED_LINES in self._streams:
                self._rows_since_state[REJECTED_LINES] += 1
                yield record_line(record)
            else:
                yield self._log(Level.ERROR, f"rejected line: {record_line(record).decode().strip()}")

    def _close(self, name: str, status: AirbyteMessage) -> Iterator[AirbyteMessage]:
        yield self._state(name, self._streams[name].cursor.state)
        yield status

    def _state(self, name: str, state: Mapping[str, object]) -> AirbyteMessage:
        rows = self._rows_since_state.pop(name, 0)
        return AirbyteMessage(
            type=Type.STATE,
            state=AirbyteStateMessage(
                type=AirbyteStateType.STREAM,
                stream=AirbyteStreamState(
                    stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(dict(state))
                ),
                sourceStats=AirbyteStateStats(recordCount=float(rows)),
            ),
        )

    def _log(self, level: Level, text: str) -> AirbyteMessage:
        return AirbyteMessage(type=Type.LOG, log=AirbyteLogMessage(level=level, message=filter_secrets(text)))


def _estimate(name: str, rows: int) -> AirbyteMessage:
    return AirbyteMessage(
        type=Type.TRACE,
        trace=AirbyteTraceMessage(
            type=TraceType.ESTIMATE,
            emitted_at=time.time() * 1000,
            estimate=AirbyteEstimateTraceMessage(name=name, type=EstimateType.STREAM, row_estimate=rows),
        ),
    )


def _started_stream(message: AirbyteMessage) -> str | None:
    status = message.trace.stream_status if message.trace else None
    is_start = status is not None and status.status is AirbyteStreamStatus.STARTED
    return status.stream_descriptor.name if status and is_start else None


def _ended_stream(message: AirbyteMessage) -> str | None:
    status = message.trace.stream_status if message.trace else None
    return status.stream_descriptor.name if status and status.status in ENDED else None


def _rejected_text(count: int, progress: SliceProgress) -> str:
    if isinstance(progress, BatchProgress):
        lines = "line of the response is not an event" if count == 1 else "lines of the response are not events"
        return f"{count} {lines}, even when read twice"
    items = "item of the page is not a profile" if count == 1 else "items of the page are not profiles"
    return f"{count} {items}"
