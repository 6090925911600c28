"""From an HTTP answer to a reaction.

Custom because the CDK would wait and retry inside the request, for at most 10 minutes: here a retry concerns the whole
window or page, whose body may break later, and a quota's wait has no limit and is announced. So this handler raises
what the retriever must react to (RateLimited, SessionExpired, TransientError), and each refusal under its code, which
is the name of the field that holds its response filters in the manifest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import requests
from airbyte_cdk.sources.declarative.requesters.error_handlers import DefaultErrorHandler, HttpResponseFilter
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION, ErrorResolution

from source_mixpanel_parallel.components.http.refusal_reason import reason_of
from source_mixpanel_parallel.errors import REFUSALS, RateLimited, Refused, SessionExpired, TransientError
from source_mixpanel_parallel.traced import traced

TRANSIENT_STATUSES = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
# "1/5 queries running concurrently and 61/60 queries running in the last hour": the one past its limit was hit.
COUNTER = re.compile(r"(\d+)\s*/\s*(\d+)\s+[^/]*?(concurrent|hour|second)", re.IGNORECASE)
LIMITS = ("second", "concurrent", "hour")  # in the order of the waits; of several that were hit, the longest counts
# A session that is gone: "request for page in uncached query for params" is one of Mixpanel's ways to say it.
SESSION_STATUSES = frozenset({400, 404, 410})
SESSION_GONE = re.compile(
    r"uncached query|session\S*( \S+)* (unknown|expired|invalid|not found|gone)|(unknown|expired|invalid) session",
    re.IGNORECASE,
)
# Proxies, and Mixpanel for some requests, refuse by these statuses what comes too fast.
RATE_STATUSES = frozenset({400, 403})
RATE_WORDS = re.compile(
    r"rate[\s_-]*limit|too many requests|throttl|(request|query|api|call)s?\s+quota|queries running", re.IGNORECASE
)
TEXT_LETTERS = 5_000
MAX_RETRY_AFTER_S = 3600.0
MIN_RETRY_AFTER_S = 0.5


@dataclass
class AnswerErrorHandler(DefaultErrorHandler):
    """Raises on what is worth another attempt, and on what the filters of a refusal match, looked at in this order."""

    plan_lacks_api: list[HttpResponseFilter] = field(default_factory=list)
    wrong_credentials: list[HttpResponseFilter] = field(default_factory=list)
    no_access: list[HttpResponseFilter] = field(default_factory=list)
    day_not_begun: list[HttpResponseFilter] = field(default_factory=list)
    refused: list[HttpResponseFilter] = field(default_factory=list)

    def interpret_response(self, response_or_exception: requests.Response | Exception | None) -> ErrorResolution:
        """Return the reaction to an answer; raise RateLimited, SessionExpired, TransientError, or Refused, traced."""
        if isinstance(response_or_exception, Exception):
            raise TransientError(f"Mixpanel did not answer: {response_or_exception}") from response_or_exception
        if isinstance(response_or_exception, requests.Response):
            status = response_or_exception.status_code
            if status == requests.codes.ok:
                return SUCCESS_RESOLUTION  # the filters would read the whole body, in memory, to look into it
            if status == requests.codes.too_many_requests or _speaks_of_rate(response_or_exception):
                raise rate_limited(response_or_exception)
            if status in SESSION_STATUSES and _has_session(response_or_exception.request):
                excerpt = _excerpt(response_or_exception)
                if SESSION_GONE.search(excerpt):
                    raise SessionExpired(f"Mixpanel answered {status}: {excerpt}")
            if status in TRANSIENT_STATUSES or response_or_exception.ok:  # a redirect to nowhere is no export
                raise TransientError(f"Mixpanel answered {status}: {_excerpt(response_or_exception)}")
            self._raise_refusal(response_or_exception)
        return super().interpret_response(response_or_exception)

    def _raise_refusal(self, response: requests.Response) -> None:
        filters = {kind: getattr(self, kind.code) for kind in REFUSALS}
        for kind, each in ((kind, each) for kind, of_kind in filters.items() for each in of_kind):
            if resolution := each.matches(response):
                message = resolution.error_message or ""
                if kind is Refused:  # the filters see a reason in JSON only
                    message = f"{message.rstrip('.')}: {reason_of(_text(response))}."
                # Traced, since the CDK takes any other exception in a plain stream for a fault of the connector.
                raise traced(kind(message))


def rate_limited(response: requests.Response) -> RateLimited:
    """Say which quota a 429 means, and what Retry-After asks for, clamped to at most an hour."""
    body = _excerpt(response)
    counters = [(int(used), int(allowed), name.lower()) for used, allowed, name in COUNTER.findall(body)]
    hit = [name for used, allowed, name in counters if used > allowed]
    hit = hit or [name for used, allowed, name in counters if used == allowed]
    named = [name for name in LIMITS if name in body.lower()]
    limit = max(hit, key=LIMITS.index) if hit else (named or ["hour"])[0]
    return RateLimited(limit, retry_after_s(response.headers.get("Retry-After")), body)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, within reason; None where it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - (now or datetime.now(timezone.utc))).total_seconds()
    if seconds != seconds:  # noqa: PLR0124 - NaN is the one number that differs from itself
        return None
    return min(max(seconds, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S)


def _has_session(request: requests.PreparedRequest) -> bool:
    return "session_id=" in str(request.body)


def _speaks_of_rate(response: requests.Response) -> bool:
    return response.status_code in RATE_STATUSES and bool(RATE_WORDS.search(_text(response)))


def _excerpt(response: requests.Response) -> str:
    return " ".join(_text(response)[:300].split())


def _text(response: requests.Response) -> str:
    try:
        return response.text[:TEXT_LETTERS]
    except requests.RequestException as error:
        return f"(the body could not be read: {error})"
