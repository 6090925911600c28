"""What is said of a database: by its tables, its state and its history."""

from __future__ import annotations

import io
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from rich.text import Text

from mixpanel_to_duckdb.cli.status_page import status_page
from mixpanel_to_duckdb.database.history import add_sync
from mixpanel_to_duckdb.database.status import DatabaseStatus, StreamStatus, database_status
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel import ParallelFetchResult, ParallelProfileResult
from unit_tests.command.database.test_finished_days import states

pytestmark = pytest.mark.dates

EVENTS = "_airbyte_meta JSON, event VARCHAR, time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR, properties JSON"
CREATE = f"""
CREATE TABLE events ({EVENTS});
CREATE TABLE buys ({EVENTS});
CREATE TABLE profiles (_airbyte_meta JSON, distinct_id VARCHAR, last_seen TIMESTAMP, properties JSON);
CREATE TABLE rejected_lines (_airbyte_meta JSON, id VARCHAR, stream VARCHAR, line VARCHAR);
CREATE TABLE mine (event VARCHAR, time TIMESTAMPTZ);
INSERT INTO events VALUES
    (NULL, 'A', '2026-01-01 23:30:00Z', 'someone', '1', '{{}}'),
    (NULL, 'A', '2026-01-01 23:30:00Z', 'someone', '1', '{{}}'),
    (NULL, 'B', '2026-01-04 12:00:00Z', 'someone', '2', '{{}}');
INSERT INTO rejected_lines VALUES (NULL, 'x', 'events', '{{'), (NULL, 'y', 'events', '['), (NULL, 'z', 'buys', '}}');
"""
STATES = states("events", [["2026-01-02", "2026-01-02"], ["2026-01-04", "2026-01-05"]], "2026-01-05")


def shown(status: DatabaseStatus) -> str:
    """Return what a person reads."""
    console = Console(file=io.StringIO(), width=100, color_system=None)
    for part in status_page(status):
        console.print(part, soft_wrap=isinstance(part, Text))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_status_of_a_database_with_flaws(tmp_path: Path) -> None:
    """Days are the project's; gaps, failures, duplicates and rejected lines are counted per stream."""
    path = str(tmp_path / "m.duckdb")
    result = SyncResult(
        database=path,
        exit_code=ExitCode.FAILED,
        started_at=datetime(2026, 1, 6, tzinfo=timezone.utc),
        duration_s=61.0,
        streams={
            "events": ParallelFetchResult("events", 3, 2, 1, (("2026-01-01", "2026-01-01"),)),
            "teams": ParallelProfileResult("teams", 0, 0, 1, (0,)),
        },
    )
    with duckdb.connect(path) as connection:
        connection.execute(CREATE)
        add_sync(connection, result, 1, "Europe/Berlin")
    status = database_status(path, STATES)
    failed, unread = ("2026-01-01", "2026-01-01"), ("2026-01-03", "2026-01-03")
    assert status.streams == (
        StreamStatus("buys", 0, None, None, rejected_lines=1),
        StreamStatus("events", 3, date(2026, 1, 2), date(2026, 1, 4), (failed, unread), (failed,), (), 1, 2),
        StreamStatus("profiles", 0, None, None),
        StreamStatus("teams", 0, None, None, (), (), (0,)),
    )
    text = shown(status)
    assert "events: failed: 2026-01-01\n" in text
    assert "events: not read: 2026-01-03\n" in text
    assert "teams: failed: pages 0\n" in text
    assert "1 min 01 s, something failed; 1 in total.\n" in text
    again = f"mixpanel-to-duckdb sync {path}"
    assert text.endswith(f"failed: {again} --retry-failed\nTo read the missing days: {again}\n")


def test_status_of_a_database_that_others_wrote(tmp_path: Path) -> None:
    """A database that was written by the connectors alone has no history, and one of others no streams."""
    path = str(tmp_path / "m.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE mine (event VARCHAR)")
    status = database_status(path, b"[]")
    assert status.as_json() == {"database": path, "schema": "main", "syncs": 0, "last_sync": None, "streams": {}}
    assert "mixpanel-to-duckdb has not synced into this database yet." in shown(status)
