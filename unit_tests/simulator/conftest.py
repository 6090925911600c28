"""A running simulator for the tests of one module, as new for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from integration_tests.measured import measured_processes
from mixpanel_simulator import Scenario, Simulator, start_simulator

SCENARIO = Scenario(
    first_day=date(2026, 1, 1), days=5, events_per_day=40, profiles=25, page_size=10, today=date(2026, 1, 9)
)


@pytest.fixture(scope="module", autouse=True)
def _measured() -> Iterator[None]:
    with measured_processes():
        yield


@pytest.fixture(scope="module")
def simulator_process() -> Iterator[Simulator]:
    with start_simulator(SCENARIO) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    simulator_process.clear_faults()
    simulator_process.clear_requests()
    return simulator_process
