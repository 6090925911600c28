"""Blocks that were deflated by themselves make one gzip stream that any reader takes."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from mixpanel_simulator.gzip_stream import HEADER, GzipTrailer, deflate_block, gzip_whole


@given(st.lists(st.binary(max_size=2_000), max_size=6))
def test_blocks_are_one_member_with_a_right_trailer(blocks: list[bytes]) -> None:
    """A reader of a single member gets all of it, and nothing is left behind it."""
    trailer = GzipTrailer()
    wire = HEADER
    for block in blocks:
        deflated, checksum = deflate_block(block)
        wire += deflated
        trailer.extend([checksum])
    wire += trailer.encode()
    inflater = zlib.decompressobj(wbits=31)
    assert inflater.decompress(wire) == b"".join(blocks)
    assert (inflater.eof, inflater.unused_data) == (True, b"")


@given(st.binary(max_size=2_000))
def test_gzip_whole_is_read_back(plain: bytes) -> None:
    assert gzip.decompress(gzip_whole(plain)) == plain
