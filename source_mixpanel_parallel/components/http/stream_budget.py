"""The way that plain YAML streams wait for a quota: inside the CDK's session, in the same line as all others."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import requests
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget

from source_mixpanel_parallel.components.http.error_handler import rate_limited
from source_mixpanel_parallel.errors import Stopped
from source_mixpanel_parallel.rate_limits.quotas import Quotas
from source_mixpanel_parallel.traced import traced


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
