"""Faults of the transfer: each one's bytes on the wire, for gzip and for identity answers."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from datetime import date

import pytest

from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from unit_tests.simulator.faults.faulty_export import DAY, ENCODINGS, connect, faulty, inflate, lines_of, whole
from unit_tests.simulator.wire_client import SILENCE_S, ask, engage, export


@ENCODINGS
@pytest.mark.parametrize("content_length", [False, True])
@pytest.mark.parametrize(("kind", "end"), [("cut", "incomplete"), ("reset", "reset"), ("stall", "silent")])
def test_transfer_breaks_at_the_byte(
    simulator: Simulator, accept: str, kind: str, end: str, *, content_length: bool
) -> None:
    """All bytes before it arrive, and none after it."""
    clean = export(simulator, DAY, DAY, accept=accept).wire if accept == "identity" else None
    answer = faulty(simulator, Fault(kind, at_byte=3_000, content_length=content_length), accept)
    assert (answer.status, answer.end, len(answer.wire)) == (200, end, 3_000)
    assert ("Content-Length" in answer.headers) == content_length
    assert clean is None or answer.wire == clean[:3_000]
    assert whole(simulator).startswith(inflate(answer.wire, accept)[0])
    assert simulator.requests()[-2].bytes_sent == 3_000


@ENCODINGS
@pytest.mark.parametrize("kind", ["cut", "reset", "stall"])
def test_transfer_breaks_in_the_middle_when_no_byte_is_named(simulator: Simulator, accept: str, kind: str) -> None:
    answer = faulty(simulator, Fault(kind, content_length=True), accept)
    assert len(answer.wire) == int(answer.headers["Content-Length"]) // 2


@pytest.mark.parametrize(("kind", "end"), [("reset", "reset"), ("stall", "silent")])
def test_nothing_is_sent_when_the_byte_is_the_first(simulator: Simulator, kind: str, end: str) -> None:
    """Not even a status line."""
    answer = faulty(simulator, Fault(kind, at_byte=0), "gzip")
    assert (answer.status, answer.wire, answer.end) == (0, b"", end)


@ENCODINGS
@pytest.mark.parametrize("content_length", [False, True])
def test_cut_at_line_looks_complete_but_for_the_transfer(
    simulator: Simulator, accept: str, *, content_length: bool
) -> None:
    """The body ends at a newline; only the transfer's end, or the gzip trailer, tells that it isn't whole."""
    fault = Fault("cut_at_line", after_lines=25, content_length=content_length)
    answer = faulty(simulator, fault, accept)
    body, ended = inflate(answer.wire, accept)
    assert body == b"".join(lines_of(whole(simulator))[:25])
    assert (answer.end, ended) == ("incomplete", accept == "identity")


def test_cut_gzip_has_no_trailer_but_the_transfer_ends_well(simulator: Simulator) -> None:
    answer = faulty(simulator, Fault("cut_gzip"), "gzip")
    body, ended = inflate(answer.wire, "gzip")
    assert body == b"".join(lines_of(whole(simulator))[:20])
    assert (answer.end, ended) == ("whole", False)


@pytest.mark.parametrize("after_lines", [0, 20, 40])
def test_cut_gzip_ends_within_a_line_when_the_answer_is_identity(simulator: Simulator, after_lines: int) -> None:
    answer = faulty(simulator, Fault("cut_gzip", after_lines=after_lines), "identity")
    assert answer.end == "whole"
    assert whole(simulator).startswith(answer.wire)
    assert not answer.wire.endswith(b"\n")
    assert answer.wire.count(b"\n") == min(after_lines, 39)


@ENCODINGS
def test_lost_chunk_misses_bytes_in_the_middle(simulator: Simulator, accept: str) -> None:
    """The transfer ends well; the checksum, or a broken line, tells."""
    answer = faulty(simulator, Fault("lost_chunk", at_byte=2_000), accept)
    assert answer.end == "whole"
    if accept == "gzip":
        with pytest.raises((zlib.error, EOFError, gzip.BadGzipFile)):
            gzip.decompress(answer.wire)
    else:
        body = whole(simulator)
        assert answer.wire == body[:2_000] + body[3_000:]


@pytest.mark.parametrize("kind", ["cut", "cut_at_line", "reset", "broken_line", "terminated_early", "no_newline"])
def test_faults_hit_empty_bodies_too(simulator: Simulator, kind: str) -> None:
    """There is no line to break, but a transfer to cut."""
    simulator.add_fault(Fault(kind))
    answer = export(simulator, date(2025, 1, 1), date(2025, 1, 1))
    ends = {"cut": "incomplete", "cut_at_line": "incomplete", "reset": "reset"}
    assert answer.end == ends.get(kind, "whole")
    assert answer.wire == (b"terminated early" if kind == "terminated_early" else b"")


@ENCODINGS
@pytest.mark.parametrize(("kind", "end"), [("cut", "incomplete"), ("reset", "reset"), ("stall", "silent")])
def test_pages_break_too(simulator: Simulator, accept: str, kind: str, end: str) -> None:
    clean = engage(simulator, accept=accept)
    simulator.add_fault(Fault(kind, path="engage", page=0))
    headers = {"Accept-Encoding": accept, "Content-Type": "application/x-www-form-urlencoded"}
    query = {"project_id": 12345}
    answer = ask(simulator, "/api/query/engage", query, body=b"page=0", headers=headers, timeout_s=SILENCE_S)
    assert (answer.end, answer.status) == (end, 200)
    assert len(answer.wire) == int(answer.headers["Content-Length"]) // 2
    assert accept == "gzip" or len(answer.wire) == len(clean.wire) // 2


def test_pages_are_terminated_early_and_lose_bytes_too(simulator: Simulator) -> None:
    """The transfer ends well, the JSON doesn't."""
    for fault in (Fault("terminated_early"), Fault("terminated_early", at_byte=5, text="!")):
        simulator.add_fault(fault)
        answer = engage(simulator, accept="identity")
        assert (answer.status, answer.end) == (200, "whole")
        with pytest.raises(json.JSONDecodeError):
            assert answer.json
    simulator.add_fault(Fault("lost_chunk"))
    answer = engage(simulator)
    assert (answer.status, answer.end) == (200, "whole")
    with pytest.raises((zlib.error, EOFError, gzip.BadGzipFile)):
        gzip.decompress(answer.wire)


@pytest.mark.parametrize(("kind", "end"), [("cut", "incomplete"), ("reset", "reset")])
def test_large_transfer_breaks_only_after_all_before_it_is_sent(kind: str, end: str) -> None:
    with start_simulator(Scenario(days=1, events_per_day=20_000)) as large:
        large.add_fault(Fault(kind, at_byte=9_000_000))
        answer = export(large, date(2026, 1, 1), date(2026, 1, 1), accept="identity")
        assert (len(answer.wire), answer.end) == (9_000_000, end)


def test_client_that_leaves_is_logged_as_gone() -> None:
    """A fault that would strike later has nobody to strike."""
    with start_simulator(Scenario(days=1, latency_per_day_s=0.3)) as slow:
        slow.add_fault(Fault("cut"))
        for day in (date(2025, 1, 1), date(2026, 1, 1)):
            connection = connect(slow, str(day))
            connection.getresponse().close()
            connection.close()
        while any(entry.finished_s is None for entry in slow.requests()):
            time.sleep(0.02)
        assert [entry.status for entry in slow.requests()] == [200, 200]
