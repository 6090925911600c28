"""Faults in the text of an export: each one's lines, for gzip and for identity answers."""

from __future__ import annotations

import pytest

from mixpanel_simulator import Fault, Simulator
from unit_tests.simulator.faults.faulty_export import DAY, ENCODINGS, faulty, lines_of, whole


@ENCODINGS
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("terminated_early", "terminated early"),
        ("export_terminated_early", "export terminated early"),
        ("terminated_early_json", '{"error": "terminated early"}\n'),
    ],
)
def test_terminated_early_is_the_end_of_a_good_transfer(
    simulator: Simulator, accept: str, kind: str, text: str
) -> None:
    answer = faulty(simulator, Fault(kind, after_lines=30), accept)
    before = b"".join(lines_of(whole(simulator))[:30])
    assert (answer.status, answer.end, answer.body) == (200, "whole", before + text.encode())


def test_terminated_early_takes_any_wording_at_any_byte(simulator: Simulator) -> None:
    answer = faulty(simulator, Fault("terminated_early", at_byte=77, text="\nTerminated Early\n"), "gzip")
    assert answer.body == whole(simulator)[:77] + b"\nTerminated Early\n"


@ENCODINGS
@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault("broken_line", after_lines=3), b'{"event": "Song Played", "properties": {"time": 17\n'),
        (Fault("broken_line", after_lines=3, text="<html>"), b"<html>\n"),
        (Fault("broken_line", after_lines=3, text=""), b"\n"),
    ],
)
def test_broken_line_stands_in_place_of_an_event(simulator: Simulator, accept: str, fault: Fault, line: bytes) -> None:
    expected = lines_of(whole(simulator))
    expected[3] = line
    assert faulty(simulator, fault, accept).body == b"".join(expected)


@ENCODINGS
def test_split_line_is_one_event_over_two_lines(simulator: Simulator, accept: str) -> None:
    lines = lines_of(whole(simulator))
    body = faulty(simulator, Fault("split_line"), accept).body
    split = lines_of(body)
    assert len(split) == len(lines) + 1
    assert split[20].removesuffix(b"\n") + split[21] == lines[20]
    assert split[:20] + split[22:] == lines[:20] + lines[21:]


@ENCODINGS
@pytest.mark.parametrize(("kind", "missing"), [("no_event", "event"), ("no_properties", "properties")])
def test_a_line_lacks_a_member(simulator: Simulator, accept: str, kind: str, missing: str) -> None:
    lines = simulator.events(DAY, DAY)
    del lines[39][missing]
    assert faulty(simulator, Fault(kind, after_lines=1_000), accept).lines == lines


@ENCODINGS
def test_no_newline_ends_the_body(simulator: Simulator, accept: str) -> None:
    answer = faulty(simulator, Fault("no_newline"), accept)
    assert (answer.end, answer.body) == ("whole", whole(simulator)[:-1])
