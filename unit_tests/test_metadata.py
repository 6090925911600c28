"""Both connectors' metadata.yaml: what the platform requires, checked by its own model and against the code."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from airbyte_cdk.models.connector_metadata import MetadataFile

ROOT = Path(__file__).resolve().parents[1]
FILES = {"source": ROOT / "metadata.yaml", "destination": ROOT / "destination_duckdb" / "metadata.yaml"}
# The required fields of ConnectorMetadataDefinitionV0, the platform's JSON Schema of this file.
REQUIRED = {
    "name",
    "definitionId",
    "connectorType",
    "dockerRepository",
    "dockerImageTag",
    "license",
    "documentationUrl",
    "githubIssueLabel",
    "connectorSubtype",
    "releaseStage",
}
SUBTYPES = {"api", "database", "datalake", "file", "custom", "message_queue", "unknown", "vectorstore"}


def data_of(path: Path) -> dict[str, Any]:
    """Return the `data` of a metadata file."""
    return dict(yaml.safe_load(path.read_text())["data"])


@pytest.mark.parametrize("kind", FILES)
def test_metadata_is_what_the_platform_requires(kind: str) -> None:
    """The required fields are there, with values of the platform's enumerations; the icon exists."""
    path = FILES[kind]
    data = data_of(path)
    assert data.keys() >= REQUIRED
    assert data["connectorType"] == kind
    assert data["connectorSubtype"] in SUBTYPES
    assert data["releaseStage"] in {"alpha", "beta", "generally_available", "custom"}
    assert data["supportLevel"] in {"community", "certified", "archived"}
    assert uuid.UUID(data["definitionId"]).version == 4
    assert (path.parent / data["icon"]).is_file()
    metadata = MetadataFile.from_file(path).data
    assert metadata.language.value == "python"
    assert metadata.connectorBuildOptions
    assert "@sha256:" in str(metadata.connectorBuildOptions.baseImage)


def test_metadata_versions_are_the_packages() -> None:
    """The image tags follow the version of pyproject.toml."""
    [version] = [
        line.split('"')[1] for line in (ROOT / "pyproject.toml").read_text().splitlines() if "version =" in line
    ][:1]
    assert {data_of(path)["dockerImageTag"] for path in FILES.values()} == {version}
