"""From an HTTP answer to a reaction: tables of what Mixpanel and the network say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests
import requests_mock
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.models.declarative_component_schema import HttpRequester
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ResponseAction

from source_mixpanel_parallel.components.http.error_handler import (
    TRANSIENT_STATUSES,
    AnswerErrorHandler,
    rate_limited,
    retry_after_s,
)
from source_mixpanel_parallel.errors import REFUSALS, RateLimited, SessionExpired, TransientError
from source_mixpanel_parallel.source import SourceMixpanelParallel
from source_mixpanel_parallel.traced import TracedError

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)


def answer(status: int, text: str = "", headers: dict[str, str] | None = None) -> requests.Response:
    with requests_mock.Mocker() as mocker:
        mocker.get("https://data.mixpanel.com/", status_code=status, text=text, headers=headers or {})
        return requests.get("https://data.mixpanel.com/", timeout=1)


@pytest.fixture(scope="module")
def handler() -> AnswerErrorHandler:
    return AnswerErrorHandler(parameters={}, config={})


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ("1/5 queries running concurrently and 61/60 queries running in the last hour", "hour"),
        ("6/5 queries running concurrently and 12/60 queries running in the last hour", "concurrent"),
        ("101/100 queries running concurrently and 12/60 queries running in the last hour", "concurrent"),
        ("61/60 queries running in the last hour and 1/5 queries running concurrently", "hour"),
        ("5/5 queries running concurrently and 12/60 queries running in the last hour", "concurrent"),
        ("1/5 queries running concurrently and 60/60 queries running in the last hour", "hour"),
        ("5/5 queries running concurrently and 61/60 queries running in the last hour", "hour"),
        ("6/5 queries running concurrently and 61/60 queries running in the last hour", "hour"),
        ("4/3 queries running in the last second and 12/60 queries running in the last hour", "second"),
        ("1 / 5 queries running concurrently and 61 / 60 queries running in the last hour", "hour"),
        ("1/5 Queries Running Concurrently and 61/60 Queries Running In The Last Hour", "hour"),
        ('{"error": "exceeded: 1/100 queries running concurrently and 61/60 in the last hour", "status": ""}', "hour"),
        ("too many requests per second", "second"),
        ("Too many concurrent queries", "concurrent"),
        ("hourly limit reached", "hour"),
        ("Too Many Requests", "hour"),
        ("", "hour"),
        ("<html>429</html>", "hour"),
    ],
)
def test_rate_limited_when_the_body_names_a_quota(body: str, limit: str) -> None:
    """The quota that is past its limit was hit; where none is, the one at it; where nothing is said, the hour's."""
    limited = rate_limited(answer(429, body))
    assert (limited.limit, limited.retry_after_s) == (limit, None)
    assert str(limited) == f"Mixpanel's quota is used up ({limit}): {body}"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.5),
        ("-5", 0.5),
        ("1", 1.0),
        ("1.5", 1.5),
        (" 30 ", 30.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("86400", 3600.0),
        ("1e300", 3600.0),
        ("inf", 3600.0),
        ("-inf", 0.5),
        ("nan", None),
        ("soon", None),
        ("30 seconds", None),
        ("12, 13", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Thu, 01 Jan 2026 13:00:30 +0100", 30.0),
        ("Thu, 01 Jan 2026 12:00:30", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.5),
        ("Fri, 02 Jan 2026 12:00:00 GMT", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Fri, 31 Feb 2026 12:00:00 GMT", None),
        ("Thu, 01 Jan 99999999999999999999 12:00:00 GMT", None),
        ("Thu, 01 Jan 2026 12:00:30 +9999", None),
    ],
)
def test_retry_after_when_the_header_is(header: str | None, seconds: float | None) -> None:
    """Seconds and dates are understood, and kept between half a second and an hour; anything else says nothing."""
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize("header", ["7", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_rate_limited_when_there_is_a_retry_after(handler: AnswerErrorHandler, header: str) -> None:
    """The wait that the answer asks for is in the error."""
    with pytest.raises(RateLimited) as raised:
        handler.interpret_response(answer(429, "61/60 queries in the last hour", {"Retry-After": header}))
    assert (raised.value.limit, raised.value.retry_after_s) == ("hour", 7.0 if header == "7" else 0.5)


@pytest.mark.parametrize("status", sorted(TRANSIENT_STATUSES))
def test_interpret_when_the_server_fails(handler: AnswerErrorHandler, status: int) -> None:
    """An answer that another attempt may better raises, with its status and the begin of its body on one line."""
    with pytest.raises(TransientError, match=f"^Mixpanel answered {status}: unknown error$"):
        handler.interpret_response(answer(status, "unknown\n   error"))


def test_interpret_when_the_body_is_long(handler: AnswerErrorHandler) -> None:
    """An error page of any size makes a short message."""
    with pytest.raises(TransientError) as raised:
        handler.interpret_response(answer(503, "x" * 100_000))
    assert str(raised.value) == "Mixpanel answered 503: " + "x" * 300


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("connection refused"),
        requests.Timeout("read timed out"),
        requests.exceptions.SSLError("bad certificate"),
        requests.exceptions.ChunkedEncodingError("cut"),
    ],
)
def test_interpret_when_there_is_no_answer(handler: AnswerErrorHandler, error: requests.RequestException) -> None:
    """A request without answer is worth another attempt, and its cause is kept."""
    with pytest.raises(TransientError, match=f"Mixpanel did not answer: {error}") as raised:
        handler.interpret_response(error)
    assert raised.value.__cause__ is error


def test_interpret_when_the_answer_is_good(handler: AnswerErrorHandler) -> None:
    """A good answer passes, its body unread: it may be of any size, and is read as a stream."""
    with requests_mock.Mocker() as mocker:
        mocker.get("https://data.mixpanel.com/", text='{"error": "429 unknown error"}')
        response = requests.get("https://data.mixpanel.com/", timeout=1, stream=True)
    assert handler.interpret_response(response).response_action == ResponseAction.SUCCESS
    assert response.raw.read() == b'{"error": "429 unknown error"}'
    response.close()


@pytest.mark.parametrize("status", [204, 206, 300, 301, 304])
def test_interpret_when_the_answer_is_no_data(handler: AnswerErrorHandler, status: int) -> None:
    """Whatever is not 200 holds no export, though it is no error: a part of one, a redirect to nowhere."""
    with pytest.raises(TransientError, match=f"^Mixpanel answered {status}: "):
        handler.interpret_response(answer(status, "see elsewhere"))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_interpret_when_mixpanel_refuses(handler: AnswerErrorHandler, status: int) -> None:
    """Without filters nothing is known of a refusal, and the CDK's reaction is returned."""
    assert handler.interpret_response(answer(status, "no")).response_action != ResponseAction.SUCCESS


def page_answer(status: int, text: str, form: dict[str, str]) -> requests.Response:
    """Return the answer to a request for a page of profiles."""
    with requests_mock.Mocker() as mocker:
        mocker.post("https://mixpanel.com/api/query/engage", status_code=status, text=text)
        return requests.post("https://mixpanel.com/api/query/engage", data=form, timeout=1)


@pytest.mark.parametrize(
    ("status", "body", "is_gone"),
    [
        (400, '{"error": "request for page in uncached query for params {\'page\': 3}", "status": "error"}', True),
        (400, '{"error": "session_id 3-ab is unknown or has expired"}', True),
        (404, '{"error": "session not found"}', True),
        (410, "Session expired", True),
        (400, '{"error": "Invalid session_id"}', True),
        (400, '{"error": "Unable to parse where: unexpected properties[\\"session\\"]"}', False),
        (400, '{"error": "session_id must be text"}', False),
        (400, "", False),
        (401, '{"error": "session expired"}', False),
    ],
)
def test_interpret_when_a_session_is_gone(handler: AnswerErrorHandler, status: int, body: str, is_gone: bool) -> None:
    """What says that the session is gone asks for a new one, if a session was sent; all else is a refusal."""
    gone = page_answer(status, body, {"page": "3", "session_id": "3-ab"})
    if is_gone:
        with pytest.raises(SessionExpired, match=f"Mixpanel answered {status}"):
            handler.interpret_response(gone)
    else:
        assert handler.interpret_response(gone).response_action is not ResponseAction.SUCCESS
    without = page_answer(status, body, {"page": "0"})
    assert handler.interpret_response(without).response_action is not ResponseAction.SUCCESS


@pytest.fixture(scope="module")
def manifests_handler() -> AnswerErrorHandler:
    """Make the handler of the manifest's export requester."""
    config = {"credentials": {"option_title": "Project Secret", "api_secret": "s"}}
    source = SourceMixpanelParallel(config=config)
    definition = source.resolved_manifest["streams"][0]["retriever"]["requester"]
    requester = source._constructor.create_component(HttpRequester, definition, config, name="events")
    handler = requester.error_handler
    assert isinstance(handler, AnswerErrorHandler)
    return handler


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        (402, "Your plan does not allow API calls", "plan_lacks_api"),
        (402, '{"error": "Unable to authenticate request"}', "plan_lacks_api"),
        (401, "no", "wrong_credentials"),
        (400, '{"error": "Unable to authenticate request"}', "wrong_credentials"),
        (403, "no", "no_access"),
        (400, '{"error": "to_date cannot be later than today"}', "day_not_begun"),
        (400, '{"error": "bad selector"}', "refused"),
        (404, "not found", "refused"),
        (422, "", "refused"),
    ],
)
def test_code_when_the_manifest_names_a_refusal(
    manifests_handler: AnswerErrorHandler, status: int, text: str, code: str
) -> None:
    """What Mixpanel refuses has the code whose filters match, and blames the configuration."""
    with pytest.raises(TracedError) as raised:
        manifests_handler.interpret_response(answer(status, text))
    assert raised.value.error.code == code
    assert raised.value.internal_message == f"{code}: {raised.value.message}"
    assert raised.value.failure_type == FailureType.config_error


def test_codes_when_the_manifest_is_read(manifests_handler: AnswerErrorHandler) -> None:
    """The manifest has filters under each code that a refusal can have: the CDK drops a misspelt field."""
    assert {kind.code: bool(getattr(manifests_handler, kind.code)) for kind in REFUSALS} == {
        "plan_lacks_api": True,
        "wrong_credentials": True,
        "no_access": True,
        "day_not_begun": True,
        "refused": True,
    }


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ('{"error": "Query rate limit exceeded"}', "hour"),
        ("too many requests per second", "second"),
        ("<html><title>Request throttled</title></html>", "hour"),
        ("6/5 queries running concurrently and 12/60 queries running in the last hour", "concurrent"),
    ],
)
def test_a_refusal_that_speaks_of_the_rate_is_a_wait(
    handler: AnswerErrorHandler, status: int, text: str, limit: str
) -> None:
    """As a 429 is (mixpanel-data-export-js 31)."""
    with pytest.raises(RateLimited) as raised:
        handler.interpret_response(answer(status, text))
    assert raised.value.limit == limit
