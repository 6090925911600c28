"""A quota that several streams share: who waits, and what is said of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.streams.call_rate import (
    HttpRequestRegexMatcher,
    MovingWindowCallRatePolicy,
    Rate,
)

from source_mixpanel_parallel.components.quota import Quota
from source_mixpanel_parallel.errors import RateLimited

REQUEST = requests.Request("GET", "http://127.0.0.1/api/2.0/export").prepare()


def policy(limit: int) -> MovingWindowCallRatePolicy:
    matcher = HttpRequestRegexMatcher(url_path_pattern=r"^/api/2\.0/export$")
    return MovingWindowCallRatePolicy([Rate(limit, timedelta(hours=1))], [matcher])


def quota(limit: int = 1000) -> tuple[Quota, threading.Event]:
    stop = threading.Event()
    return Quota("export", policy(limit), REQUEST, stop), stop


def texts_of(messages: list[AirbyteMessage]) -> list[str]:
    """Return a stream's status with its reason, and the texts of logs."""
    texts = []
    for message in messages:
        if message.type == Type.LOG and message.log:
            texts.append(f"{message.log.level.value} {message.log.message}")
        elif message.trace and message.trace.stream_status:
            status = message.trace.stream_status
            reasons = [reason.type.value for reason in status.reasons or []]
            texts.append(f"{status.stream_descriptor.name} {status.status.value} {reasons}")
    return texts


def test_acquire_when_there_is_room() -> None:
    """A request that may start at once is not spoken of."""
    shared, _ = quota(limit=2)
    assert [*shared.acquire("events"), *shared.acquire("profiles")] == []


def test_acquire_when_the_quota_is_used_up() -> None:
    """The wait is announced before it begins, as a status and in words, and a stop ends it."""
    shared, stop = quota(limit=1)
    assert list(shared.acquire("events")) == []
    waiting = shared.acquire("purchases")
    notices = [next(waiting).message, next(waiting).message]
    assert texts_of(notices) == [
        "purchases RUNNING ['RATE_LIMITED']",
        "INFO purchases: waiting 3600 s for Mixpanel's export quota",
    ]
    stop.set()
    assert list(waiting) == []


def test_acquire_when_a_429_holds_everybody_back() -> None:
    """A 429 of one stream holds the others back, too, as long as it asked for."""
    shared, stop = quota()
    assert shared.hold(RateLimited("hour", 1800.0, "61/60")) == 1800.0
    waiting = shared.acquire("profiles")
    next(waiting)
    stop.set()
    assert list(waiting)[-1].message.log is not None


@pytest.mark.parametrize(
    ("limit", "waits_s"),
    [
        ("second", [1.0, 2.0, 2.0, 2.0]),
        ("concurrent", [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
        ("hour", [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
        ("something new", [2.0, 4.0]),
    ],
)
def test_hold_when_429s_come_in_a_row(limit: str, waits_s: list[float]) -> None:
    """Where the answer does not say how long, the wait doubles with each refusal, up to a bound."""
    for refusals, wait_s in enumerate(waits_s):
        shared, _ = quota()
        refuse(shared, refusals)
        assert shared.hold(RateLimited(limit, None, "")) == wait_s


def refuse(shared: Quota, times: int) -> None:
    """Let Mixpanel refuse so many requests, one after the other, each with a wait that is over at once."""
    for _ in range(times):
        shared.hold(RateLimited("hour", 1e-9, ""))


def test_hold_when_429s_never_end() -> None:
    """Refusals of a whole day, one after the other, make no longer wait and no error."""
    shared, _ = quota()
    refuse(shared, 3000)
    assert shared.hold(RateLimited("hour", None, "")) == 30.0


def test_hold_when_mixpanel_answered_in_between() -> None:
    """After an answer the next refusal is the first in a row again."""
    shared, _ = quota()
    refuse(shared, 5)
    shared.granted()
    assert shared.hold(RateLimited("hour", None, "")) == 2.0


def test_hold_when_requests_were_under_way() -> None:
    """The refusals of requests that had started before the first are one refusal, not many."""
    shared, _ = quota()
    waits_s = [shared.hold(RateLimited("hour", None, "")) for _ in range(40)]
    assert waits_s == [2.0, *[4.0] * 39]
