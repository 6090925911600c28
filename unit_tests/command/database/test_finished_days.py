"""Which days a database holds and lacks, by its state and its history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig, source_config
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.database.history import add_sync, ever_failed, last_failed_pages, past_syncs
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import SyncResult
from mixpanel_to_duckdb.sync.failed_parts import FailedParts, failed_parts
from source_mixpanel_parallel import BatchProgress, DateWindow, ParallelFetchResult, ParallelProfileResult
from source_mixpanel_parallel.config.filters import NO_FILTERS, Filters
from source_mixpanel_parallel.windows.finished_days import FinishedDays, FinishedRanges


def states(stream: str, ranges: list[list[str]], through: str | None = None, **more: Any) -> bytes:
    """Return what `destination-duckdb state` prints."""
    content = {"finished_ranges": ranges, **({"read_through": through} if through else {}), **more}
    stream_state = {"stream_descriptor": {"name": stream}, "stream_state": content}
    profiles = {"stream_descriptor": {"name": "profiles"}, "stream_state": {"__ab_no_cursor_state_message": True}}
    return json.dumps([{"type": "STREAM", "stream": each} for each in (profiles, stream_state)]).encode()


def test_finished_days_of_a_state() -> None:
    """Streams of events have finished days; others have none."""
    text = states("events", [["2026-01-05", "2026-01-06"], ["2026-01-01", "2026-01-02"]], "2026-01-06")
    windows = (DateWindow(date(2026, 1, 1), date(2026, 1, 2)), DateWindow(date(2026, 1, 5), date(2026, 1, 6)))
    assert finished_days(text) == {"events": FinishedDays(FinishedRanges(windows, date(2026, 1, 6)))}
    assert finished_days(b"[]") == {}


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", states("events", [["2026-01-01"]]), states("events", [["x", "y"]])]
)
def test_finished_days_of_a_state_that_is_none(text: bytes) -> None:
    """A damaged state is said to be one, with the way out."""
    with pytest.raises(SyncError, match="sync with --full-refresh"):
        finished_days(text)


def result_with(
    failed: tuple[tuple[str, str], ...] = (), pages: tuple[int, ...] = (), read_pages: int = 0
) -> SyncResult:
    """Return a result in which these ranges and pages failed."""
    batch = BatchProgress("events", "2026-01-01", "2026-01-04", 0, 1, 4, 9, True, None, 1, 0.0, 2.0)
    return SyncResult(
        database="m.duckdb",
        exit_code=ExitCode.FAILED if failed or pages else ExitCode.DONE,
        started_at=datetime(2026, 1, 31, tzinfo=timezone.utc),
        duration_s=1.5,
        streams={
            "events": ParallelFetchResult("events", 9, 1, len(failed), failed),
            "profiles": ParallelProfileResult("profiles", 9, read_pages, len(pages), pages),
        },
        batches=(batch,),
    )


def config() -> SourceConfig:
    """Return a config with all its streams."""
    account = {"username": "etl", "secret": "s", "project_id": 7}
    return source_config({"credentials": account, "start_date": "2026-01-01"}, SyncOptions("m.duckdb"), {})


def test_history_and_what_failed(tmp_path: Path) -> None:
    """Every range that failed counts until the state says that it was read; of pages the last sync that read any."""
    path = str(tmp_path / "m.duckdb")
    with duckdb.connect(path) as connection:
        assert past_syncs(connection) == []
        add_sync(connection, result_with((("2026-01-03", "2026-01-03"),), (1, 2), 3), 1, "UTC")
        add_sync(connection, result_with((("2026-01-09", "2026-01-10"),)), 2, "Europe/Berlin")
        first, second = past_syncs(connection)
        assert (first.sync_id, first.exit_code, first.duration_s, first.seconds_a_day) == (1, 1, 1.5, 0.5)
        assert first.started_at == datetime(2026, 1, 31, tzinfo=timezone.utc)
        assert (second.project_timezone, second.read_pages("profiles")) == ("Europe/Berlin", 0)
        assert "batches" not in second.result
        assert ever_failed([first, second], "events") == [("2026-01-03", "2026-01-03"), ("2026-01-09", "2026-01-10")]
    text = states("events", [["2026-01-01", "2026-01-09"]])
    assert failed_parts(path, config(), ("events", "profiles", "rejected_lines"), text) == FailedParts(
        ("events", "rejected_lines", "profiles"), DateWindow(date(2026, 1, 10), date(2026, 1, 10))
    )
    assert failed_parts(path, config(), ("profiles",), text) == FailedParts(("profiles",), None)
    assert failed_parts(path, config(), ("events",), b"[]").days == DateWindow(date(2026, 1, 3), date(2026, 1, 10))
    with duckdb.connect(path) as connection:
        others = {"profiles": ParallelProfileResult("profiles", 9, 3, 0, ())}
        add_sync(connection, replace(result_with(), streams=others, full_refresh=True), 3, "UTC")
        interrupted = replace(result_with(), exit_code=ExitCode.INTERRUPTED, full_refresh=True)
        add_sync(connection, interrupted, 4, "UTC")
        assert len(ever_failed(past_syncs(connection), "events")) == 2
        add_sync(connection, replace(result_with(read_pages=3), full_refresh=True), 3, "UTC")
    assert failed_parts(path, config(), config().streams, text) == FailedParts((), None)


def test_what_failed_and_was_read_later(tmp_path: Path) -> None:
    """A failure ends with the later sync that read and committed its days, also where the state never has them."""
    path = str(tmp_path / "m.duckdb")
    today = (("2026-01-03", "2026-01-04"),)
    read_later = replace(result_with(), committed_rows={"events": 9})
    for later, left in (
        (read_later, []),
        (replace(read_later, committed_rows={"events": 8}), list(today)),  # the destination ended before
        (replace(read_later, full_refresh=True), []),
        (replace(read_later, batches=()), list(today)),
    ):
        with duckdb.connect(path) as connection:
            connection.execute("DROP SCHEMA IF EXISTS _mixpanel_to_duckdb CASCADE")
            add_sync(connection, result_with(today), 1, "UTC")
            add_sync(connection, replace(later, exit_code=ExitCode.FAILED), 2, "UTC")
            assert ever_failed(past_syncs(connection), "events") == left
        found = failed_parts(path, config(), ("events",), states("events", [["2026-01-01", "2026-01-02"]]))
        assert found.days == (DateWindow(date(2026, 1, 3), date(2026, 1, 4)) if left else None)


def test_what_failed_and_was_read_under_filters(tmp_path: Path) -> None:
    """Only filters that let as much through as those of the failure have read its days."""
    day = (("2026-01-03", "2026-01-03"),)
    bought = Filters(("Purchase",))
    read_later = replace(result_with(), committed_rows={"events": 9})
    for failed, later, left in ((NO_FILTERS, bought, list(day)), (bought, NO_FILTERS, []), (bought, bought, [])):
        with duckdb.connect(str(tmp_path / "m.duckdb")) as connection:
            connection.execute("DROP SCHEMA IF EXISTS _mixpanel_to_duckdb CASCADE")
            add_sync(connection, result_with(day), 1, "UTC", {"events": failed})
            add_sync(connection, read_later, 2, "UTC", {"events": later})
            assert ever_failed(past_syncs(connection), "events") == left


def test_days_that_an_unfinished_refresh_read(tmp_path: Path) -> None:
    """They are not in the table yet, so a failure of theirs stays."""
    batch = BatchProgress("events", "2026-01-01", "2026-01-04", 0, 2, 8, 9, True, None, 1, 0.0, 2.0)
    refresh = replace(
        result_with(),
        batches=(batch,),
        committed_rows={"events": 9},
        full_refresh=True,
        exit_code=ExitCode.INTERRUPTED,
    )
    with duckdb.connect(str(tmp_path / "m.duckdb")) as connection:
        add_sync(connection, result_with((("2026-01-03", "2026-01-03"),)), 1, "UTC")
        add_sync(connection, refresh, 2, "UTC")
        assert ever_failed(past_syncs(connection), "events") == [("2026-01-03", "2026-01-03")]


def test_failed_pages_when_a_later_sync_was_stopped(tmp_path: Path) -> None:
    """A sync that was stopped before all pages were read does not make an earlier failure undone."""
    stopped = {"profiles": ParallelProfileResult("profiles", 9, 2, 0, (), 1.0, 1)}
    with duckdb.connect(str(tmp_path / "m.duckdb")) as connection:
        add_sync(connection, result_with(pages=(1,), read_pages=2), 1, "UTC")
        add_sync(connection, replace(result_with(), streams=stopped, exit_code=ExitCode.INTERRUPTED), 2, "UTC")
        assert last_failed_pages(past_syncs(connection), "profiles") == [1]
        add_sync(connection, result_with(read_pages=3), 3, "UTC")
        assert last_failed_pages(past_syncs(connection), "profiles") == []


def test_what_failed_in_a_database_that_is_not_there(tmp_path: Path) -> None:
    """Nothing failed where nothing was tried."""
    assert failed_parts(str(tmp_path / "m.duckdb"), config(), ("events",), b"") == FailedParts((), None)
