"""Lines that are not events, as records of a stream of their own."""

from __future__ import annotations

import hashlib
import json

import pytest

from source_mixpanel_parallel.components.events.rejected_lines import NoRequests, NoSlices
from source_mixpanel_parallel.emission.delivery import Delivery
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.emission.rejected_records import record_line, rejected_record
from source_mixpanel_parallel.progress import BatchProgress, ProfileProgress

WINDOW = BatchProgress("purchases", "2026-01-01", "2026-01-07", 0, 1, 7, 5, True, None, 100, 1.0, 2.0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"event":"a"', '{"event":"a"'),
        ("日本 \u2028".encode(), "日本 \u2028"),
        (b"a\xffb\xc3", r"a\xffb\xc3"),
        (b"\x00\t", "\x00\t"),
    ],
)
def test_record_when_a_line_was_rejected(raw: bytes, text: str) -> None:
    """The record holds the line, where it was found and why; its key is a hash of the line's bytes."""
    record = rejected_record(Delivery("purchases", WINDOW), RejectedLine(8412, raw, "it has no `event`"))
    assert record == {
        "id": hashlib.sha256(raw).hexdigest(),
        "stream": "purchases",
        "from_date": "2026-01-01",
        "to_date": "2026-01-07",
        "line_number": 8412,
        "line": text,
        "error": "it has no `event`",
    }


def test_record_when_the_slice_is_no_window() -> None:
    """A slice without dates makes a record without dates."""
    page = ProfileProgress("profiles", 0, 1, 5, 5, True, None, 1.0, 2.0)
    assert set(rejected_record(Delivery("profiles", page), RejectedLine(1, b"x", "y"))) == {
        "id",
        "stream",
        "line_number",
        "line",
        "error",
    }


@pytest.mark.parametrize("line", ["a\nb", 'quote "', "\u2028\ud800", "日本"])
def test_record_line_when_it_is_parsed(line: str) -> None:
    """The RECORD is one line of ASCII, with the record unchanged."""
    encoded = record_line({"line": line})
    assert encoded.isascii()
    assert encoded.count(b"\n") == 1
    message = json.loads(encoded)
    emitted_at = message["record"].pop("emitted_at")
    assert emitted_at > 1_700_000_000_000
    assert message == {"type": "RECORD", "record": {"stream": "rejected_lines", "data": {"line": line}}}


def test_stream_when_it_is_read() -> None:
    """It asks Mixpanel for nothing, and has nothing to go on from."""
    assert list(NoSlices().stream_slices()) == []
    assert list(NoRequests().read_records({})) == []
    assert NoSlices().state == {"__ab_no_cursor_state_message": True}
