"""What the source says, as the messages that arrive here."""

from __future__ import annotations

import json
from typing import Any

from mixpanel_to_duckdb.connectors.messages import Message, parse_message
from source_mixpanel_parallel.log_lines import (
    FetchPlan,
    FetchWait,
    PagePlace,
    Reason,
    Unit,
    WindowPlace,
    plan_line,
    wait_line,
)


def log(text: str, level: str = "INFO") -> Message:
    """Return a LOG message."""
    return parse_message(json.dumps({"type": "LOG", "log": {"level": level, "message": text}}).encode())


def window(
    index: int, from_date: str, to_date: str, *, rows: int = 10, error: str | None = None, **more: Any
) -> Message:
    """Return the report of a window of events, one of three with 10 days in all."""
    report = {
        "stream": "events",
        "from_date": from_date,
        "to_date": to_date,
        "batch_index": index,
        "total_batches": 3,
        "total_days": 10,
        "rows": 0 if error else rows,
        "success": error is None,
        "error": error,
        "bytes": 100,
        "started_s": 1000.0,
        "duration_s": 2.0,
        **more,
    }
    return log(f"progress: {json.dumps(report)}")


def page(index: int, *, rows: int = 5, total: int = 4, error: str | None = None) -> Message:
    """Return the report of a page of profiles."""
    report = {
        "stream": "profiles",
        "page_index": index,
        "total_pages": total,
        "rows": 0 if error else rows,
        "cumulative_rows": rows,
        "success": error is None,
        "error": error,
        "started_s": 1001.0,
        "duration_s": 1.0,
    }
    return log(f"progress: {json.dumps(report)}")


def wait(
    stream: str, wait_s: float, reason: Reason, place: WindowPlace | PagePlace | None = None, **more: Any
) -> Message:
    """Return the report of a pause."""
    return log(wait_line(FetchWait(f"{reason}, {wait_s:.1f} s", stream, place, wait_s, reason, **more)), "WARN")


def plan(stream: str, unit: Unit, total: int | None) -> Message:
    """Return what a stream has to read."""
    return log(plan_line(FetchPlan(stream, unit, total, None, total, None)))


def events_result(rows: int = 30, failed: tuple[tuple[str, str], ...] = ()) -> Message:
    """Return the result of the stream of events."""
    report = {
        "stream": "events",
        "rows": rows,
        "successful_batches": 3,
        "failed_batches": len(failed),
        "failed_date_ranges": failed,
        "duration_s": 4.0,
        "has_failures": bool(failed),
    }
    return log(f"result: {json.dumps(report)}")
