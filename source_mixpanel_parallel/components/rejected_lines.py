"""The stream `rejected_lines`: lines that are still not events in a second read of their window.

It asks Mixpanel for nothing: its records come up while the events are read, and are emitted between them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_mixpanel_parallel.components.delivery import Delivery
from source_mixpanel_parallel.components.emitted_slice_cursor import EmittedSliceCursor
from source_mixpanel_parallel.components.event_decoder import RejectedLine
from source_mixpanel_parallel.progress import BatchProgress

REJECTED_LINES = "rejected_lines"


def rejected_record(delivery: Delivery, line: RejectedLine) -> dict[str, Any]:
    """Return the record that keeps *line*, with where it was found."""
    window = delivery.progress
    dates = {}
    if isinstance(window, BatchProgress):
        dates = {"from_date": window.from_date, "to_date": window.to_date}
    return {
        "id": hashlib.sha256(line.raw).hexdigest(),
        "stream": delivery.stream,
        **dates,
        "line_number": line.number,
        "line": line.raw.decode(errors="backslashreplace"),
        "error": line.error,
    }


def record_line(record: Mapping[str, Any]) -> bytes:
    """Return the RECORD message of a rejected line."""
    body = {"stream": REJECTED_LINES, "data": record, "emitted_at": time.time_ns() // 1_000_000}
    return json.dumps({"type": "RECORD", "record": body}).encode() + b"\n"


@dataclass
class NoRequests(Retriever):
    """The retriever of a stream that asks for nothing."""

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[Record]:
        """Yield no record."""
        return ()


@dataclass
class NoSlices(EmittedSliceCursor):
    """The cursor of a stream that asks for nothing."""

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Yield no slice."""
        return ()

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state of a stream that has nothing to go on from."""
        return {"__ab_no_cursor_state_message": True}
