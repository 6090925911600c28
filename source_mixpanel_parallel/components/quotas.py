"""Which quota a request belongs to, and the way that ordinary streams wait for it.

The manifest's `api_budget` has a policy a quota, each with the paths that it covers. Our retrievers wait before they
send; a plain YAML stream waits inside the CDK's session, through `StreamBudget`. Both wait in the same line.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import requests
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget, AbstractCallRatePolicy

from source_mixpanel_parallel.components.answer_error_handler import rate_limited
from source_mixpanel_parallel.components.connection_slots import ConnectionSlots
from source_mixpanel_parallel.components.quota import Quota
from source_mixpanel_parallel.components.traced import traced
from source_mixpanel_parallel.errors import Stopped


class Quotas:
    """The quotas of one read, and how many requests of each may run at once; the same for all its streams."""

    def __init__(self, budget: AbstractAPIBudget, slots: dict[str, ConnectionSlots], stop: threading.Event) -> None:
        self._budget = budget
        self._slots = slots
        self._stop = stop
        self._quotas: dict[str, Quota] = {}
        self._names: dict[AbstractCallRatePolicy, str] = {}

    def declare(self, name: str, url: str) -> None:
        """Give the quota that *url* belongs to its *name*."""
        if name not in self._quotas:
            request = requests.Request("GET", url).prepare()
            policy = self._budget.get_matching_policy(request)
            if policy is None:
                raise ValueError(f"no policy of the manifest's api_budget matches {url}")
            self._names[policy] = name
            self._quotas[name] = Quota(name, policy, request, self._stop)

    def named(self, name: str) -> Quota:
        """Return a declared quota."""
        return self._quotas[name]

    def slots(self, name: str) -> ConnectionSlots:
        """Return the connections of a quota."""
        return self._slots[name]

    def of(self, request: requests.PreparedRequest) -> tuple[Quota, ConnectionSlots | None] | None:
        """Return the quota of *request* and its connections; None where no quota counts it."""
        policy = self._budget.get_matching_policy(request)
        if policy is None:
            return None
        name = self._names.get(policy) or request.path_url.partition("?")[0]
        self.declare(name, request.url or "")
        return self._quotas[name], self._slots.get(name)


class StreamBudget(AbstractAPIBudget):
    """What the CDK asks before each request of the plain stream *stream*; *emit* takes what it must tell.

    A request keeps its connection until its answer is there, or until nobody holds the request any more: the CDK does
    not say when one has failed.
    """

    def __init__(
        self, stream: str, quotas: Quotas, emit: Callable[[AirbyteMessage], None], stop: threading.Event
    ) -> None:
        self._stream = stream
        self._quotas = quotas
        self._emit = emit
        self._stop = stop
        self._running: weakref.WeakKeyDictionary[Any, weakref.finalize[..., Any]] = weakref.WeakKeyDictionary()

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait until *request* may start; raises a transient error when the sync is stopped."""
        found = self._quotas.of(request)
        if found is None:
            return
        quota, slots = found
        if slots and request not in self._running:
            slots.acquire()
            self._running[request] = weakref.finalize(request, slots.release)
        for notice in quota.acquire(self._stream):
            self._emit(notice.message)
        if self._stop.is_set():
            raise traced(Stopped(f"{self._stream}: the sync was stopped before {request.path_url} was requested"))

    def get_matching_policy(self, request: Any) -> None:
        """Return no policy: the quota behind this budget has it."""

    def update_from_response(self, request: Any, response: Any) -> None:
        """Give the connection back; after a 429 hold every request of the quota."""
        if held := self._running.pop(request, None):
            held()
        found = self._quotas.of(request)
        if found is None or response is None:
            return
        if response.status_code != requests.codes.too_many_requests:
            found[0].granted()
            return
        self._emit(found[0].held(self._stream, None, self._stream, rate_limited(response)).message)
