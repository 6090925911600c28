"""Which stored rows go when their days were read again, on a real table, and which reasons keep them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import duckdb
import pytest

from mixpanel_to_duckdb.database.replaced_days import ReadAgain, ThisSync, replace_days
from mixpanel_to_duckdb.replacement import Replacement
from source_mixpanel_parallel import BatchProgress, DateWindow
from source_mixpanel_parallel.config.filters import Filters

OLD, NEW = 1_000, 2_000
STARTED = datetime(2026, 2, 1, tzinfo=timezone.utc)
SYNC = ThisSync(NEW, STARTED, "Europe/Berlin")  # midnight is 23:00 in UTC, in winter
DAYS = DateWindow(date(2026, 1, 2), date(2026, 1, 3))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database with an empty table of events."""
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute(
            "CREATE TABLE events (_airbyte_extracted_at TIMESTAMPTZ, _airbyte_meta JSON, event VARCHAR,"
            " time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR, properties JSON)"
        )
        yield opened


def add(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    time: str,
    sync_id: int = OLD,
    event: str = "Purchase",
    age: timedelta = timedelta(days=1),
) -> None:
    """Add a row that *sync_id* extracted; the new sync's rows come after its start."""
    extracted_at = STARTED + timedelta(seconds=1) if sync_id == NEW else STARTED - age
    connection.execute(
        "INSERT INTO events VALUES (?, ?, ?, CAST(? AS TIMESTAMPTZ), 'd', ?, '{}')",
        [extracted_at, f'{{"sync_id":{sync_id},"changes":[]}}', event, f"{time}Z", name],
    )


def batch(day: int, rows: int, **fields: Any) -> BatchProgress:
    """Return how the window of one day of January ended."""
    usual: dict[str, Any] = {"success": True, "error": None, "bytes": 1, "started_s": 1.0, "duration_s": 1.0}
    text = f"2026-01-{day:02}"
    return BatchProgress("events", text, text, day, 2, 2, rows, **{**usual, **fields})


def replaced(connection: duckdb.DuckDBPyConnection, *batches: BatchProgress, **fields: Any) -> Replacement:
    """Replace the days of *batches*; all of their rows are committed, unless *fields* say otherwise."""
    usual: dict[str, Any] = {"days": DAYS, "committed_rows": sum(each.rows for each in batches)}
    stream = ReadAgain("events", batches=batches, **{**usual, **fields})
    return replace_days(connection, SYNC, [stream])["events"]


def left(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the rows that are left."""
    return [name for (name,) in connection.execute("SELECT insert_id FROM events ORDER BY time, insert_id").fetchall()]


def test_rows_of_the_days_that_were_not_sent_again(connection: duckdb.DuckDBPyConnection) -> None:
    """They go, by the project's midnight; rows that were sent again, and other days, stay."""
    add(connection, "day before", "2026-01-01 22:59:59.999")
    add(connection, "first", "2026-01-01 23:00:00")
    add(connection, "sent", "2026-01-02 12:00:00", NEW)
    add(connection, "last", "2026-01-03 22:59:59.999")
    add(connection, "day after", "2026-01-03 23:00:00")
    assert replaced(connection, batch(2, 1), batch(3, 0)) == Replacement(2, (("2026-01-02", "2026-01-03"),))
    assert left(connection) == ["day before", "sent", "day after"]


def test_a_row_without_a_sync(connection: duckdb.DuckDBPyConnection) -> None:
    """What somebody inserted by hand, without our columns, goes too."""
    connection.execute("INSERT INTO events (event, time, insert_id) VALUES ('Purchase', '2026-01-02 12:00:00Z', 'x')")
    assert replaced(connection, batch(2, 0)).removed_rows == 1


@pytest.mark.parametrize(
    ("batches", "committed_rows"),
    [
        ((batch(2, 1), batch(3, 2)), 2),  # a destination that ended early committed the first window only
        ((batch(2, 1), batch(3, 0, success=False, error="cut")), 1),
        ((batch(2, 1), batch(3, 0, success=False, error="stopped", interrupted=True)), 1),
        ((batch(2, 1),), 1),
    ],
)
def test_days_that_are_not_proven(
    connection: duckdb.DuckDBPyConnection, batches: tuple[BatchProgress, ...], committed_rows: int
) -> None:
    """Days that failed, were not read, or whose rows may not be in the database keep what they have."""
    add(connection, "sent", "2026-01-02 12:00:00", NEW)
    add(connection, "second", "2026-01-02 12:30:00")
    add(connection, "third", "2026-01-03 12:00:00")
    found = replaced(connection, *batches, committed_rows=committed_rows)
    assert (found, left(connection)) == (Replacement(1, (("2026-01-02", "2026-01-02"),)), ["sent", "third"])


def test_lines_that_are_not_events(connection: duckdb.DuckDBPyConnection) -> None:
    """One of them may be the row that is missing."""
    add(connection, "second", "2026-01-02 12:00:00")
    found = replaced(connection, batch(2, 0, rejected_lines=2), batch(3, 0))
    assert [kept.reason for kept in found.kept] == ["2 lines of the answer are not events"]
    assert (found.removed_rows, found.replaced_ranges) == (0, (("2026-01-03", "2026-01-03"),))
    assert left(connection) == ["second"]


@pytest.mark.parametrize("time", ["2026-01-01 22:30:00", "2026-01-03 23:30:00", "2026-01-03 12:00:00"])
def test_rows_that_came_for_other_days(connection: duckdb.DuckDBPyConnection, time: str) -> None:
    """A row before, behind, or in a day that failed shows that the timezone is wrong: nothing goes."""
    add(connection, "sent", time, NEW)
    add(connection, "second", "2026-01-02 12:00:00")
    found = replaced(connection, batch(2, 1), batch(3, 0, success=False, error="cut"))
    assert found.contradiction is not None
    assert "1 of the rows read for 2026-01-02..2026-01-03 are on other days in Europe/Berlin" in found.contradiction
    assert (found.removed_rows, len(left(connection))) == (0, 2)


def test_a_contradiction_in_one_stream(connection: duckdb.DuckDBPyConnection) -> None:
    """The timezone is that of all streams, so none loses a row."""
    connection.execute("CREATE TABLE others AS SELECT * FROM events")
    add(connection, "sent", "2026-01-05 12:00:00", NEW)
    connection.execute("INSERT INTO others (event, time, insert_id) VALUES ('A', '2026-01-02 12:00:00Z', 'x')")
    streams = [ReadAgain(name, DAYS, (batch(2, 1), batch(3, 0)), 1) for name in ("others", "events")]
    found = replace_days(connection, SYNC, streams)
    assert all(each.contradiction and each.removed_rows == 0 for each in found.values())
    assert connection.table("others").count("*").fetchall() == [(1,)]


def test_a_row_that_a_clock_ahead_extracted(connection: duckdb.DuckDBPyConnection) -> None:
    """The destination keeps it when it is sent again, so it says nothing: it stays, and the result says why."""
    add(connection, "ahead", "2026-01-02 12:00:00", age=timedelta(days=-1))
    found = replaced(connection, batch(2, 0))
    assert (found.removed_rows, left(connection)) == (0, ["ahead"])
    assert [kept.reason for kept in found.kept] == [
        "1 of them extracted later than this sync began, by a clock that was ahead"
    ]


def test_filters(connection: duckdb.DuckDBPyConnection) -> None:
    """Only events that were asked for go; under a `where`, only rows that were not read under another one."""
    add(connection, "asked", "2026-01-02 12:00:00")
    add(connection, "not asked", "2026-01-02 13:00:00", event="Sign Up")
    add(connection, "of another where", "2026-01-02 14:00:00", sync_id=7)
    filters = Filters(("Purchase",), "1 == 1")
    found = replaced(connection, batch(2, 0), filters=filters, incomparable_syncs=(7,))
    assert (found.removed_rows, left(connection)) == (1, ["not asked", "of another where"])


def test_a_clock_that_was_set_back_during_the_sync(connection: duckdb.DuckDBPyConnection) -> None:
    """A row that this sync sent stays, whenever it says it was extracted."""
    add(connection, "sent", "2026-01-02 12:00:00", NEW)
    connection.execute("UPDATE events SET _airbyte_extracted_at = '2026-01-01 00:00:00Z'")
    assert (replaced(connection, batch(2, 1)).removed_rows, left(connection)) == (0, ["sent"])
