"""Which quota a request belongs to.

The manifest's `api_budget` has a policy a quota, each with the paths that it covers. Our retrievers wait before they
send; a plain YAML stream waits inside the CDK's session, through `components/http/stream_budget.py`. Both wait in the
same line.
"""

from __future__ import annotations

import threading

import requests
from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget, AbstractCallRatePolicy

from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots
from source_mixpanel_parallel.rate_limits.quota import Quota


class Quotas:
    """The quotas of one read, and how many requests of each may run concurrently; the same for all its streams."""

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
