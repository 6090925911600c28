"""Raw export over HTTP: the body is the truth, in each encoding, for each parameter; what is wrong is refused."""

from __future__ import annotations

import http.client
import json
from datetime import date, timedelta
from urllib.parse import urlencode, urlsplit

import pytest

from mixpanel_simulator import Scenario, Simulator, start_simulator
from unit_tests.simulator.wire_client import ask, basic, export

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 5)


@pytest.mark.parametrize("accept", ["gzip", "identity", "gzip;q=0", "deflate, GZIP;q=0.5, *;q=0"])
@pytest.mark.parametrize("time_in_ms", [True, False])
def test_export_is_the_truth_in_each_encoding(simulator: Simulator, accept: str, *, time_in_ms: bool) -> None:
    """Gzip is sent where it is accepted, as a single member with a right checksum."""
    answer = export(simulator, FIRST, LAST, accept=accept, time_in_ms=str(time_in_ms).lower())
    assert (answer.status, answer.end) == (200, "whole")
    assert ("Content-Encoding" in answer.headers) == (accept not in {"identity", "gzip;q=0"})
    assert answer.lines == simulator.events(FIRST, LAST, time_in_ms=time_in_ms)
    assert answer.body.endswith(b"}}\n")


def test_export_is_the_same_when_it_is_asked_for_again(simulator: Simulator) -> None:
    assert export(simulator, FIRST, LAST).wire == export(simulator, FIRST, LAST).wire


def test_days_are_inclusive_at_both_ends(simulator: Simulator) -> None:
    """The days one by one are the range, and a day without events is an empty body."""
    days = [FIRST + timedelta(days=number) for number in range(5)]
    assert b"".join(export(simulator, day, day).body for day in days) == export(simulator, FIRST, LAST).body
    empty = export(simulator, date(2025, 12, 31), date(2025, 12, 31))
    assert (empty.status, empty.wire, empty.headers.get("Content-Encoding")) == (200, b"", None)


def test_small_bodies_are_not_compressed(simulator: Simulator) -> None:
    """Only bodies of more than 1,400 bytes are."""
    small = export(simulator, FIRST, FIRST, limit=1)
    assert ("Content-Encoding" in small.headers, len(small.lines)) == (False, 1)
    assert len(small.body) <= 1_400


def test_event_names_filter(simulator: Simulator) -> None:
    names = ["購入完了", "Song Played"]
    expected = [event for event in simulator.events(FIRST, LAST) if event["event"] in names]
    assert export(simulator, FIRST, LAST, event=json.dumps(names)).lines == expected


def test_where_filters(simulator: Simulator) -> None:
    """As official scripts do it: by the time of arrival."""
    arrivals = sorted(event["properties"]["mp_processing_time_ms"] for event in simulator.events(FIRST, LAST))
    middle = arrivals[len(arrivals) // 2]
    where = f'number(properties["mp_processing_time_ms"]) > {middle}'
    expected = [e for e in simulator.events(FIRST, LAST) if e["properties"]["mp_processing_time_ms"] > middle]
    assert export(simulator, FIRST, LAST, where=where).lines == expected
    assert 0 < len(expected) < len(arrivals)


def test_limit_cuts(simulator: Simulator) -> None:
    assert export(simulator, FIRST, LAST, limit=45).lines == simulator.events(FIRST, LAST)[:45]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"to_date": "2026-01-02"}, "from_date is a required parameter"),
        ({"from_date": "2026-01-02"}, "to_date is a required parameter"),
        ({"from_date": "x", "to_date": "2026-01-02"}, "from_date is 'x': it must be a date in the format yyyy-mm-dd"),
        ({"from_date": "2026-01-03", "to_date": "2026-01-02"}, "from_date cannot be later than to_date"),
        ({"from_date": "2026-01-03", "to_date": "2026-01-10"}, "to_date cannot be later than today"),
        ({"event": "Purchase"}, "event is 'Purchase': it must be a JSON array of names"),
        ({"event": "[1]"}, "event is '[1]': it must be a JSON array of names"),
        ({"limit": "0"}, "limit is '0': it must be a number from 1 to 100000"),
        ({"limit": "100001"}, "limit is '100001': it must be a number from 1 to 100000"),
        ({"where": "sum(1)"}, "Unable to parse where: unexpected sum in 'sum(1)'"),
    ],
)
def test_export_is_refused_when_a_parameter_is_wrong(
    simulator: Simulator, params: dict[str, str], message: str
) -> None:
    """The body names the request and the error."""
    dates = {} if {"from_date", "to_date"} & set(params) else {"from_date": "2026-01-01", "to_date": "2026-01-02"}
    query = {"project_id": "12345", **dates, **params}
    answer = ask(simulator, "/api/2.0/export", query)
    request = f"/api/2.0/export?{urlencode(query)}"
    assert answer.status == 400
    assert (answer.json["error"], answer.json["status"]) == (message, "error")
    assert answer.json["request"].startswith(request.partition("?")[0])


def test_today_itself_is_exported(simulator: Simulator) -> None:
    assert export(simulator, date(2026, 1, 9), date(2026, 1, 9)).status == 200


def test_late_events_are_served_when_they_have_arrived(simulator: Simulator) -> None:
    """A window that is read again may have more events than before."""
    before = export(simulator, LAST, LAST).lines
    simulator.add_late_events(LAST, 3)
    after = export(simulator, LAST, LAST).lines
    assert (after[:-3], len(after)) == (before, len(before) + 3)
    assert after == simulator.events(LAST, LAST)


def test_requests_are_logged_in_order_of_arrival(simulator: Simulator) -> None:
    """With their parameters decoded, and the bytes that were sent."""
    answer = export(simulator, FIRST, FIRST, event='["購入完了", "Sign Up", "$mp_web_page_view"]')
    ask(simulator, "/api/2.0/export", {"project_id": 12345, "from_date": "x"})
    first, second = simulator.requests()
    assert (first.method, first.path, first.status, first.running) == ("GET", "/api/2.0/export", 200, 1)
    assert first.params == {
        "project_id": "12345",
        "from_date": "2026-01-01",
        "to_date": "2026-01-01",
        "event": '["購入完了", "Sign Up", "$mp_web_page_view"]',
    }
    assert (first.bytes_sent, first.fault, first.accept_encoding) == (len(answer.wire), None, "gzip")
    assert second.status == 400
    assert first.arrived_s <= (first.finished_s or 0) <= second.arrived_s <= (second.finished_s or 0)
    simulator.clear_requests()
    assert simulator.requests() == []


def test_answers_arrive_progressively_when_days_take_time() -> None:
    """Headers come before the answer is done; more days end later; requests that run at once are counted."""
    with start_simulator(Scenario(days=4, events_per_day=30, latency_per_day_s=0.4)) as simulator:
        address = urlsplit(simulator.url)
        started = []
        for days in (4, 1):
            connection = http.client.HTTPConnection(address.hostname or "", address.port)
            last = FIRST + timedelta(days=days - 1)
            query = urlencode({"project_id": 12345, "from_date": FIRST, "to_date": last})
            account = basic(simulator.scenario.username, simulator.scenario.secret)
            connection.request("GET", f"/api/2.0/export?{query}", headers={"Authorization": account})
            started.append((connection, connection.getresponse()))
        assert [entry.finished_s for entry in simulator.requests()] == [None, None]
        for connection, answer in started:
            answer.read()
            connection.close()
        long, short = simulator.requests()
        assert (long.finished_s or 0) > (short.finished_s or 0)
        assert (long.running, short.running) == (1, 2)
        filtered = export(simulator, FIRST, LAST, limit=10)
        assert len(filtered.lines) == 10
