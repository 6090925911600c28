"""A simulated Mixpanel for the tests of one module, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from mixpanel_simulator import Scenario, Simulator, start_simulator

SCENARIO = Scenario(first_day=date(2026, 1, 1), days=20, events_per_day=60, profiles=25, page_size=10)


@pytest.fixture(scope="module")
def simulator_process() -> Iterator[Simulator]:
    """Start a simulator without limits or latencies."""
    with start_simulator(SCENARIO) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Iterator[Simulator]:
    """Give a test the simulator without the faults, counts and requests of earlier tests."""
    simulator_process.clear_faults()
    simulator_process.clear_requests()
    simulator_process.reset_quota()
    yield simulator_process
    simulator_process.clear_faults()
