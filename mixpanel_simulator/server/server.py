"""The HTTP server: routes, and the order in which a request is judged.

credentials → plan → quota → fault → parameters → answer. A request is logged at its arrival, counts as running until
its last byte is sent, and takes its place in the quota even when a fault then fails it.
"""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from mixpanel_simulator.answers.answer import Answer, send_answer, whole_answer
from mixpanel_simulator.answers.body_cache import BodyCache
from mixpanel_simulator.answers.error_body import PLAN_WITHOUT_QUERY, UNAUTHENTICATED, Refusal
from mixpanel_simulator.answers.request_log import RequestLog, RequestLogEntry
from mixpanel_simulator.apis.cohorts_api import describe_cohorts
from mixpanel_simulator.apis.engage_api import EngageApi
from mixpanel_simulator.apis.export_api import ExportApi
from mixpanel_simulator.apis.me_api import describe_me
from mixpanel_simulator.data.event_feed import EventFeed
from mixpanel_simulator.data.profile_feed import ProfileFeed
from mixpanel_simulator.faults.fault import Fault, FaultBook
from mixpanel_simulator.scenario import Scenario
from mixpanel_simulator.server.account import authenticate, authenticate_user, check_plan
from mixpanel_simulator.server.quota import Quota, describe_usage, export_limits, query_limits, rate_limited

# What Mixpanel says with a status, where nothing else is known of it.
STATUS_MESSAGES = {401: UNAUTHENTICATED, 402: PLAN_WITHOUT_QUERY, 500: "unknown error"}
# All of the query API shares one quota.
QUOTA_OF = {"cohorts": "engage"}
ApiAnswer = Callable[..., Awaitable[Answer]]


async def read_params(request: web.Request) -> dict[str, Any]:
    """Return the members of query and body, form or JSON, the body's coming last."""
    params: dict[str, Any] = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            params |= _json_members(await request.read())
        else:
            params |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return params


def _json_members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise Refusal(400, "the body must be a JSON object")
    return members


def accepts_gzip(header: str) -> bool:
    """Tell whether an Accept-Encoding *header* names gzip, other than to refuse it."""
    for choice in header.lower().split(","):
        name, _, quality = choice.partition(";")
        if name.strip() in {"gzip", "*"} and quality.replace(" ", "") not in {"q=0", "q=0.0"}:
            return True
    return False


class SimulatorServer:
    """One simulated project: its data, its quotas, its faults and its log."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        start_s = time.monotonic()
        self.log = RequestLog(lambda: time.monotonic() - start_s)
        self.faults = FaultBook()
        self.events = EventFeed(scenario)
        cache = BodyCache(scenario.cache_bytes)
        self.export = ExportApi(scenario, self.events, cache)
        self.engage = EngageApi(scenario, ProfileFeed(scenario), cache)
        self.quotas = {
            "export": Quota(scenario, export_limits(scenario), time.monotonic),
            "engage": Quota(scenario, query_limits(scenario), time.monotonic),
        }

    async def render_ahead(self) -> None:
        """Render what is asked for most, if the scenario says so."""
        if self.scenario.render_ahead != "no":
            is_gzip = self.scenario.render_ahead == "gzip"
            await self.export.render_ahead(is_gzip=is_gzip)
            await self.engage.render_ahead(is_gzip=is_gzip)

    async def handle_export(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for events."""
        return await self._handle("export", request, self.export.answer)

    async def handle_engage(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for profiles."""
        return await self._handle("engage", request, self.engage.answer)

    async def handle_me(self, request: web.Request) -> web.StreamResponse:
        """Answer the check of credentials."""

        async def answer(*_: object, **__: object) -> Answer:
            return whole_answer(describe_me(self.scenario), 200, {})

        return await self._handle("me", request, answer)

    async def handle_cohorts(self, request: web.Request) -> web.StreamResponse:
        """Answer the list of cohorts."""

        async def answer(*_: object, **__: object) -> Answer:
            return whole_answer(describe_cohorts(self.scenario), 200, {})

        return await self._handle("cohorts", request, answer)

    async def _handle(self, api: str, request: web.Request, answer_of: ApiAnswer) -> web.StreamResponse:
        encoding = request.headers.get("Accept-Encoding", "")
        peer = request.transport.get_extra_info("peername") if request.transport else None
        port = peer[1] if peer else 0
        entry = self.log.arrive(QUOTA_OF.get(api, api), request.method, request.path, encoding, port)
        try:
            try:
                entry.params = await read_params(request)
                fault = self._admit(api, request, entry)
                answer = await answer_of(entry.params, fault, accepts_gzip=accepts_gzip(encoding))
            except Refusal as refusal:
                body = refusal.body(str(request.rel_url))
                answer = whole_answer(body, refusal.status, refusal.headers)
            return await send_answer(request, answer, entry)
        finally:
            self.log.finish(QUOTA_OF.get(api, api), entry)

    def _admit(self, api: str, request: web.Request, entry: RequestLogEntry) -> Fault | None:
        """Raise a Refusal, or return the fault that the answer is to have, if any."""
        if api == "me":
            authenticate_user(self.scenario, request.headers)
        else:
            authenticate(self.scenario, request.headers, entry.params)
            check_plan(self.scenario, api)
            is_later_page = api == "engage" and str(entry.params.get("page") or 0) != "0"
            # Reported by users: pages after the first may not count toward the hour.
            counts = self.scenario.later_pages_count or not is_later_page
            self.quotas[QUOTA_OF.get(api, api)].admit(entry.running, counts_in_hour=counts)
        fault = self.faults.take(api, entry.params)
        if fault is None:
            return None
        entry.fault = fault.kind
        if fault.kind == "status":
            raise Refusal(fault.status, STATUS_MESSAGES.get(fault.status, "unknown error"), text=fault.body)
        if fault.kind == "rate_limited":
            raise self._rate_limited(api, fault, entry.running)
        return fault

    def _rate_limited(self, api: str, fault: Fault, running: int) -> Refusal:
        """Return a 429 answer as if the limit that *fault* names had been passed."""
        limits = self.quotas["export" if api == "export" else "engage"].limits
        hour = limits.hour + 1 if fault.which == "hour" else 1
        if fault.which == "concurrent":
            running = limits.concurrent + 1
        message = describe_usage(running, hour, limits)
        if fault.which == "second":
            allowed = limits.second or 3
            message += f"; {allowed + 1}/{allowed} queries in the last second"
        return rate_limited(message, fault.retry_after_s, fault.body)
