"""Lines into runs of records: the quick way and the parsing way agree."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from destination_duckdb.errors import ConfigError, SystemFault
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.record_runs import Line, Rows, RunSplitter

KEYS = [StreamKey(None, "a"), StreamKey(None, 'b"\n'), StreamKey("n", "c"), StreamKey("m", "c"), StreamKey(None, "é")]


def record_line(key: StreamKey, spelling: int) -> bytes:
    """Return a RECORD of *key*, written in one of several ways."""
    descriptor: dict[str, Any] = {"stream": key.name}
    if key.namespace is not None or spelling % 2:
        descriptor["namespace"] = key.namespace
    body = {"data": {"x": 'a","data":{'}, "emitted_at": 1}
    orders = [descriptor | body, body | descriptor, dict(reversed(descriptor.items())) | body]
    inner = orders[spelling // 2 % 3]
    message = {"type": "RECORD", "record": inner} if spelling < 6 else {"record": inner, "type": "RECORD"}
    compact = (",", ":") if spelling % 3 else (", ", ": ")
    return json.dumps(message, separators=compact, ensure_ascii=bool(spelling % 5)).encode()


LINES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KEYS), st.integers(0, 11)),
        st.sampled_from([b'{"type":"LOG","log":{}}', b'{"type":"STATE","state":{"data":{}}}', b"", b"  "]),
    ),
    max_size=30,
)


@given(parts=LINES)
def test_split_when_spellings_are_mixed(parts: list[Any]) -> None:
    """Every record goes to its stream, in order, on its own side of every other message."""
    lines = [part if isinstance(part, bytes) else record_line(*part) for part in parts]
    keys = [None if isinstance(part, bytes) else part[0] for part in parts]
    expected = shown((key, line) for key, line in zip(keys, lines, strict=True) if key is not None or line.strip())
    found: list[tuple[StreamKey | None, bytes]] = []
    for part in RunSplitter(KEYS).split(b"".join(line + b"\n" for line in lines)):
        if isinstance(part, Line):
            found.append((None, part.line))
        else:
            assert part.rows == part.block.count(b"\n")
            found += [(part.key, line) for line in part.block.splitlines()]
    assert shown(found) == expected


def shown(lines: Iterable[tuple[StreamKey | None, bytes]]) -> list[dict[StreamKey | None, list[bytes]]]:
    """Return the lines of each stream between other messages; a blank line between is none."""
    parts: list[dict[StreamKey | None, list[bytes]]] = [{}]
    for key, line in lines:
        if key is None:
            parts += [{None: [line]}, {}]
        else:
            parts[-1].setdefault(key, []).append(line)
    return parts


def test_split_when_a_block_is_one_stream() -> None:
    """A block of one stream's records is one run, not copied."""
    block = b"".join(b'{"type":"RECORD","record":{"stream":"a","data":{"x":%d}}}\n' % n for n in range(100))
    (rows,) = RunSplitter(KEYS).split(block)
    assert rows == Rows(KEYS[0], block, 100)
    assert isinstance(rows, Rows)
    assert rows.block is block


def test_split_when_the_stream_is_unknown() -> None:
    """A record of a stream that is not in the catalog is a config error that names it."""
    with pytest.raises(ConfigError, match=r"stream n\.a, which is not in the catalog"):
        list(RunSplitter(KEYS).split(record_line(StreamKey("n", "a"), 1) + b"\n"))


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"ty',
        b'{"type":"RECORD"}',
        b'{"type":"RECORD","record":{"stream":"a","da',
        b'INFO {"type": "RECORD", "record": {"stream": "a"}}',
        b'[{"type":"STATE"}]',
    ],
)
def test_split_when_a_message_is_cut_or_mixed(line: bytes) -> None:
    """Such a line raises, wherever it stands."""
    with pytest.raises(SystemFault):
        list(RunSplitter(KEYS).split(record_line(KEYS[0], 4) + b"\n" + line + b"\n"))


@given(st.binary(min_size=1).filter(lambda line: b"\n" not in line and line.strip() and b"{" not in line))
@example(b"Row counts: 5")
@example(b"null")
@example(b'{"level": "info", "type": 5}')
@example(b"{'a': 1}")
@example(b"\xff")
def test_split_when_a_line_is_plain(line: bytes) -> None:
    """A line between records stays a line (estuary/flow 425, airbyte 11975)."""
    rows = record_line(KEYS[0], 4) + b"\n"
    parts = list(RunSplitter(KEYS).split(rows + line + b"\n" + rows))
    assert parts == [Rows(KEYS[0], rows, 1), Line(None, line), Rows(KEYS[0], rows, 1)]
