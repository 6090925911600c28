"""The paths that the simulator answers."""

from aiohttp import web

from mixpanel_simulator.server.control_api import ControlApi
from mixpanel_simulator.server.server import SimulatorServer

MAXIMUM_REQUEST_BYTES = 16_000_000


def make_application(server: SimulatorServer) -> web.Application:
    """Return the application that serves *server* and its control endpoints."""
    application = web.Application(client_max_size=MAXIMUM_REQUEST_BYTES)
    application.router.add_get("/api/2.0/export", server.handle_export, allow_head=False)
    application.router.add_post("/api/query/engage", server.handle_engage)
    application.router.add_post("/api/2.0/engage", server.handle_engage)
    application.router.add_post("/api/query/cohorts/list", server.handle_cohorts)
    application.router.add_get("/api/app/me", server.handle_me, allow_head=False)
    control = ControlApi(server)
    application.router.add_get("/_simulator/requests", control.requests)
    application.router.add_delete("/_simulator/requests", control.clear_requests)
    application.router.add_post("/_simulator/faults", control.add_fault)
    application.router.add_delete("/_simulator/faults", control.clear_faults)
    application.router.add_post("/_simulator/late_events", control.add_late_events)
    application.router.add_delete("/_simulator/quota", control.reset_quota)
    application.router.add_get("/_simulator/profiles", control.profile_count)
    return application
