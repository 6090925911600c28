r"""Blocks of whole lines: split on b"\n" only, whatever the chunk borders."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_duckdb.errors import SystemFault
from destination_duckdb.protocol.line_blocks import whole_lines

TEXT = '{"a":"\u2028\u0085 \r"}\n\n{"b":1}\n{"long":"' + "é" * 50 + b'"}\n{}'.decode()


def chunks_of(text: bytes, sizes: list[int]) -> Callable[[], bytes]:
    """Return a reader that gives *text* in chunks of these sizes, the last again and again."""
    rest = list(sizes)
    at = 0

    def read() -> bytes:
        nonlocal at
        size = rest.pop(0) if len(rest) > 1 else rest[0]
        at += size
        return text[at - size : at]

    return read


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_whole_lines_when_chunks_are_small(size: int) -> None:
    """Every block ends with a newline, nothing is lost, and a last line without one gets it."""
    blocks = list(whole_lines(chunks_of(TEXT.encode(), [size]), 1000))
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == TEXT.encode() + b"\n"


@given(text=st.binary(max_size=200), sizes=st.lists(st.integers(1, 20), min_size=1))
def test_whole_lines_when_borders_are_anywhere(text: bytes, sizes: list[int]) -> None:
    """The blocks are the text, cut behind newlines."""
    joined = b"".join(whole_lines(chunks_of(text, sizes), 1000))
    assert joined == (text if not text or text.endswith(b"\n") else text + b"\n")


@pytest.mark.parametrize("size", [1, 10, 64, 1000])
def test_whole_lines_when_a_line_is_too_long(size: int) -> None:
    """A line past the limit raises, whether its end has come or not; one of exactly the limit passes."""
    fits = b"x" * 64 + b"\n"
    assert b"".join(whole_lines(chunks_of(fits, [size]), 64)) == fits
    with pytest.raises(SystemFault, match="max_record_mb"):
        list(whole_lines(chunks_of(b"ok\n" + b"x" * 1065, [size]), 64))
