"""A destination with a database of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.destination.destination_process import Destination


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    """Return a destination whose database does not exist yet."""
    return Destination(tmp_path, {"destination_path": str(tmp_path / "test.duckdb")})
