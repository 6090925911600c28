"""A destination with a database of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.destination.destination_process import Destination
from integration_tests.measured import measured_processes


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    """Return a destination whose database does not exist yet."""
    return Destination(tmp_path, {"destination_path": str(tmp_path / "test.duckdb")})


@pytest.fixture(scope="module", autouse=True)
def _measured() -> Iterator[None]:
    with measured_processes():
        yield
