"""An open connection: what it prints, loads and may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database


def test_open_database_when_configured(tmp_path: Path) -> None:
    """It prints no progress bar, uses UTC, loads nothing by itself, and keeps to its memory and threads."""
    config = Config(str(tmp_path / "x.duckdb"), memory_limit="123MB", threads=3)
    names = ("enable_progress_bar", "TimeZone", "autoinstall_known_extensions", "threads", "memory_limit")
    with open_database(config) as connection:
        settings = [connection.execute("SELECT current_setting(?)", [name]).fetchone() for name in names]
    assert settings == [(False,), ("UTC",), (False,), (3,), ("117.3 MiB",)]


@pytest.mark.parametrize("path", ["a b.duckdb", "ünï'\"x", "[x]*?.duckdb", "-x", "$x"])
def test_open_database_when_the_name_is_odd(tmp_path: Path, path: str) -> None:
    """Any name of a file will do."""
    for _ in range(2):
        with open_database(Config(str(tmp_path / path))) as connection:
            assert connection.execute("SELECT 42").fetchone() == (42,)
    assert [each.name for each in tmp_path.iterdir()] == [path]
