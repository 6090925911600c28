"""Both paths agree on plain values, and the exact path records what it did to all others."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_duckdb.values.column_types import ColumnType
from destination_duckdb.values.exact_values import exact_cast, exact_value
from destination_duckdb.values.plain_values import plain_value

JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
DIGIT = "0123456789"
TIMES = st.one_of(
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
        r"([T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][01][0-9]:?[0-5][0-9])?)?"
    ),
    st.from_regex(r"[0-2][0-9]:[0-5][0-9](:[0-6][0-9])?(\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])?"),
    st.datetimes().map(lambda value: value.isoformat() + "Z"),
    st.dates().map(str),
)
VALUES = st.one_of(
    JSON_VALUES, TIMES, st.integers(-(10**39), 10**39), st.sampled_from(["42", "1.5", "true", "0x10", "NaN"])
)
KINDS = [kind for kind in ColumnType if kind is not ColumnType.VARIANT]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(value=VALUES)
@example(value="9999-12-31T23:59:59-14:00")
@example(value="0001-01-01T00:00:00+01:00")
@example(value="2026-02-30")
def test_plain_value_when_it_passes(
    database: duckdb.DuckDBPyConnection, tmp_path: Path, kind: ColumnType, value: object
) -> None:
    """A value that the fast path takes is stored as the same value on the exact path, without a change."""
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if b"\xed" in raw and not _is_utf8(raw):
        return
    path = tmp_path / "value.jsonl"
    path.write_bytes(b'{"v":%s}\n' % raw)
    read = f"read_ndjson('{path}', columns = {{v: '{kind.value.plain.read_as}'}})"
    try:
        plain = database.execute(f"SELECT CAST({plain_value(kind, 'v')} AS VARCHAR) FROM {read}").fetchall()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return
    text, change = exact_value(kind, "v", raw)
    exact = database.execute(f"SELECT CAST({exact_cast(kind, 't')} AS VARCHAR) FROM (SELECT ? AS t)", [text]).fetchall()
    assert change is None
    is_json = kind is ColumnType.JSON or (kind is ColumnType.STRING and not isinstance(value, str))
    if is_json and plain[0][0] is not None:
        assert json.loads(plain[0][0]) == json.loads(exact[0][0])
    else:
        assert plain == exact


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(kind=st.sampled_from(KINDS), value=VALUES)
def test_exact_value_when_any_value_comes(database: duckdb.DuckDBPyConnection, kind: ColumnType, value: object) -> None:
    """DuckDB casts every string that the exact path returns; NULL comes from null or with a reason."""
    raw = json.dumps(value).encode()
    if b"\\ud" in raw:
        return
    text, change = exact_value(kind, "v", raw)
    if text is None:
        assert (value is None) == (change is None)
    else:
        database.execute(f"SELECT {exact_cast(kind, 't')} FROM (SELECT ? AS t)", [text]).fetchall()
