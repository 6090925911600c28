"""Airbyte's standard tests of the source, on a simulated Mixpanel: spec, check, discover, read, records by schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from integration_tests.source_run import config_for
from integration_tests.standard.connector_root import ConnectorRoot
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

SCENARIO = Scenario(days=6, events_per_day=60, profiles=25, page_size=10)


def configs_for(sound: Simulator, damaged: Simulator) -> dict[str, dict[str, Any]]:
    """Return the configs that acceptance-test-config.yml names."""
    config = config_for(sound)
    wrong = {**config, "credentials": {**config["credentials"], "secret": "not-the-secret-of-the-account"}}
    own = {
        **config,
        "event_streams": [{"name": "purchases", "events": ["Purchase"]}, {"name": "all_again"}],
        "profile_streams": [{"name": "companies", "group": "1"}],
    }
    return {
        "secrets/config.json": config,
        "secrets/own_streams.json": own,
        "secrets/wrong_secret.json": wrong,
        "secrets/no_start.json": {**config, "start_date": "the first of May"},
        "secrets/damaged_lines.json": config_for(damaged),
    }


class TestSource(ConnectorRoot, SourceTestSuiteBase):
    """`SourceTestSuiteBase`, which finds the source by its name and makes it without a config.

    The configs are for two simulators: one sends lines that are not events.
    """

    root = Path(__file__).parents[2]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def placed(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """Start the simulators and write the configs."""
        kept = cls.root
        with start_simulator(SCENARIO) as sound, start_simulator(SCENARIO) as damaged:
            damaged.add_fault(Fault("no_event", path="export", times=None))
            cls.place(tmp_path_factory.mktemp("root") / "source-mixpanel-parallel", configs_for(sound, damaged))
            yield
        cls.root = kept
