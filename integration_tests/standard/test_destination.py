"""What Airbyte's standard tests offer for destinations: spec, its match with configs, and check."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from logging import Logger
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConnectorSpecification,
    Type,
)
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import DestinationTestSuiteBase
from airbyte_cdk.test.standard_tests._job_runner import IConnector, run_test_job
from airbyte_cdk.test.standard_tests._spec_lint import assert_spec_is_valid, get_single_spec

from integration_tests.standard.connector_root import ConnectorRoot

ROOT = Path(__file__).parents[2] / "destination_duckdb"


class DestinationProcess:
    """The destination's executable as the CDK's object of a connector."""

    message_repository = None
    check_config_against_spec = True

    def spec(self, _logger: Logger) -> ConnectorSpecification:
        """Run `spec`."""
        specification = self._only(Type.SPEC, "spec").spec
        assert specification
        return specification

    def check(self, _logger: Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Run `check` with *config*."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "config.json"
            path.write_text(json.dumps(config))
            status = self._only(Type.CONNECTION_STATUS, "check", "--config", str(path)).connectionStatus
        assert status
        return status

    def read_config(self, path: str) -> Any:
        """Return the config file's content."""
        return json.loads(Path(path).read_text())

    def configure(self, config: Mapping[str, Any], _directory: str) -> Mapping[str, Any]:
        """Return *config* as it is."""
        return config

    def _only(self, wanted: Type, *arguments: str) -> AirbyteMessage:
        command = [sys.executable, "-m", "destination_duckdb", *arguments]
        lines = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
        [message] = [AirbyteMessageSerializer.load(json.loads(line)) for line in lines]
        assert message.type == wanted
        return message


class TestDestination(ConnectorRoot, DestinationTestSuiteBase):
    """`DestinationTestSuiteBase`, and the lint of the spec that it keeps for sources."""

    root = ROOT

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def placed(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """Write the configs."""
        directory = tmp_path_factory.mktemp("root")
        database = str(directory / "test.duckdb")
        all_options: dict[str, Any] = {
            "destination_path": database,
            "schema": "raw",
            "storage_compatibility": "latest",
            "object_type": "json",
            "memory_limit": "200MB",
            "threads": 1,
            "max_uncommitted_mb": 64,
            "max_record_mb": 16,
        }
        configs: dict[str, dict[str, Any]] = {
            "config": {"destination_path": database},
            "all_options": all_options,
            "no_directory": {"destination_path": str(directory / "missing" / "x" / "test.duckdb" / "y")},
            "no_token": {"destination_path": "md:test"},
        }
        cls.place(
            directory / "destination-duckdb", {f"integration_tests/{name}.json": each for name, each in configs.items()}
        )
        yield
        cls.root = ROOT

    @classmethod
    def create_connector(cls, scenario: ConnectorTestScenario | None) -> IConnector:  # noqa: ARG003 - the suite's signature
        """Return the executable: the destination is no object of the CDK."""
        return DestinationProcess()

    def test_spec(self) -> None:
        """The one SPEC message passes the lint that the suite applies to sources."""
        result = run_test_job(self.create_connector(None), "spec", connector_root=self.root)
        assert_spec_is_valid(get_single_spec(result, connector_name=self.root.name), connector_name=self.root.name)
