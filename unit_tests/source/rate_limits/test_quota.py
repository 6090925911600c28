"""A quota that several streams share: who waits, and what is said of it."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.streams.call_rate import (
    HttpRequestRegexMatcher,
    MovingWindowCallRatePolicy,
    Rate,
)

from source_mixpanel_parallel.errors import RateLimited
from source_mixpanel_parallel.log_lines import PagePlace
from source_mixpanel_parallel.rate_limits.quota import Quota

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


def waits(messages: list[AirbyteMessage]) -> list[dict[str, Any]]:
    """Return the documents of `wait:` lines."""
    lines = [message.log.message for message in messages if message.log]
    return [json.loads(line.removeprefix("wait: ")) for line in lines if line.startswith("wait: ")]


def test_acquire_when_there_is_room() -> None:
    """A request that may start at once is not spoken of."""
    shared, _ = quota(limit=2)
    assert [*shared.acquire("events"), *shared.acquire("profiles")] == []


def test_acquire_when_the_quota_is_used_up() -> None:
    """The wait is announced before it begins, as a status and as a line, and a stop ends it."""
    shared, stop = quota(limit=1)
    assert list(shared.acquire("events")) == []
    waiting = shared.acquire("purchases")
    notices = [next(waiting).message, next(waiting).message]
    (wait,) = waits(notices)
    assert wait.pop("wait_s") == pytest.approx(3600, abs=60)
    assert texts_of(notices)[0] == "purchases RUNNING ['RATE_LIMITED']"
    assert wait == {
        "text": "waiting 3600 s for Mixpanel's export quota",
        "stream": "purchases",
        "place": None,
        "reason": "hour",
        "quota": "export",
        "error_code": None,
    }
    stop.set()
    assert list(waiting) == []


@pytest.mark.parametrize("limit", ["hour", "second", "concurrent"])
def test_acquire_when_a_429_holds_everybody_back(limit: str) -> None:
    """A 429 of one stream holds the others back, too, as long as it asked for, and all say for which quota."""
    shared, stop = quota()
    place = PagePlace(3, selection=1)
    held = shared.held("profiles", place, "page 3 of distinct_ids 1 to 2,000", RateLimited(limit, 1800.0, "6/5"))
    assert waits([held.message]) == [
        {
            "text": f"page 3 of distinct_ids 1 to 2,000: Mixpanel's quota is used up ({limit}): 6/5; waiting 1800 s",
            "stream": "profiles",
            "place": {"page_index": 3, "selection": 1},
            "wait_s": 1800.0,
            "reason": limit,
            "quota": "export",
            "error_code": None,
        }
    ]
    waiting = shared.acquire("events")
    announced = [next(waiting).message, next(waiting).message]
    assert [(wait["stream"], wait["reason"], wait["place"]) for wait in waits(announced)] == [("events", limit, None)]
    stop.set()
    assert list(waiting) == []


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
