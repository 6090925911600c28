"""A batch of rows in parts, each of which goes into its table the fast way or the exact way.

In: a Segment. Out: Parts, in order of arrival. At first a batch is one part, for the fast way; once that was refused
(or decimals were seen that it would round), the batch is tried piece by piece, so that one odd value costs the slower
way for the rows around it and not for all. Raises what reading the spool raises.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from destination_duckdb.config import MEGABYTE
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.loading.table_loader import RowsFile, Target, has_plain_names, passes
from destination_duckdb.protocol.line_blocks import whole_lines
from destination_duckdb.values.decimals import loses_digits

PIECE_BYTES = 2 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that go the same way."""

    segment: Segment
    is_exact: bool

    @property
    def rows(self) -> RowsFile:
        """Return their file."""
        return RowsFile(self.segment.path(), self.segment.longest_block_bytes)


def whole(target: Target, segment: Segment) -> Sequence[Part]:
    """Return the batch as one part, as long as nothing is known against it."""
    return [Part(segment, is_exact=not has_plain_names(target))]


def sorted_out(
    connection: duckdb.DuckDBPyConnection, target: Target, segment: Segment, spool: SpoolDirectory
) -> Sequence[Part]:
    """Return the batch in parts, after trying each piece of it; call it outside of a transaction."""
    parts: list[Part] = []
    with segment.path().open("rb", buffering=0) as file:
        for piece in whole_lines(lambda: file.read(PIECE_BYTES), segment.size_bytes):
            probe = Segment(spool)
            probe.append(piece, piece.count(b"\n"))
            rows = Part(probe, is_exact=False).rows
            is_exact = not has_plain_names(target) or loses_digits(piece) or not passes(connection, target, rows)
            probe.remove()
            if not parts or parts[-1].is_exact != is_exact:
                parts.append(Part(Segment(spool), is_exact))
            parts[-1].segment.append(piece, probe.rows)
            parts[-1].segment.spill()
    return parts
