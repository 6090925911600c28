"""Faults that are answers of their own, and how often faults hit."""

from __future__ import annotations

from typing import Any

import pytest

from mixpanel_simulator import Fault, Simulator
from unit_tests.simulator.faults.faulty_export import DAY, faulty
from unit_tests.simulator.wire_client import ask, engage, export


@pytest.mark.parametrize("status", [400, 401, 402, 403, 500, 502, 503, 504])
@pytest.mark.parametrize("path", ["export", "engage", "me"])
def test_status_is_answered(simulator: Simulator, status: int, path: Any) -> None:
    simulator.add_fault(Fault("status", path=path, status=status, body="<html>down</html>"))
    answers = [export(simulator, DAY, DAY), engage(simulator), ask(simulator, "/api/app/me")]
    expected = [status if path == api else 200 for api in ("export", "engage", "me")]
    assert [answer.status for answer in answers] == expected
    assert next(answer.body for answer in answers if answer.status == status) == b"<html>down</html>"


@pytest.mark.parametrize(
    ("status", "message"),
    [(500, "unknown error"), (401, "Unable to authenticate request"), (402, "Your plan does not allow API calls")],
)
def test_status_has_mixpanels_words_when_no_body_is_given(simulator: Simulator, status: int, message: str) -> None:
    assert faulty(simulator, Fault("status", status=status), "gzip").json["error"] == message


@pytest.mark.parametrize(
    ("which", "usage"),
    [
        ("hour", "1/100 queries running concurrently and 61/60 queries running in the last hour"),
        ("concurrent", "101/100 queries running concurrently and 1/60 queries running in the last hour"),
        (
            "second",
            (
                "1/100 queries running concurrently and 1/60 queries running in the last hour"
                "; 4/3 queries in the last second"
            ),
        ),
    ],
)
@pytest.mark.parametrize("retry_after_s", [None, 2.5])
def test_rate_limited_names_both_counters(
    simulator: Simulator, which: Any, usage: str, retry_after_s: float | None
) -> None:
    answer = faulty(simulator, Fault("rate_limited", which=which, retry_after_s=retry_after_s), "gzip")
    assert (answer.status, answer.json["error"]) == (429, f"Query rate limit exceeded: {usage}")
    assert answer.headers.get("Retry-After") == (None if retry_after_s is None else "2.5")


def test_rate_limited_names_the_limits_of_the_query_api(simulator: Simulator) -> None:
    simulator.add_fault(Fault("rate_limited", path="engage", which="concurrent"))
    assert "6/5 queries running concurrently" in engage(simulator).json["error"]
    simulator.add_fault(Fault("rate_limited", body="slow down", which="second"))
    assert ask(simulator, "/api/app/me").body == b"slow down"


def test_fault_is_refused_when_the_simulator_does_not_know_it(simulator: Simulator) -> None:
    answer = ask(simulator, "/_simulator/faults", body=b'{"kind": "cat"}')
    assert (answer.status, answer.body[:26]) == (400, b"no fault is named 'cat': c")


def test_faults_hit_as_often_as_told_and_in_the_order_added(simulator: Simulator) -> None:
    """A fault without a number of times hits until the faults are cleared."""
    simulator.add_fault(Fault("status", status=503, times=2))
    simulator.add_fault(Fault("status", status=504, times=None))
    statuses = [export(simulator, DAY, DAY).status for _ in range(4)]
    simulator.clear_faults()
    statuses.append(export(simulator, DAY, DAY).status)
    assert statuses == [503, 503, 504, 504, 200]
    assert [entry.fault for entry in simulator.requests()] == ["status"] * 4 + [None]
