"""What goes to stdout, in which order: a window's records, its state, its report; a stream's result before its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteLogMessage,
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStreamStatus,
    FailureType,
    Level,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.emission.delivery import Delivery, Notice, as_record
from source_mixpanel_parallel.emission.emission import Emission
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.emission.spool import Spool, SpoolLedger
from source_mixpanel_parallel.errors import NoAccess
from source_mixpanel_parallel.progress import BatchProgress, progress_line
from source_mixpanel_parallel.source import SourceMixpanelParallel
from source_mixpanel_parallel.traced import traced

CONFIG = {
    "credentials": {"option_title": "Service Account", "username": "u", "secret": "s", "project_id": 7},
    "start_date": "2026-01-01",
    "end_date": "2026-01-14",
}
LINES = b'{"type":"RECORD","record":1}\n{"type":"RECORD","record":2}\n'


@pytest.fixture(scope="module")
def streams() -> Mapping[str, AbstractStream]:
    return {stream.name: stream for stream in SourceMixpanelParallel(config=CONFIG).streams(CONFIG)}


def emission_of(streams: Mapping[str, AbstractStream], *names: str) -> Emission:
    return Emission({name: streams[name] for name in names})


def progress(index: int = 0, rows: int = 2, error: str | None = None) -> BatchProgress:
    dates = ("2026-01-01", "2026-01-07") if index == 0 else ("2026-01-08", "2026-01-14")
    return BatchProgress("events", *dates, index, 2, 14, rows, error is None, error, 100, 1.5, 2.5)


def spool_of(lines: bytes) -> Spool:
    spool = Spool(SpoolLedger(1 << 30, threading.Event()))
    spool.write(lines)
    return spool


def carrying(item: Delivery | Notice) -> AirbyteMessage:
    """Wrap *item* as the CDK does with a record."""
    data = as_record(item, "events", {}).data  # type: ignore[arg-type] # no slice is needed here
    return AirbyteMessage(type=Type.RECORD, record=AirbyteRecordMessage(stream="events", data=dict(data), emitted_at=1))


def ended(name: str, status: AirbyteStreamStatus = AirbyteStreamStatus.COMPLETE) -> AirbyteMessage:
    return as_airbyte_message(StreamDescriptor(name=name), status)


def shown(item: bytes | AirbyteMessage) -> Any:
    """Return what goes to stdout: lines as they are, messages without the time of writing."""
    if isinstance(item, bytes):
        return item
    message = json.loads(AirbyteEntrypoint.airbyte_message_to_string(item))
    if message["type"] == "LOG":
        return f"{message['log']['level']} {message['log']['message']}"
    if message["type"] == "STATE":
        state = message["state"]
        descriptor, rows = state["stream"]["stream_descriptor"]["name"], state["sourceStats"]["recordCount"]
        return ("STATE", descriptor, rows, state["stream"]["stream_state"])
    trace = message["trace"]
    if trace["type"] == "ESTIMATE":
        return ("ESTIMATE", trace["estimate"]["name"], trace["estimate"]["row_estimate"])
    return (trace["stream_status"]["status"], trace["stream_status"]["stream_descriptor"]["name"])


def handled(emission: Emission, message: AirbyteMessage) -> list[Any]:
    return [shown(item) for item in emission.handle(message)]


def report(progress: BatchProgress) -> str:
    return f"INFO {progress_line(progress)}"


def test_delivery_when_a_window_is_whole(streams: Mapping[str, AbstractStream]) -> None:
    """The records come first, the state that covers them behind, then the report and an estimate; the spool is gone."""
    emission, spool, called = emission_of(streams, "events"), spool_of(LINES), []

    def checkpoint() -> dict[str, Any]:
        called.append(spool.size_bytes)
        return {"finished_ranges": [["2026-01-01", "2026-01-07"]]}

    items = emission.handle(carrying(Delivery("events", progress(), spool, checkpoint)))
    assert shown(next(items)) == LINES
    assert called == []  # what is not written is not finished
    assert [shown(item) for item in items] == [
        ("STATE", "events", 2.0, {"finished_ranges": [["2026-01-01", "2026-01-07"]]}),
        report(progress()),
        ("ESTIMATE", "events", 4),
    ]
    with pytest.raises(ValueError, match="closed"):
        list(spool.batches())


def test_delivery_when_the_reader_goes_away(streams: Mapping[str, AbstractStream]) -> None:
    """Records that were not taken are not finished: no checkpoint is made, and the spool is gone."""
    spool, called = spool_of(LINES), []

    def checkpoint() -> dict[str, Any]:
        called.append(1)
        return {}

    items = emission_of(streams, "events").handle(carrying(Delivery("events", progress(), spool, checkpoint)))
    next(items)
    items.close()  # type: ignore[attr-defined] # it is a generator
    assert called == []
    with pytest.raises(ValueError, match="closed"):
        list(spool.batches())


def test_delivery_when_a_window_was_given_up(streams: Mapping[str, AbstractStream]) -> None:
    """Nothing but its report comes out: no record, no state."""
    failure = progress(rows=0, error="the answer was cut")
    assert handled(emission_of(streams, "events"), carrying(Delivery("events", failure))) == [report(failure)]


def test_delivery_when_a_window_is_empty(streams: Mapping[str, AbstractStream]) -> None:
    """A window without events is finished, too."""
    empty = progress(rows=0)
    delivery = Delivery("events", empty, spool_of(b""), lambda: {"finished_ranges": []})
    assert handled(emission_of(streams, "events"), carrying(delivery)) == [
        ("STATE", "events", 0.0, {"finished_ranges": []}),
        report(empty),
    ]


def test_states_when_windows_follow_each_other(streams: Mapping[str, AbstractStream]) -> None:
    """Each state counts the rows since the one before it; a report without state leaves them for the next."""
    emission = emission_of(streams, "events")
    handled(emission, carrying(Delivery("events", progress(0, 5), spool_of(LINES), lambda: {"a": 1})))
    handled(emission, carrying(Delivery("events", progress(1, 3), spool_of(LINES))))
    items = handled(emission, carrying(Delivery("events", progress(1, 4), spool_of(LINES), lambda: {"a": 2})))
    assert items[1] == ("STATE", "events", 7.0, {"a": 2})


def test_end_when_a_stream_is_complete(streams: Mapping[str, AbstractStream]) -> None:
    """The result and the last state stand before the stream's end."""
    emission = emission_of(streams, "events")
    handled(emission, carrying(Delivery("events", progress(), spool_of(LINES), lambda: {"a": 1})))
    handled(emission, carrying(Delivery("events", progress(1, 0, "cut"))))
    result, *rest = handled(emission, ended("events", AirbyteStreamStatus.INCOMPLETE))
    document = json.loads(result.removeprefix("INFO result: "))
    del document["duration_s"]
    assert document == {
        "stream": "events",
        "rows": 2,
        "successful_batches": 1,
        "failed_batches": 1,
        "failed_date_ranges": [["2026-01-08", "2026-01-14"]],
        "interrupted_batches": 0,
        "has_failures": True,
    }
    assert rest == [("STATE", "events", 0.0, {"finished_ranges": []}), ("INCOMPLETE", "events")]


def test_end_when_lines_were_rejected(streams: Mapping[str, AbstractStream]) -> None:
    """`rejected_lines` ends last, since any stream of events may add to it; its state counts its rows."""
    emission = emission_of(streams, "events", "rejected_lines")
    assert handled(emission, ended("rejected_lines")) == []
    rejected = (RejectedLine(3, b"broken", "it has no `event`"), RejectedLine(4, b"\xff", "not UTF-8"))
    items = handled(emission, carrying(Delivery("events", progress(), spool_of(LINES), lambda: {"a": 1}, rejected)))
    assert items[:2] == [LINES, "WARN events: 2 lines of the response are not events, even when read twice"]
    assert [json.loads(line)["record"]["data"]["line"] for line in items[2:4]] == ["broken", r"\xff"]
    assert items[4] == ("STATE", "events", 2.0, {"a": 1})
    handled(emission, ended("events"))
    assert [shown(item) for item in emission.finish()] == [
        ("STATE", "rejected_lines", 2.0, {"__ab_no_cursor_state_message": True}),
        ("COMPLETE", "rejected_lines"),
    ]


def test_rejected_lines_when_their_stream_is_not_selected(streams: Mapping[str, AbstractStream]) -> None:
    """Each line goes whole into the log, as an error, so that nothing is lost."""
    rejected = (RejectedLine(3, b"broken " * 1000, "it has no `event`"),)
    delivery = Delivery("events", progress(), spool_of(LINES), lambda: {"a": 1}, rejected)
    emission = emission_of(streams, "events")
    items = handled(emission, carrying(delivery))
    assert items[1] == "WARN events: 1 line of the response is not an event, even when read twice"
    message = json.loads(items[2].removeprefix("ERROR rejected line: "))
    assert message["record"]["data"]["line"] == "broken " * 1000
    assert list(emission.finish()) == []


def test_message_when_it_is_none_of_ours(streams: Mapping[str, AbstractStream]) -> None:
    """What the CDK says, and what a fetcher says, is passed on as it is."""
    emission = emission_of(streams, "events")
    log = AirbyteMessage(type=Type.LOG, log=AirbyteLogMessage(level=Level.WARN, message="waiting"))
    for message in (log, ended("rejected_lines", AirbyteStreamStatus.STARTED), ended("unknown")):
        assert list(emission.handle(message)) == [message]
    assert list(emission.handle(carrying(Notice(log)))) == [log]


def test_start_when_windows_are_planned(streams: Mapping[str, AbstractStream]) -> None:
    """The plan follows STARTED: its windows, days and requests are known, and about how long they take."""
    started, line = handled(emission_of(streams, "events"), ended("events", AirbyteStreamStatus.STARTED))
    document = json.loads(line.removeprefix("INFO plan: "))
    assert started == ("STARTED", "events")
    assert document.pop("requests") == document.pop("total") > 1
    assert document.pop("estimated_s") > 0
    assert document == {"stream": "events", "unit": "window", "days": 14}


def test_start_when_page_0_is_not_read_yet(streams: Mapping[str, AbstractStream]) -> None:
    """Nobody knows how many pages there are."""
    _, line = handled(emission_of(streams, "profiles"), ended("profiles", AirbyteStreamStatus.STARTED))
    assert json.loads(line.removeprefix("INFO plan: ")) == {
        "stream": "profiles", "unit": "page", "total": None, "days": None, "requests": None, "estimated_s": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "internal_message"),
    [
        (traced(NoAccess("no")), "no_access: no"),
        (AirbyteTracedException("HTTP 401", "no", FailureType.config_error), "refused: HTTP 401"),
        (AirbyteTracedException("HTTP 500", "no", FailureType.transient_error), "slice_failed: HTTP 500"),
        (AirbyteTracedException.from_exception(KeyError("a: b")), "internal: 'a: b'"),
        (AirbyteTracedException(message="no"), "internal: no"),
    ],
)
def test_error_when_it_is_traced(
    streams: Mapping[str, AbstractStream], error: AirbyteTracedException, internal_message: str
) -> None:
    """Every error carries a code: ours its own, the CDK's that of its type of failure. The read's end has one, too."""
    emission = emission_of(streams, "events")
    (message,) = emission.handle(error.as_airbyte_message(StreamDescriptor(name="events")))
    assert isinstance(message, AirbyteMessage)
    assert message.trace
    assert message.trace.error
    assert message.trace.error.internal_message == internal_message
    summary = AirbyteTracedException("Concurrent read failure", "During the sync, …", FailureType.config_error)
    end = emission.last_error(summary)
    assert (end.message, end.internal_message, end.failure_type) == (
        "Not every stream is complete: events. See the errors above.",
        "streams_incomplete: Not every stream is complete: events. See the errors above.",
        FailureType.config_error,
    )
    alone = emission_of(streams, "events").last_error(AirbyteTracedException("it broke", "no"))
    assert (alone.message, alone.internal_message) == ("no", "internal: it broke")


def test_report_when_an_error_holds_a_secret(streams: Mapping[str, AbstractStream]) -> None:
    """A secret is masked wherever it may have come from."""
    update_secrets(["very-secret-9"])
    try:
        failure = progress(rows=0, error="https://user:very-secret-9@host refused")
        (line,) = handled(emission_of(streams, "events"), carrying(Delivery("events", failure)))
    finally:
        update_secrets([])
    assert json.loads(line.removeprefix("INFO progress: "))["error"] == "https://user:****@host refused"
