"""Dates and times in every form that Airbyte's own destinations accept (AirbyteValueCoercer and its tests).

Reports: planetscale/airbyte-source 129 and 130, airbyte 9816.
"""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_duckdb.values.column_types import ColumnType
from destination_duckdb.values.exact_values import exact_cast, exact_value


def stored(database: duckdb.DuckDBPyConnection, kind: ColumnType, value: str) -> tuple[str | None, str | None]:
    """Return what DuckDB stores for *value*, as text, and the change that is recorded."""
    text, change = exact_value(kind, "v", json.dumps(value).encode())
    row = database.execute(f"SELECT CAST({exact_cast(kind, 't')} AS VARCHAR) FROM (SELECT ? AS t)", [text]).fetchone()
    assert row is not None
    return row[0], change.change if change else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021/02/10", ("2021-02-10", None)),
        ("2021.01.03", ("2021-01-03", None)),
        ("2021-1-1", ("2021-01-01", None)),
        ("2021 Jan 04", ("2021-01-04", None)),
        ("2021 dec 4", ("2021-12-04", None)),
        ("2021-1-1 BC", ("2021-01-01 (BC)", None)),
        ("0001-02-29 BC", ("0001-02-29 (BC)", None)),
        ("0002-02-29 BC", (None, "NULLED")),
        ("2021-02-10 00:00:00Z", ("2021-02-10", None)),
        ("2021-02-10T12:30:00", ("2021-02-10", "TRUNCATED")),
        ("2021-02-10T00:00:00+01:00", ("2021-02-10", "TRUNCATED")),
        ("2021-02-30", (None, "NULLED")),
        ("21-02-10", (None, "NULLED")),
        ("0000-01-01", (None, "NULLED")),
        ("20210210", (None, "NULLED")),
    ],
)
def test_dates(database: duckdb.DuckDBPyConnection, value: str, expected: tuple[str | None, str | None]) -> None:
    assert stored(database, ColumnType.DATE, value) == expected


@pytest.mark.parametrize(
    ("value", "in_utc", "on_the_clock"),
    [
        ("2021-01-02T01:01:01+01:00", "2021-01-02 00:01:01", "2021-01-02 01:01:01"),
        ("2021-1-1 01:01:01 +01", "2021-01-01 00:01:01", "2021-01-01 01:01:01"),
        ("2018 Jul 15 12:00:00 GMT+08:00", "2018-07-15 04:00:00", "2018-07-15 12:00:00"),
        ("2018 Jul 15 12:00:00GMT+07", "2018-07-15 05:00:00", "2018-07-15 12:00:00"),
        ("2018 Jul 15 12:00:00 UTC-3", "2018-07-15 15:00:00", "2018-07-15 12:00:00"),
        ("2021-01-01T01:01:01 PST", "2021-01-01 09:01:01", "2021-01-01 01:01:01"),
        ("2021-01-01T01:01:01-0130", "2021-01-01 02:31:01", "2021-01-01 01:01:01"),
        ("2022-01-23T01:23:45.678-11:30 BC", "2022-01-23 (BC) 12:53:45.678", "2022-01-23 (BC) 01:23:45.678"),
    ],
)
def test_timestamps_with_an_offset(
    database: duckdb.DuckDBPyConnection, value: str, in_utc: str, on_the_clock: str
) -> None:
    """A column with a zone stores the moment; one without stores the clock, and the change is recorded."""
    assert stored(database, ColumnType.TIMESTAMP_WITH_ZONE, value) == (f"{in_utc}+00", None)
    assert stored(database, ColumnType.TIMESTAMP, value) == (on_the_clock, "TRUNCATED")


@pytest.mark.parametrize(
    "value",
    [
        "2021-01-01 01:01:01 +0000",
        "2021/01/01 01:01:01Z",
        "2021.1.1 01:01:01UTC",
        "2021-01-01t01:01:01 GMT",
        "2021 Jan 1 01:01:01 UT AD",
    ],
)
def test_timestamps_in_utc(database: duckdb.DuckDBPyConnection, value: str) -> None:
    assert stored(database, ColumnType.TIMESTAMP_WITH_ZONE, value) == ("2021-01-01 01:01:01+00", None)
    assert stored(database, ColumnType.TIMESTAMP, value) == ("2021-01-01 01:01:01", None)


@pytest.mark.parametrize("value", ["2021-01-01 01:01:01 Europe/Zurich", "2021-01-01 01:01:01 +16", "2021-01-01 24:00"])
def test_timestamps_that_would_be_guessed(database: duckdb.DuckDBPyConnection, value: str) -> None:
    assert stored(database, ColumnType.TIMESTAMP_WITH_ZONE, value) == (None, "NULLED")


def test_times_with_an_offset(database: duckdb.DuckDBPyConnection) -> None:
    assert stored(database, ColumnType.TIME, "12:00:00.5+01:00") == ("12:00:00.5", "TRUNCATED")
    assert stored(database, ColumnType.TIME_WITH_ZONE, "12:00:00.5+01:00") == ("12:00:00.5+01", None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    moment=st.datetimes(),
    separator=st.sampled_from("-/. "),
    form=st.sampled_from(["{0.month}", "{0.month:02}", "month"]),
    offset_h=st.integers(-14, 14),
)
def test_any_moment_in_any_form(
    database: duckdb.DuckDBPyConnection, moment: datetime, separator: str, form: str, offset_h: int
) -> None:
    """Separators, leading zeros, month names and offsets change nothing about the moment."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    month = months[moment.month - 1] if form == "month" else form.format(moment)
    text = f"{moment.year:04}{separator}{month}{separator}{moment.day} {moment:%H:%M:%S.%f}"
    plain = f"{moment.year:04}-{moment.month:02}-{moment.day:02} {moment:%H:%M:%S.%f}"
    with_offset = stored(database, ColumnType.TIMESTAMP_WITH_ZONE, f"{text}{offset_h:+03}:00")
    assert with_offset == stored(database, ColumnType.TIMESTAMP_WITH_ZONE, f"{plain}{offset_h:+03}:00")
    assert stored(database, ColumnType.TIMESTAMP, text) == (plain.rstrip("0").rstrip("."), None)
