r"""Bytes → blocks of complete lines, with memory bounded by the longest line.

In: a function that reads the next bytes (empty at the end). Out: blocks that end with a newline; one is added to a
last line without it. Splits on the byte b"\n" only, wherever chunks are cut. Raises SystemFault for a line past the
limit.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator

from destination_duckdb.config import MEGABYTE
from destination_duckdb.errors import SystemFault

READ_BYTES = MEGABYTE // 4


def whole_lines(read: Callable[[], bytes], max_line_bytes: int) -> Iterator[bytes]:
    """Yield the input in blocks of complete lines."""
    parts: list[bytes] = []
    waiting_bytes = 0
    while chunk := read():
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            parts.append(chunk)
            waiting_bytes += len(chunk)
        else:
            first_line_bytes = waiting_bytes + chunk.find(b"\n")
            _refuse_past(max_line_bytes, first_line_bytes)
            parts.append(chunk[:cut])
            yield b"".join(parts)
            parts = [chunk[cut:]]
            waiting_bytes = len(chunk) - cut
        _refuse_past(max_line_bytes, waiting_bytes)
    if waiting_bytes:
        yield b"".join(parts) + b"\n"


def without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield *blocks* without the byte order mark that some programs write first."""
    for number, block in enumerate(blocks):
        yield block if number else block.removeprefix(codecs.BOM_UTF8)


def _refuse_past(max_line_bytes: int, line_bytes: int) -> None:
    if line_bytes > max_line_bytes:
        raise SystemFault(
            f"A line of the input is longer than {max_line_bytes // MEGABYTE} MiB, the limit of one record:"
            " raise max_record_mb, or leave the large field out of the source's catalog."
        )
