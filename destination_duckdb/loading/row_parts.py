"""A batch of rows in parts, each of which takes the fast path or the exact path into its table.

In: a Segment. Out: Segments in order of arrival, each marked with its path. A batch is first loaded as one part, on the
fast path. Once that failed, or decimals were seen that it would round, the batch is tried piece by piece, so that one
odd value puts only the rows around it on the exact path. Raises what reading the spool raises.
"""

from collections.abc import Sequence

import duckdb

from destination_duckdb.config import MEGABYTE
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.loading.table_loader import Target, has_plain_names, takes_fast_path
from destination_duckdb.protocol.line_blocks import whole_lines
from destination_duckdb.values.decimals import loses_digits

PIECE_BYTES = 2 * MEGABYTE


def unsplit(target: Target, segment: Segment) -> Sequence[Segment]:
    """Return the batch as one part, on the fast path if names allow it."""
    segment.is_exact = not has_plain_names(target)
    return [segment]


def split_by_path(
    connection: duckdb.DuckDBPyConnection, target: Target, segment: Segment, spool: SpoolDirectory
) -> Sequence[Segment]:
    """Return the batch in parts, after trying each piece; call it outside of a transaction."""
    parts: list[Segment] = []
    with segment.path().open("rb", buffering=0) as file:
        for piece in whole_lines(lambda: file.read(PIECE_BYTES), segment.size_bytes):
            rows = piece.count(b"\n")
            is_exact = not has_plain_names(target) or loses_digits(piece) or not _fits(connection, target, piece, spool)
            if not parts or parts[-1].is_exact != is_exact:
                parts.append(Segment(spool, is_exact=is_exact))
            parts[-1].append(piece, rows)
            parts[-1].spill()
    return parts


def _fits(connection: duckdb.DuckDBPyConnection, target: Target, piece: bytes, spool: SpoolDirectory) -> bool:
    probe = Segment(spool)
    probe.append(piece, piece.count(b"\n"))
    fits = takes_fast_path(connection, target, probe)
    probe.remove()
    return fits
