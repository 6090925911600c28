"""What `check` asks for, and what it says of each refusal."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests
import requests_mock
from airbyte_cdk.models import Status

from source_mixpanel_parallel.source import SourceMixpanelParallel

pytestmark = pytest.mark.dates

SERVICE_ACCOUNT = {"option_title": "Service Account", "username": "user", "secret": "very-secret-9", "project_id": 7}
PROJECT_SECRET = {"option_title": "Project Secret", "api_secret": "very-secret-9"}
EXPORT = "https://data.mixpanel.com/api/2.0/export"
IDENTITY = "https://mixpanel.com/api/app/me"


def basic_auth(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def yesterday() -> str:
    return str((datetime.now(timezone.utc) - timedelta(days=1)).date())


def check(config: dict[str, Any]) -> tuple[bool, str]:
    """Run `check`; return whether it succeeded, and its sentence."""
    status = SourceMixpanelParallel(config=config).check(logging.getLogger("airbyte"), config)
    return status.status == Status.SUCCEEDED, status.message or ""


def codes(caplog: pytest.LogCaptureFixture) -> list[str | None]:
    """Return the codes of the `check:` lines."""
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("check: ")]
    return [json.loads(line.removeprefix("check: "))["code"] for line in lines]


@pytest.mark.parametrize(
    ("region", "host"), [("US", "data.mixpanel.com"), ("EU", "data-eu.mixpanel.com"), ("IN", "data-in.mixpanel.com")]
)
def test_check_when_all_is_well(region: str, host: str) -> None:
    """One request to the region's host: a single event of yesterday, with the project and the credentials."""
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(f"https://{host}/api/2.0/export", text="")
        before = yesterday()
        assert check({"credentials": SERVICE_ACCOUNT, "region": region}) == (True, "")
        after = yesterday()
        (request,) = mixpanel.request_history
    [day] = request.qs["from_date"]
    assert day in {before, after}  # midnight may pass
    assert request.qs == {
        "project_id": ["7"],
        "from_date": [day],
        "to_date": [day],
        "time_in_ms": ["true"],
        "limit": ["1"],
    }
    assert request.headers["Authorization"] == basic_auth("user", "very-secret-9")


@pytest.mark.parametrize(
    ("credentials", "header", "names_project"),
    [
        (PROJECT_SECRET, basic_auth("very-secret-9", ""), False),
        ({"option_title": "OAuth", "access_token": "very-secret-9", "project_id": 7}, "Bearer very-secret-9", True),
    ],
    ids=["Project Secret", "OAuth"],
)
def test_check_when_credentials_are_of_another_kind(
    credentials: dict[str, Any], header: str, names_project: bool
) -> None:
    """A project secret is a user without password and names its project itself; a token is a bearer's."""
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(EXPORT, text="")
        assert check({"credentials": credentials}) == (True, "")
        (request,) = mixpanel.request_history
    assert request.headers["Authorization"] == header
    assert ("project_id" in request.qs) is names_project


UNKNOWN = (
    "Mixpanel does not know this service account in region US: check username and secret, "
    "whether the account has expired, and `region`."
)
NO_ACCESS = (
    "The service account is known, but has no access to project 7 in region US: "
    "check project_id and `region`, or grant the account a role on the project."
)
CREDENTIALS = (
    "Mixpanel does not accept these credentials: check username, secret and project_id, that the service account "
    "has not expired, and that `region` is the project's region."
)
PLAN = (
    "Mixpanel returned 402: the project's plan does not include this API, or a payment is due. "
    "Ask the project's owner; the free plan can export events but has no query API (profiles)."
)
TIMEZONE = (
    "The last requested day has not begun in the project's timezone: set `project_timezone` to the timezone in "
    "the project's settings, or set an earlier `end_date`."
)
CODES = {
    UNKNOWN: "unknown_account",
    NO_ACCESS: "no_access",
    CREDENTIALS: "wrong_credentials",
    PLAN: "plan_lacks_api",
    TIMEZONE: "day_not_begun",
}
MINE: dict[str, Any] = {"results": {"projects": {"7": {}}}}
OTHERS: dict[str, Any] = {"results": {"projects": {"8": {}}}}


@pytest.mark.parametrize(
    ("status", "body", "identity", "sentence", "requests_made"),
    [
        (401, "Unable to authenticate request", 401, UNKNOWN, 2),
        (400, "Unable to authenticate request", 401, UNKNOWN, 2),
        (401, "Unable to authenticate request", OTHERS, NO_ACCESS, 2),
        (403, "no", OTHERS, NO_ACCESS, 2),
        (401, "Unable to authenticate request", MINE, CREDENTIALS, 2),
        (401, "Unable to authenticate request", {"results": []}, CREDENTIALS, 2),
        (401, "Unable to authenticate request", 503, CREDENTIALS, 2),
        (402, "Your plan does not allow API calls", MINE, PLAN, 1),
        (400, '{"error": "to_date cannot be later than today"}', MINE, TIMEZONE, 2),
        (400, '{"error": "bad selector"}', MINE, "Mixpanel rejected the request: bad selector.", 2),
        (400, '{"error": "{{ config }}"}', MINE, "Mixpanel rejected the request: {{ config }}.", 2),
        (404, '["not", "found"]', MINE, "Mixpanel rejected the request: not; found.", 2),
        (404, '"not found"', MINE, "Mixpanel rejected the request: not found.", 2),
        (404, "<html>not found</html>", MINE, "Mixpanel rejected the request: not found.", 2),
        (400, "{}", MINE, "Mixpanel rejected the request: no reason given.", 2),
        (400, "", MINE, "Mixpanel rejected the request: no reason given.", 2),
    ],
)
def test_check_when_mixpanel_refuses(
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: str,
    identity: int | dict[str, Any],
    sentence: str,
    requests_made: int,
) -> None:
    """A code, and one sentence with the cause and the next step; a second request only to tell causes apart."""
    caplog.set_level(logging.INFO, "airbyte")
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(EXPORT, status_code=status, text=body)
        if isinstance(identity, int):
            mixpanel.get(IDENTITY, status_code=identity, text="no")
        else:
            mixpanel.get(IDENTITY, json=identity)
        assert check({"credentials": SERVICE_ACCOUNT}) == (False, sentence)
        assert len(mixpanel.request_history) == requests_made
    assert codes(caplog) == [CODES.get(sentence, "refused")]


def test_check_when_a_project_secret_is_wrong() -> None:
    """Nobody can be asked who a project secret is: one request, and the sentence of the first refusal."""
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(EXPORT, status_code=401, text="Unable to authenticate request")
        assert check({"credentials": PROJECT_SECRET}) == (False, CREDENTIALS)
        assert len(mixpanel.request_history) == 1


def test_check_when_the_quota_is_used_up(caplog: pytest.LogCaptureFixture) -> None:
    """A 429 proves that the credentials are known."""
    caplog.set_level(logging.INFO, "airbyte")
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(EXPORT, status_code=429, text="61/60 queries running in the last hour")
        assert check({"credentials": SERVICE_ACCOUNT}) == (True, "")
    assert codes(caplog) == [None]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"status_code": 503, "text": "unknown error"}, "Mixpanel answered 503: unknown error"),
        ({"exc": requests.ConnectionError("no route")}, "Mixpanel did not answer: no route"),
        ({"exc": requests.ReadTimeout("timed out")}, "Mixpanel did not answer: timed out"),
    ],
    ids=["503", "connection", "timeout"],
)
def test_check_when_the_network_fails(caplog: pytest.LogCaptureFixture, fault: dict[str, Any], cause: str) -> None:
    """The sentence names the host and the cause."""
    caplog.set_level(logging.INFO, "airbyte")
    with requests_mock.Mocker() as mixpanel:
        mixpanel.get(EXPORT, **fault)
        expected = f"Can't reach Mixpanel at https://data.mixpanel.com: {cause}. Check the network, or try again later."
        assert check({"credentials": SERVICE_ACCOUNT}) == (False, expected)
        assert len(mixpanel.request_history) == 1
    assert codes(caplog) == ["unreachable"]
