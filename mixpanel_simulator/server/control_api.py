"""The endpoints under ``/_simulator/`` by which a test steers the simulator and reads what was asked of it.

They need no credentials, spend no quota, and are no part of Mixpanel. In and out: JSON of the package's own values.
"""

import msgspec
from aiohttp import web

from mixpanel_simulator.data.late_events import LateEvents
from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.server.server import SimulatorServer


class ControlApi:
    """Answers control requests for one server."""

    def __init__(self, server: SimulatorServer) -> None:
        self._server = server

    async def requests(self, _request: web.Request) -> web.Response:
        """Return the log."""
        return web.Response(body=msgspec.json.encode(self._server.log.entries), content_type="application/json")

    async def clear_requests(self, _request: web.Request) -> web.Response:
        """Empty the log."""
        self._server.log.clear()
        return web.Response()

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add the fault in the body."""
        try:
            fault = msgspec.json.decode(await request.read(), type=Fault)
        except msgspec.ValidationError as error:
            return web.Response(status=400, text=str(error))
        self._server.faults.add(fault)
        return web.Response()

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """Forget all faults."""
        self._server.faults.clear()
        return web.Response()

    async def add_late_events(self, request: web.Request) -> web.Response:
        """Let events of a day arrive late, as many as the body says."""
        late = msgspec.json.decode(await request.read(), type=LateEvents)
        self._server.events.add_late_events(late.day, late.count)
        return web.Response()

    async def reset_quota(self, _request: web.Request) -> web.Response:
        """Forget all arrivals."""
        for quota in self._server.quotas.values():
            quota.reset()
        return web.Response()

    async def profile_count(self, _request: web.Request) -> web.Response:
        """Return how many user profiles there are now."""
        return web.json_response(self._server.engage.count(""))
