"""Decimals past a double: what is not found comes back from DuckDB's reader as it was."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_duckdb.values.decimals import loses_digits

DIGITS = st.text("0123456789", min_size=1, max_size=24)
INTEGERS = DIGITS.map(lambda digits: digits.lstrip("0") or "0")
EXPONENTS = st.one_of(
    st.just(""),
    st.one_of(st.integers(-30, 30), st.integers(-420, -280)).map(lambda number: f"e{number}"),
    st.integers(-420, -280).map(lambda number: f"E{number}"),
)
NUMBERS = st.one_of(
    st.tuples(st.sampled_from(["", "-"]), INTEGERS, st.just("."), DIGITS, EXPONENTS).map("".join),
    st.tuples(st.sampled_from(["", "-"]), INTEGERS, EXPONENTS).map("".join),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(NUMBERS, min_size=1, max_size=20))
def test_loses_digits_when_it_says_no(database: duckdb.DuckDBPyConnection, tmp_path: Path, numbers: list[str]) -> None:
    """Every number of a line that is not found is the same decimal behind DuckDB's reader."""
    safe = [number for number in numbers if not loses_digits(b'{"v":[%s]}\n' % number.encode())]
    path = tmp_path / "numbers.jsonl"
    path.write_text(f'{{"v":[{",".join(safe)}]}}\n')
    rows = database.execute(f"SELECT v FROM read_ndjson('{path}', columns = {{v: 'JSON'}})").fetchall()
    kept = json.loads(rows[0][0], parse_float=Decimal, parse_int=Decimal)
    assert kept == json.loads(f"[{','.join(safe)}]", parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", False),
        ("0.30000000000000004", False),
        ("0.1000000000000000055", True),
        ("0.12345678901234567", True),
        ("3.141592653589793238", True),
        ("12345678901234567890", False),
        ("12345678901234567e-5", False),
        ("12345678901234567891e-5", True),
        ("1.0000000000000000", False),
        ('"0.12345678901234567"', False),
        ("1700000000.123456789", True),
        ("-0.12345678901234567", True),
        ('{"a" : 0.12345678901234567}', True),
        ('"f68689438864711616839e5a552615c8"', False),
        ('"d83330185872771183e6"', False),
        ('"83330185872771183e6"', False),
        ('"1.2.0.12345678901234567"', False),
        ("1.7976931348623157e308", False),
        ("1234567890123456.7e400", False),
        ("1e-400", True),
        ("-1E-400", True),
        ("4e-324", True),
        ("5e-324", False),
        ("2.225073858507e-308", False),
        ("0.00000000001234e-310", True),
        ("1.23456789e-320", True),
        ("0e-400", False),
        ("1e-0002", False),
        ("1e-99999999999999999999", True),
        ('"5e-400"', False),
        ('"3f2e-4567-a"', False),
        ('"e-400"', False),
    ],
)
def test_loses_digits_when_the_number_is(text: str, expected: bool) -> None:
    """Only decimals that a double would round are found; integers and short decimals are not."""
    assert loses_digits(b'{"v":%s}\n' % text.encode()) is expected


def test_loses_digits_when_only_the_first_of_many_does() -> None:
    """Every number of a block is looked at, also where others before and behind it are harmless."""
    harmless = b'{"v":[1e-100,"e-4000",5e-324,"3f2e-4567-a",0e-999]}\n'
    assert not loses_digits(harmless * 3)
    for block in (b'{"v":1e-400}\n' + harmless, harmless + b'{"v":1e-400}\n', harmless + b'{"v":1e-400}\n' + harmless):
        assert loses_digits(block)
