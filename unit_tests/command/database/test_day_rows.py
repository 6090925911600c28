"""How many rows each day had when it was read, and which days have fewer now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import pytest

from mixpanel_to_duckdb.database.day_rows import MissingRows, missing_rows, record_day_rows
from mixpanel_to_duckdb.database.history import add_sync
from mixpanel_to_duckdb.database.status import database_status
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel import BatchProgress, DateWindow, ParallelFetchResult
from unit_tests.command.database.test_finished_days import states
from unit_tests.command.database.test_status import EVENTS, shown

ZONE = "Europe/Berlin"
FINISHED = [DateWindow(date(2026, 1, 1), date(2026, 1, 9))]
# 23:30 UTC is the next day in Berlin.
TIMES = ("2026-01-01 22:30:00Z", "2026-01-01 23:30:00Z", "2026-01-02 12:00:00Z", "2026-01-03 12:00:00Z")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with four events."""
    with duckdb.connect(str(tmp_path / "m.duckdb")) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute(f"CREATE TABLE events ({EVENTS})")
        opened.executemany(
            "INSERT INTO events BY NAME SELECT 'A' AS event, ?::TIMESTAMPTZ AS time", [[t] for t in TIMES]
        )
        yield opened


def result_of(*windows: tuple[str, str], rows: int = 4, committed: int | None = None, full: bool = False) -> SyncResult:
    """Return the result of a sync that read *windows*."""
    batches = tuple(
        BatchProgress("events", *window, index, len(windows), 9, rows, True, None, 1, 0.0, 1.0)
        for index, window in enumerate(windows)
    )
    return SyncResult(
        database="m.duckdb",
        exit_code=ExitCode.DONE,
        started_at=datetime(2026, 1, 9, tzinfo=timezone.utc),
        duration_s=1.0,
        streams={"events": ParallelFetchResult("events", rows, len(windows))},
        committed_rows={"events": rows if committed is None else committed},
        batches=batches,
        full_refresh=full,
    )


def missing(
    connection: duckdb.DuckDBPyConnection, finished: Sequence[DateWindow] = FINISHED
) -> list[tuple[str, int, int]]:
    """Return what is missing as plain values."""
    return [(each.day, each.rows, each.read) for each in missing_rows(connection, "events", ZONE, finished)]


def test_rows_that_were_deleted(connection: duckdb.DuckDBPyConnection) -> None:
    """Days are the project's; only finished days count, and a day that was read again has what it has now."""
    assert missing(connection) == []  # as in a database of release 0.1.0
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    assert missing(connection) == []
    connection.execute("DELETE FROM events WHERE time IN ('2026-01-01 23:30:00Z', '2026-01-03 12:00:00Z')")
    assert missing(connection) == [("2026-01-02", 1, 2), ("2026-01-03", 0, 1)]
    assert missing(connection, [DateWindow(date(2026, 1, 3), date(2026, 1, 3))]) == [("2026-01-03", 0, 1)]
    assert missing_rows(connection, "events", "UTC", FINISHED) == ()  # the days of another timezone are other days
    record_day_rows(connection, result_of(("2026-01-02", "2026-01-02"), rows=1), ZONE)
    assert missing(connection) == [("2026-01-03", 0, 1)]
    connection.execute("DROP TABLE events")
    assert missing(connection) == [("2026-01-01", 0, 1), ("2026-01-02", 0, 1), ("2026-01-03", 0, 1)]


def test_rows_that_came_later(connection: duckdb.DuckDBPyConnection) -> None:
    """More rows than were read are no flaw."""
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    connection.execute("INSERT INTO events SELECT * FROM events")
    assert missing(connection) == []


def test_sync_whose_rows_were_not_all_committed(connection: duckdb.DuckDBPyConnection) -> None:
    """It leaves the record as it was: what it has read may not be in the table."""
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    connection.execute("DELETE FROM events")
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09"), committed=3), ZONE)
    refresh = result_of(("2026-01-01", "2026-01-04"), ("2026-01-05", "2026-01-09"), full=True)
    record_day_rows(connection, replace(refresh, batches=refresh.batches[:1]), ZONE)
    assert len(missing(connection)) == 3


def test_full_refresh_of_fewer_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Its table has these days only, and so has the record."""
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    connection.execute("DELETE FROM events WHERE time < '2026-01-03'")
    record_day_rows(connection, result_of(("2026-01-03", "2026-01-09"), full=True), ZONE)
    assert missing(connection) == []


def test_schemas_have_records_of_their_own(connection: duckdb.DuckDBPyConnection) -> None:
    """The days of one schema say nothing of another."""
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    connection.execute("CREATE SCHEMA eu; USE eu")
    assert missing(connection) == []
    connection.execute("CREATE TABLE events AS SELECT * FROM main.events LIMIT 0")
    record_day_rows(connection, result_of(("2026-01-01", "2026-01-09")), ZONE)
    connection.execute("USE main")
    assert missing(connection) == []
    connection.execute("DELETE FROM events WHERE time > '2026-01-03'")
    assert missing(connection) == [("2026-01-03", 0, 1)]


def test_status_of_missing_rows(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Days that follow each other are one range, with the command that reads it again."""
    path = str(tmp_path / "m.duckdb")
    result = result_of(("2026-01-01", "2026-01-09"))
    record_day_rows(connection, result, ZONE)
    add_sync(connection, result, 1, ZONE)
    connection.execute("DELETE FROM events WHERE time < '2026-01-02'")
    connection.close()
    status = database_status(path, states("events", [["2026-01-01", "2026-01-09"]]))
    assert status.streams[0].missing_rows == (MissingRows("2026-01-01", 0, 1), MissingRows("2026-01-02", 1, 2))
    text = shown(status)
    assert "events: rows that were read are missing: 2026-01-01..2026-01-02 has 1 of 3\n" in text
    again = f"mixpanel-to-duckdb sync {path} --reread --streams events --from 2026-01-01 --to 2026-01-02"
    assert text.endswith(f"To read them again: {again}\n")
