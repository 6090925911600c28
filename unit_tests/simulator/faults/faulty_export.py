"""An export that a fault hits, and what can be read of its body."""

from __future__ import annotations

import http.client
import zlib
from datetime import date
from urllib.parse import urlsplit

import pytest

from mixpanel_simulator import Fault, Simulator
from unit_tests.simulator.wire_client import SILENCE_S, WireAnswer, basic, export

DAY = date(2026, 1, 2)
ENCODINGS = pytest.mark.parametrize("accept", ["gzip", "identity"])


def whole(simulator: Simulator) -> bytes:
    return export(simulator, DAY, DAY, accept="identity").body


def lines_of(body: bytes) -> list[bytes]:
    return [line + b"\n" for line in body.split(b"\n")[:-1]]


def faulty(simulator: Simulator, fault: Fault, accept: str) -> WireAnswer:
    """Return the answer that *fault* hits."""
    simulator.add_fault(fault)
    answer = export(simulator, DAY, DAY, accept=accept, timeout_s=SILENCE_S if fault.kind == "stall" else 20)
    assert simulator.requests()[-1].fault == fault.kind
    return answer


def connect(simulator: Simulator, day: str) -> http.client.HTTPConnection:
    """Return a connection on which *day* was asked for, and nothing is read yet."""
    address = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    account = basic(simulator.scenario.username, simulator.scenario.secret)
    target = f"/api/2.0/export?project_id=12345&from_date={day}&to_date={day}"
    connection.request("GET", target, headers={"Authorization": account})
    return connection


def inflate(wire: bytes, accept: str) -> tuple[bytes, bool]:
    """Return what can be read of a body, and whether its encoding ends as it should."""
    if accept == "identity":
        return wire, True
    inflater = zlib.decompressobj(wbits=31)
    return inflater.decompress(wire), inflater.eof
