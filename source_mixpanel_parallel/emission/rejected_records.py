"""The records of the stream `rejected_lines`: lines that are still not events in a second read of their window."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from source_mixpanel_parallel.emission.delivery import Delivery
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.progress import BatchProgress
from source_mixpanel_parallel.stream_names import REJECTED_LINES


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
