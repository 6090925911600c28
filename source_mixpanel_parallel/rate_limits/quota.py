"""One of Mixpanel's quotas, shared by all streams that use it.

The moving windows are a policy of the manifest's `api_budget`. On top of it this announces a wait before it begins and
has no time limit, and it holds everybody back after a 429, because then others use the same quota (Mixpanel counts per
project).
"""

from __future__ import annotations

import bisect
import itertools
import threading
import time
from collections.abc import Iterator

import requests
from airbyte_cdk.models import (
    AirbyteStreamStatus,
    AirbyteStreamStatusReason,
    AirbyteStreamStatusReasonType,
    Level,
    StreamDescriptor,
)
from airbyte_cdk.sources.streams.call_rate import AbstractCallRatePolicy, CallRateLimitHit
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message

from source_mixpanel_parallel.emission.delivery import Notice
from source_mixpanel_parallel.emission.masked_report import wait_message
from source_mixpanel_parallel.errors import RateLimited
from source_mixpanel_parallel.log_lines import FetchWait, PagePlace, Reason, WindowPlace
from source_mixpanel_parallel.rate_limits.retry_schedule import LIMITED_WAIT_S, limited_wait_s

ANNOUNCED_FROM_S = 2.0  # the pauses of "3 a second" are no news
LONGEST_NAP_S = 0.5  # a stop is noticed within it


class Quota:
    """Lets requests that match *policy* start no faster than Mixpanel allows; *request* is one of them."""

    def __init__(
        self, name: str, policy: AbstractCallRatePolicy, request: requests.PreparedRequest, stop: threading.Event
    ) -> None:
        self._name = name
        self._policy = policy
        self._stop = stop
        self._request = request
        self._changed = threading.Condition()
        self._line: list[tuple[int, int]] = []  # who waits: (order, arrival), the first of them next
        self._arrivals = itertools.count()
        self._announced_until: dict[str, float] = {}
        self._held_until = 0.0
        self._held_for: Reason = "hour"
        self._full_until = 0.0
        self._refusals = 0
        self._later_pages_count = False

    def acquire(self, stream: str, order: int = 0, is_later_page: bool = False) -> Iterator[Notice]:
        """Return when a request may start; yield what the user should know of the wait.

        Of those who wait, the lowest *order* is next: a plan's windows start in the order of the plan. A later page of
        an answer does not take its place in the moving windows before `count_later_pages`.
        """
        ticket = (order, next(self._arrivals))
        with self._changed:
            bisect.insort(self._line, ticket)
        try:
            while not self._stop.is_set():
                with self._changed:
                    wait_s, reason = self._wait(ticket, is_later_page)
                    is_news = wait_s >= ANNOUNCED_FROM_S and self._is_news(stream, wait_s)
                if wait_s <= 0:
                    return
                if is_news:
                    yield from self._announcement(stream, wait_s, reason)
                with self._changed:
                    self._changed.wait(min(wait_s, LONGEST_NAP_S))
        finally:
            with self._changed:
                self._line.remove(ticket)
                self._changed.notify_all()

    def hold(self, limited: RateLimited) -> float:
        """Hold every request back after a 429; return for how many seconds."""
        with self._changed:
            wait_s = limited.retry_after_s or limited_wait_s(_reason(limited), self._refusals)
            now = time.monotonic()
            if now >= self._held_until:
                self._refusals += 1  # the answers to requests already under way are no new refusal
            if now + wait_s > self._held_until:
                self._held_until, self._held_for = now + wait_s, _reason(limited)
            return wait_s

    def held(self, stream: str, place: WindowPlace | PagePlace | None, name: str, limited: RateLimited) -> Notice:
        """Hold every request back after a 429 for *name*, which is at *place*; return what the user should know."""
        wait_s = self.hold(limited)
        text = f"{name}: {limited}; waiting {wait_s:.0f} s"
        wait = FetchWait(text, stream, place, wait_s, _reason(limited), self._name)
        return Notice(wait_message(Level.WARN, wait))

    def count_later_pages(self) -> bool:
        """Count later pages as requests from now on; return whether that is new."""
        with self._changed:
            is_new, self._later_pages_count = not self._later_pages_count, True
            return is_new

    def granted(self) -> None:
        """Note that Mixpanel answered: the next 429 is the first in a row again."""
        with self._changed:
            self._refusals = 0

    def _wait(self, ticket: tuple[int, int], is_later_page: bool) -> tuple[float, Reason]:
        now = time.monotonic()
        if now < self._held_until:
            return self._held_until - now, self._held_for
        if is_later_page and not self._later_pages_count:
            return 0.0, "second"
        if self._line[0] != ticket:
            return _full(max(self._full_until - now, LONGEST_NAP_S))
        try:
            self._policy.try_acquire(self._request, weight=1)
        except CallRateLimitHit as full:
            wait_s = max(full.time_to_wait.total_seconds(), 0.01)
            self._full_until = now + wait_s
            return _full(wait_s)
        return 0.0, "second"

    def _is_news(self, stream: str, wait_s: float) -> bool:
        until, announced = time.monotonic() + wait_s, self._announced_until.get(stream, 0.0)
        self._announced_until[stream] = max(until, announced)
        return until > announced + ANNOUNCED_FROM_S

    def _announcement(self, stream: str, wait_s: float, why: Reason) -> Iterator[Notice]:
        reason = AirbyteStreamStatusReason(type=AirbyteStreamStatusReasonType.RATE_LIMITED)
        yield Notice(as_airbyte_message(StreamDescriptor(name=stream), AirbyteStreamStatus.RUNNING, [reason]))
        text = f"waiting {wait_s:.0f} s for Mixpanel's {self._name} quota"
        yield Notice(wait_message(Level.INFO, FetchWait(text, stream, None, round(wait_s, 1), why, self._name)))


def _reason(limited: RateLimited) -> Reason:
    return next((reason for reason in LIMITED_WAIT_S if reason == limited.limit), "hour")


def _full(wait_s: float) -> tuple[float, Reason]:
    # A policy does not say which of its moving windows is full; that of the second is free again sooner than this.
    return wait_s, "hour" if wait_s >= ANNOUNCED_FROM_S else "second"
