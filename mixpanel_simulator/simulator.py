"""A running simulator as a test, a benchmark or the demo sees it.

start_simulator runs ``python -m mixpanel_simulator`` as a process of its own and yields a Simulator: its address,
its credentials, its log, its faults and the truth about its data. The process ends with the context, or with the
process that started it. Raises RuntimeError when it does not come up.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import msgspec
import requests

from mixpanel_simulator.answers.request_log import RequestLogEntry
from mixpanel_simulator.data.event_feed import EventFeed
from mixpanel_simulator.data.late_events import LateEvents
from mixpanel_simulator.data.profile_feed import ProfileFeed
from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.scenario import Scenario

CONTROL_TIMEOUT_S = 60


class Simulator:
    """The handle of a simulator that serves *scenario* at *url*."""

    def __init__(self, url: str, pid: int, scenario: Scenario) -> None:
        self.url = url
        self.pid = pid
        self.scenario = scenario
        self._events = EventFeed(scenario)
        self._profiles = ProfileFeed(scenario)

    def _control(self, method: str, what: str, body: bytes | None = None) -> bytes:
        # A session for each request: no connection stays open behind the back of a test.
        with requests.Session() as session:
            # A proxy of the environment can't reach this loopback.
            session.trust_env = False
            answer = session.request(method, f"{self.url}/_simulator/{what}", data=body, timeout=CONTROL_TIMEOUT_S)
            answer.raise_for_status()
            return answer.content

    @property
    def credentials(self) -> dict[str, str | int]:
        """The service account that is accepted, as the source's config holds it."""
        return {
            "option_title": "Service Account",
            "username": self.scenario.username,
            "secret": self.scenario.secret,
            "project_id": self.scenario.project_id,
        }

    def requests(self) -> list[RequestLogEntry]:
        """Return what was asked so far, in order of arrival."""
        return msgspec.json.decode(self._control("GET", "requests"), type=list[RequestLogEntry])

    def clear_requests(self) -> None:
        """Empty the log."""
        self._control("DELETE", "requests")

    def add_fault(self, fault: Fault) -> None:
        """Let *fault* hit requests from now on; faults added earlier come first."""
        self._control("POST", "faults", msgspec.json.encode(fault))

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._control("DELETE", "faults")

    def reset_quota(self) -> None:
        """Let the quotas start anew."""
        self._control("DELETE", "quota")

    def add_late_events(self, day: date, count: int) -> None:
        """Let *count* more events of *day* have arrived from now on, in what is served and in the truth."""
        self._control("POST", "late_events", msgspec.json.encode(LateEvents(day, count)))
        self._events.add_late_events(day, count)

    def events(self, from_date: date, to_date: date, *, time_in_ms: bool = False) -> list[dict[str, Any]]:
        """Return the events of these days, both inclusive, exactly as the export sends them."""
        return self._events.events(from_date, to_date, time_in_ms=time_in_ms)

    def profiles(self) -> list[dict[str, Any]]:
        """Return the user profiles there are now, exactly as the engage API sends them."""
        return self._profiles.decoded(int(self._control("GET", "profiles")))


def _await_ready(process: "subprocess.Popen[bytes]", scenario: Scenario) -> Simulator:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the simulator ended with exit code {process.wait()}: see its message on stderr")
    ready = json.loads(line)
    return Simulator(ready["url"], ready["pid"], scenario)


@contextmanager
def start_simulator(scenario: Scenario, *, port: int = 0, stop_timeout_s: float = 10) -> Iterator[Simulator]:
    """Run a simulator of *scenario* as a process, for as long as the context lasts.

    One that has not ended *stop_timeout_s* after SIGTERM is killed.
    """
    command = [sys.executable, "-m", "mixpanel_simulator", "--port", str(port), "--scenario", "-"]
    command += ["--parent-pid", str(os.getpid())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    with process:
        try:
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(scenario))
            process.stdin.close()
            yield _await_ready(process, scenario)
        finally:
            process.terminate()
            try:
                process.wait(stop_timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
