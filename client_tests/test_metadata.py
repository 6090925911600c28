"""Both metadata.yaml by the platform's own model of them, which allows no field that it does not know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from client_tests.environments import ROOT, client_program, offline

FILES = {"source": ROOT / "metadata.yaml", "destination": ROOT / "destination_duckdb" / "metadata.yaml"}
VALIDATE = """
import sys, yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0
ConnectorMetadataDefinitionV0.model_validate(yaml.safe_load(open(sys.argv[1])))
"""


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    """Run the model on a file."""
    python = client_program("pyairbyte", "python")
    return subprocess.run([python, "-c", VALIDATE, path], env=offline(), check=False, capture_output=True, text=True)


@pytest.mark.parametrize("kind", FILES)
def test_platform_accepts_the_metadata(kind: str, tmp_path: Path) -> None:
    """The model takes the file, and would not take it with a field misspelt."""
    ended = validate(FILES[kind])
    assert ended.returncode == 0, ended.stderr
    misspelt = tmp_path / "metadata.yaml"
    misspelt.write_text(FILES[kind].read_text().replace("dockerImageTag", "dockerTag"))
    assert "dockerImageTag" in validate(misspelt).stderr
