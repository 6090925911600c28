"""Airbyte's standard tests: acceptance-test-config.yml names their scenarios, each test class writes their configs."""

from __future__ import annotations

import pytest
from airbyte_cdk.test.models.scenario import ConnectorTestScenario, ScenarioCommand
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests

__all__ = ["pytest_generate_tests"]

# The suite makes every test for every scenario, and skips those whose section asks for another command.
COMMANDS: dict[str, ScenarioCommand] = {
    "test_check": "check",
    "test_config_matches_spec": "spec",
    "test_discover": "discover",
    "test_basic_read": "read",
    "test_fail_read_with_bad_catalog": "read",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a section does not ask for, and what needs images: no container engine is part of the tests."""
    left_out = [item for item in items if item.get_closest_marker("image_tests") or _is_not_asked_for(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_not_asked_for(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return False
    command, scenario = COMMANDS.get(item.originalname), item.callspec.params.get("scenario")
    return command is not None and isinstance(scenario, ConnectorTestScenario) and not scenario.runs(command)
