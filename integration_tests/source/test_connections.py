"""Connections to Mixpanel: each is used again, and none is thrown away."""

from __future__ import annotations

import logging

import pytest

from integration_tests.source_run import config_for, run_source
from mixpanel_simulator import Scenario, start_simulator

WINDOWS, CONNECTIONS = 42, 40
KEPT_BY_DEFAULT = 10  # by the CDK, without TLS


def test_forty_windows_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """No more connections are opened than requests run at once, and no pool is too small for them."""
    caplog.set_level(logging.WARNING, "urllib3")
    scenario = Scenario(days=WINDOWS, events_per_day=20, latency_per_day_s=14.0)
    with start_simulator(scenario) as simulator:
        run = run_source(config_for(simulator, window_days=1, num_workers=CONNECTIONS))
        requests = simulator.requests()
    assert run.error is None
    assert len(run.records("events")) == WINDOWS * 20
    assert len(requests) == WINDOWS
    assert max(request.running for request in requests) > KEPT_BY_DEFAULT
    assert len({request.client_port for request in requests}) <= CONNECTIONS
    assert [record.getMessage() for record in caplog.records if record.name.startswith("urllib3")] == []
