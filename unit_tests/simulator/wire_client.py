"""One HTTP request, and exactly what came back on the wire: the body before decoding, and how the transfer ended."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from mixpanel_simulator import Simulator

End = Literal["whole", "incomplete", "reset", "silent"]
# How long a test waits for a connection that it expects to fall silent.
SILENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """Status, headers and body as they came; "silent" is a connection that stays open and sends nothing."""

    status: int
    headers: dict[str, str]
    wire: bytes
    end: End

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.wire) if self.headers.get("Content-Encoding") == "gzip" else self.wire

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.split(b"\n")[:-1]]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(
    simulator: Simulator,
    path: str,
    query: dict[str, Any] | None = None,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = 20,
) -> WireAnswer:
    """Send a request with the headers given, and the service account's Authorization unless they name one."""
    address = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout_s)
    account = basic(simulator.scenario.username, simulator.scenario.secret)
    sent = {"Authorization": account, "Connection": "close"} | (headers or {})
    target = f"{path}?{urlencode(query)}" if query else path
    try:
        connection.request("GET" if body is None else "POST", target, body, sent)
        return _read(connection)
    except ConnectionResetError:
        return WireAnswer(0, {}, b"", "reset")
    except TimeoutError:
        return WireAnswer(0, {}, b"", "silent")
    finally:
        connection.close()


def _read(connection: http.client.HTTPConnection) -> WireAnswer:
    answer = connection.getresponse()
    wire = bytearray()
    end: End = "whole"
    try:
        while piece := answer.read1(65_536):
            wire += piece
    except http.client.IncompleteRead as error:
        wire += error.partial
        end = "incomplete"
    except ConnectionResetError:
        end = "reset"
    except TimeoutError:
        end = "silent"
    if end == "whole" and answer.length:
        end = "incomplete"
    return WireAnswer(answer.status, dict(answer.getheaders()), bytes(wire), end)


def export(
    simulator: Simulator, first: date, last: date, *, accept: str = "gzip", timeout_s: float = 20, **params: Any
) -> WireAnswer:
    """Ask for the events of these days."""
    query = {"project_id": simulator.scenario.project_id, "from_date": first, "to_date": last, **params}
    return ask(simulator, "/api/2.0/export", query, headers={"Accept-Encoding": accept}, timeout_s=timeout_s)


def engage(simulator: Simulator, *, accept: str = "gzip", **params: Any) -> WireAnswer:
    """Ask for a page of profiles, with a form."""
    query = {"project_id": simulator.scenario.project_id}
    headers = {"Accept-Encoding": accept, "Content-Type": "application/x-www-form-urlencoded"}
    return ask(simulator, "/api/query/engage", query, body=urlencode(params).encode(), headers=headers)
