"""Odd values here and there in a large batch: only the rows around them take the exact path, and the order is kept."""

from __future__ import annotations

import json

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, configured, lines, record, state, status

PROPERTIES = {"id": {"type": "integer"}, "text": {"type": "string"}, "more": {"type": "object"}}
KEYS, ROUNDS = 4_000, 4
ODD: dict[int, bytes] = {
    1_001: b'{"n":NaN}',
    4_002: b'"half a pair: \\ud800"',
    9_003: b"[0.12345678901234567891]",
    9_004: b'{"text":"NaN or Infinity"}',
    15_005: b'{"d":"\\ud83d"}',
}
STORED = {
    1_001: '{"n":null}',
    4_002: '"half a pair: \ufffd"',
    9_003: "[0.12345678901234567891]",
    9_004: '{"text":"NaN or Infinity"}',
    15_005: '{"d":"\ufffd"}',
}


def message(number: int) -> bytes:
    """Return the record of this number: each key comes once a round, all equally new."""
    plain = {"id": number % KEYS, "text": f"{number} " + "x" * 500, "more": {"n": number}}
    line = lines([record("t", plain)])
    odd = ODD.get(number)
    return line if odd is None else line.replace(json.dumps(plain["more"]).encode(), odd)


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_write_when_odd_values_are_few(destination: Destination, mode: str) -> None:
    """All rows arrive, the odd ones as they should; in append_dedup the last of each key is kept."""
    catalog = {"streams": [configured("t", PROPERTIES, mode, primary_key=[["id"]])]}
    count = KEYS * ROUNDS
    stdin = b"".join(map(message, range(count))) + lines([state("t", 1), status("t")])
    outcome = destination.run("write", catalog, stdin)
    assert outcome.exit_code == 0, outcome
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT CAST(split_part(text, ' ', 1) AS INTEGER) AS n, more FROM t ORDER BY n"
        ).fetchall()
    first = 0 if mode == "append" else count - KEYS
    assert [number for number, _ in rows] == list(range(first, count))
    assert {number: more for number, more in rows if number in ODD} == {n: t for n, t in STORED.items() if n >= first}


@pytest.mark.dates
def test_write_when_the_machine_is_elsewhere(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times without a zone mean UTC, on the fast path and on the exact path, wherever the machine is."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    properties = {"id": {"type": "integer"}, "made": {"type": "string", "format": "date-time"}}
    catalog = {"streams": [configured("t", properties), configured("u", properties)]}
    fast = [record("t", {"id": 1, "made": "2026-01-02T03:04:05"})]
    exact = [record("u", {"id": "1", "made": "2026-01-02T03:04:05"})]
    assert destination.write(catalog, [*fast, *exact, status("t"), status("u")]).exit_code == 0
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        for table in ("t", "u"):
            query = f"SELECT epoch(made), epoch(_airbyte_extracted_at) FROM {table}"
            assert connection.execute(query).fetchall() == [(1_767_323_045.0, 1_700_000_000.0)]
