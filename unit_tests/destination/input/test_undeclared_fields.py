"""Fields that are not stored are told, with how many of the records that were looked at have them."""

from __future__ import annotations

import json
from typing import Any

from destination_duckdb.input.undeclared_fields import UndeclaredFields
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.record_runs import Rows

KEY, OTHER = StreamKey(None, "t"), StreamKey("n", "u")


def rows(key: StreamKey, *data: dict[str, Any] | bytes) -> Rows:
    texts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in data]
    lines = [b'{"type":"RECORD","record":{"stream":"x","data":%s,"emitted_at":1}}\n' % text for text in texts]
    return Rows(key, b"".join(lines), len(lines))


def test_every_stream_is_told_of_once() -> None:
    undeclared = UndeclaredFields({KEY: {"id"}, OTHER: {}})
    undeclared.look_at(rows(KEY, {"id": 1}, {"id": 2, "b": 3, "c": False}))
    undeclared.look_at(rows(KEY, b'{"b":NaN}', b'{"ID":"\\ud800"}', b"[]"))
    undeclared.look_at(rows(OTHER, {"x": 1}))
    sentence, other = undeclared.sentences()
    fields = "b (in 2), c (in 1), ID (in 1)"
    assert sentence == f"Stream t: 3 fields are not in its json_schema and not stored: {fields}. Looked at 5 records."
    assert other == "Stream n.u: 1 field is not in its json_schema and not stored: x (in 1). Looked at 1 record."


def test_nothing_is_told_of_declared_fields() -> None:
    undeclared = UndeclaredFields({KEY: {"id", "s"}})
    undeclared.look_at(rows(KEY, {"id": 1}, {"s": None}, {}))
    assert undeclared.sentences() == []


def test_of_many_records_some_are_looked_at() -> None:
    undeclared = UndeclaredFields({KEY: {"id"}})
    undeclared.look_at(rows(KEY, *[{"id": number} for number in range(1_000)]))
    undeclared.look_at(rows(KEY, {"late": 1}, {"later": 1}))
    [sentence] = undeclared.sentences()
    assert sentence.endswith("late (in 1). Looked at 1,001 records.")


def test_of_many_names_the_most_frequent_are_shown() -> None:
    undeclared = UndeclaredFields({KEY: set()})
    undeclared.look_at(rows(KEY, *[{f"n{number}": 1, "all" + "x" * 80: 1} for number in range(1_500)]))
    [sentence] = undeclared.sentences()
    assert sentence.startswith(
        f"Stream t: 1,000 fields are not in its json_schema and not stored: all{'x' * 57} (in 1,500), "
    )
    assert sentence.endswith("and 980 more. Looked at 1,500 records.")
