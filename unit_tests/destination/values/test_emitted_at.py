"""`emitted_at` in any unit (PyAirbyte 903, airbyte 882 and 981): both paths read the same moment."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_duckdb.values.emitted_at import microseconds, microseconds_sql

# 1980 to 2500, in microseconds.
MOMENTS = st.integers(315_532_800 * 10**6, 16_725_225_600 * 10**6)


@given(MOMENTS)
def test_every_unit_is_the_same_moment(moment_us: int) -> None:
    assert microseconds(moment_us * 1000 + 999) == moment_us
    assert microseconds(moment_us) == moment_us
    assert microseconds(moment_us // 10**3) == moment_us // 10**3 * 10**3
    assert microseconds(moment_us // 10**6) == moment_us // 10**6 * 10**6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.one_of(
        MOMENTS.map(lambda us: us // 1000), MOMENTS, MOMENTS.map(lambda us: us / 10**6), st.integers(0, 9999)
    )
)
@example(number=1765387716.123456)
@example(number=-1)
@example(number=2**53 - 1)
@example(number=2**53 + 1)
def test_the_fast_path_reads_the_same(database: duckdb.DuckDBPyConnection, number: float) -> None:
    query = f"SELECT {microseconds_sql('e', 'NULL')} FROM (SELECT CAST(? AS DOUBLE) AS e)"
    [(found,)] = database.execute(query, [number]).fetchall()
    assert found == (microseconds(number) if abs(number) < 2**53 else None)


def test_nanoseconds_are_left_to_the_exact_path(database: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT {microseconds_sql('e', '-1')} FROM (SELECT 1765387716123456789.0::DOUBLE AS e)"
    assert database.execute(query).fetchall() == [(-1,)]


@pytest.mark.parametrize("number", [10**22, -(10**22)])
def test_what_no_timestamp_holds(number: int) -> None:
    with pytest.raises(ValueError, match="outside of the range of a timestamp"):
        microseconds(number)
