"""``python -m mixpanel_simulator``: serve a scenario on loopback until SIGTERM.

In: flags, one for each field of the scenario, and optionally a scenario as JSON (``--scenario FILE`` or ``-``).
Out: one line of JSON on stdout as soon as requests are taken: {"url": "http://127.0.0.1:PORT", "pid": N}.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import msgspec
from aiohttp import web

from mixpanel_simulator.scenario import FIELD_HELP, Scenario, scenario_from_fields, scenario_from_json
from mixpanel_simulator.server.application import make_application
from mixpanel_simulator.server.server import SimulatorServer

HOST = "127.0.0.1"
PARENT_POLL_S = 0.5


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m mixpanel_simulator",
        description="Stand in for Mixpanel's export and engage APIs on 127.0.0.1, until SIGTERM.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--scenario", metavar="FILE", help="a scenario as JSON; - is stdin; flags override it")
    parser.add_argument("--parent-pid", type=int, help="end as soon as this process is not the parent any more")
    defaults = {entry.name: entry.default for entry in fields(Scenario)}
    for name, text in FIELD_HELP.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(defaults[name], bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            metavar = name.rsplit("_", 1)[-1].upper()
            parser.add_argument(flag, metavar=metavar, help=f"{text} (default: {defaults[name] or 'none'})")
    return parser


def parse_scenario(arguments: argparse.Namespace) -> Scenario:
    """Return the scenario of the command line; flags go before the file."""
    values = {}
    if arguments.scenario == "-":
        values = scenario_from_json(sys.stdin.buffer.read())
    elif arguments.scenario is not None:
        values = scenario_from_json(Path(arguments.scenario).read_bytes())
    values |= {name: getattr(arguments, name) for name in FIELD_HELP if getattr(arguments, name) is not None}
    return scenario_from_fields(values)


async def serve(scenario: Scenario, port: int, parent_pid: int | None) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent is gone."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = SimulatorServer(scenario)
    await server.render_ahead()
    runner = web.AppRunner(make_application(server), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    sys.stdout.write(json.dumps({"url": f"http://{HOST}:{runner.addresses[0][1]}", "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    while not stopped.is_set() and parent_pid in {None, os.getppid()}:
        try:
            await asyncio.wait_for(stopped.wait(), PARENT_POLL_S)
        except asyncio.TimeoutError:
            continue
    await runner.cleanup()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    try:
        scenario = parse_scenario(arguments)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        parser.error(f"the scenario can't be simulated: {error}")
    try:
        asyncio.run(serve(scenario, arguments.port, arguments.parent_pid))
    except OSError as error:
        sys.stderr.write(f"port {arguments.port} can't be listened on: {error}; choose another --port, or 0\n")
        return 1
    return 0
