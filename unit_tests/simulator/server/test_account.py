"""Credentials, plan and region: who is let in, and with which words the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from mixpanel_simulator import Scenario, Simulator, start_simulator
from unit_tests.simulator.wire_client import ask, basic, engage, export

DATES = {"from_date": "2026-01-01", "to_date": "2026-01-01"}
WITH_PROJECT = {**DATES, "project_id": "12345"}
SCENARIO = Scenario()
ACCOUNT = basic(SCENARIO.username, SCENARIO.secret)
PROJECT_SECRET = basic(SCENARIO.project_secret, "")
TOKEN = f"Bearer {SCENARIO.access_token}"
UNAUTHENTICATED = "Unable to authenticate request"


@pytest.mark.parametrize(
    ("authorization", "query", "status", "message"),
    [
        (ACCOUNT, WITH_PROJECT, 200, None),
        (TOKEN, WITH_PROJECT, 200, None),
        (PROJECT_SECRET, DATES, 200, None),
        (ACCOUNT, DATES, 400, f"{UNAUTHENTICATED}: project_id is a required parameter for this kind of credentials"),
        (TOKEN, DATES, 400, f"{UNAUTHENTICATED}: project_id is a required parameter for this kind of credentials"),
        (PROJECT_SECRET, WITH_PROJECT, 400, f"{UNAUTHENTICATED}: project_id can't be used with a project secret"),
        (ACCOUNT, {**DATES, "project_id": "9"}, 403, "User does not have permission to access project 9"),
        (basic(SCENARIO.username, "wrong"), WITH_PROJECT, 401, UNAUTHENTICATED),
        (basic(SCENARIO.project_secret, "x"), DATES, 401, UNAUTHENTICATED),
        ("Bearer wrong", WITH_PROJECT, 401, UNAUTHENTICATED),
        ("Basic %%%", WITH_PROJECT, 401, UNAUTHENTICATED),
        ("", WITH_PROJECT, 401, UNAUTHENTICATED),
    ],
)
def test_export_and_engage_are_answered_to_whom_they_should(
    simulator: Simulator, authorization: str, query: dict[str, Any], status: int, message: str | None
) -> None:
    headers = {"Authorization": authorization}
    answers = [
        ask(simulator, "/api/2.0/export", query, headers=headers),
        ask(simulator, "/api/query/engage", query, body=b"", headers=headers),
    ]
    assert [answer.status for answer in answers] == [status, status]
    if message:
        assert [answer.json["error"] for answer in answers] == [message, message]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(ACCOUNT, 200), (TOKEN, 200), (PROJECT_SECRET, 401), ("Bearer wrong", 401), ("", 401)],
)
def test_me_names_the_projects_of_a_user(simulator: Simulator, authorization: str, status: int) -> None:
    """A project secret is no user."""
    answer = ask(simulator, "/api/app/me", headers={"Authorization": authorization})
    assert answer.status == status
    if status == 200:
        assert answer.json["results"]["projects"]["12345"]["timezone"] == "UTC"
    else:
        assert answer.json["error"] == UNAUTHENTICATED


@pytest.fixture
def other(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with start_simulator(request.param) as simulator:
        yield simulator


@pytest.mark.parametrize(
    ("other", "export_error", "engage_error"),
    [
        (Scenario(plan="free"), None, "Your plan does not allow API calls"),
        (Scenario(plan="no_export"), "Your plan does not support raw data export", None),
        (Scenario(plan="blocked"), *["Your account is blocked because payment is required"] * 2),
    ],
    indirect=["other"],
)
def test_plan_decides_which_apis_are_answered(
    other: Simulator, export_error: str | None, engage_error: str | None
) -> None:
    """On free plans the query API answers 402 while raw export still works."""
    answers = [export(other, date(2026, 1, 1), date(2026, 1, 1)), engage(other)]
    assert [answer.status for answer in answers] == [402 if error else 200 for error in (export_error, engage_error)]
    for answer, error in zip(answers, (export_error, engage_error), strict=True):
        assert error is None or answer.json["error"] == error


@pytest.mark.parametrize("other", [Scenario(region="EU")], indirect=True)
def test_other_regions_hosts_do_not_know_the_project(other: Simulator) -> None:
    """The host's name tells the region; a loopback address is any region's."""
    for host, status in [("data-eu.mixpanel.com", 200), ("data.mixpanel.com", 401), ("127.0.0.1", 200)]:
        assert ask(other, "/api/2.0/export", WITH_PROJECT, headers={"Host": host}).status == status
    assert ask(other, "/api/app/me", headers={"Host": "mixpanel.com"}).status == 401
