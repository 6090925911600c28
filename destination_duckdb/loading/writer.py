"""The writing side: commit units → transactions → echoes of states. The only user of the connection during a sync.

Takes everything the reader has ready as one group, loads its rows and saves its states in one transaction, and only
then sends the states. A batch that the fast path can't load exactly is loaded again on the exact path. At the end of
the input, streams that are COMPLETE are finished with the rows that no state covers. Such rows of other streams are
left out: the next sync starts at the last state and would write them twice. Raises SystemFault that names the streams
that did not complete.
"""

from collections.abc import Callable, Mapping, Sequence

import duckdb

from destination_duckdb.config import MEGABYTE, Config
from destination_duckdb.database.connection import any_order, enough_memory, transaction, use_one_thread
from destination_duckdb.database.kinds import kind_of
from destination_duckdb.errors import StreamsIncomplete, SystemFault
from destination_duckdb.input.bounded_queue import BoundedQueue
from destination_duckdb.input.reader import CommitUnit, EndOfInput, Failure, Item
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.loading.merge import (
    OrderNeededError,
    batch_table,
    can_merge_in_place,
    delete_replaced,
    first_new_row,
    merge_batch,
)
from destination_duckdb.loading.row_parts import split_by_path, unsplit
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.loading.table_loader import MisfitError, Target, load
from destination_duckdb.protocol.catalog import StreamKey, SyncMode
from destination_duckdb.protocol.outbox import Outbox
from destination_duckdb.tables.state_table import StateTable

# Small states that arrive together are committed together, well within the two seconds that a state may take.
LINGER_S = 0.1
GROUP_BYTES = 256 * MEGABYTE


class Writer:
    """Writes the streams of one sync."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        config: Config,
        tables: StreamTables,
        targets: Sequence[Target],
        spool: SpoolDirectory,
        outbox: Outbox,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._states = StateTable(connection, config.schema)
        self._targets = {target.plan.key: target for target in targets}
        self._spool = spool
        self._outbox = outbox
        self._config = config
        self._has_one_thread = False
        # Without growing row ids, new rows can't be distinguished from old ones in the table itself.
        self._needing_order = set() if kind_of(config).has_growing_row_ids else set(self._targets)

    def run(self, queue: BoundedQueue[Item], stop: Callable[[], bool]) -> None:
        """Write until the input ends or *stop* returns True."""
        while not stop():
            group = queue.take_group(LINGER_S, GROUP_BYTES, stop)
            units = [item for item in group if isinstance(item, CommitUnit)]
            if units:
                self._write(units)
            last = group[-1] if group else None
            if isinstance(last, Failure):
                raise last.error
            if isinstance(last, EndOfInput):
                self._finish(last)
                return

    def _write(self, units: Sequence[CommitUnit]) -> None:
        self._commit(_joined(units), units)
        for unit in units:
            if unit.is_early:
                self._warn_early_commit(unit)
            if unit.state is not None:
                self._outbox.line(unit.state.echo(unit.record_count))

    def _commit(self, rows: Mapping[StreamKey, Segment], units: Sequence[CommitUnit]) -> None:
        """Commit *rows* with the states and completions in *units*, and release the rows' files."""
        parts: dict[StreamKey, Sequence[Segment]] = {
            key: self._split(key, segment) if segment.has_lossy_decimals else unsplit(self._targets[key], segment)
            for key, segment in rows.items()
        }
        longest_bytes = max((segment.longest_block_bytes for segment in rows.values()), default=0)
        most_columns = max((len(self._targets[key].columns) for key in rows), default=0)
        while True:
            try:
                with (
                    enough_memory(self._connection, self._config, longest_bytes, most_columns),
                    transaction(self._connection),
                ):
                    for key, each in parts.items():
                        self._load(self._targets[key], each)
                    targets = self._close(units)
                break
            except (MisfitError, OrderNeededError, duckdb.OutOfMemoryException) as error:
                self._tables.forget()
                self._adapt(error, rows, parts)
        self._targets = targets
        for warning in self._tables.settle():
            self._outbox.log("WARN", warning)
        for segment in [*rows.values(), *(part for each in parts.values() for part in each)]:
            segment.remove()

    def _adapt(
        self,
        error: MisfitError | OrderNeededError | duckdb.OutOfMemoryException,
        rows: Mapping[StreamKey, Segment],
        parts: dict[StreamKey, Sequence[Segment]],
    ) -> None:
        """Change what the next attempt does, or raise where nothing is left to change."""
        if isinstance(error, MisfitError):
            key = error.key
            if parts[key][0] is not rows[key]:
                raise SystemFault(f"DuckDB rejects rows together that it accepted separately: {error}") from error
            parts[key] = self._split(key, rows[key])
        elif isinstance(error, OrderNeededError):
            # For the rest of the sync: a stream that repeats a key once is likely to do so again.
            self._needing_order.add(error.key)
        elif self._has_one_thread:
            raise error
        else:
            self._has_one_thread = True
            use_one_thread(self._connection)

    def _split(self, key: StreamKey, segment: Segment) -> Sequence[Segment]:
        return split_by_path(self._connection, self._targets[key], segment, self._spool)

    def _load(self, target: Target, parts: Sequence[Segment]) -> None:
        if target.plan.sync_mode is not SyncMode.APPEND_DEDUP:
            with any_order(self._connection):
                self._insert(target, target.table.sql, parts)
        elif target.plan.key in self._needing_order or not can_merge_in_place(target):
            # Among rows of a key that are otherwise equally new, the last to arrive wins.
            with batch_table(self._connection, target) as batch:
                self._insert(target, batch, parts)
                merge_batch(self._connection, target, batch)
        else:
            first_new = first_new_row(self._connection, target)
            with any_order(self._connection):
                self._insert(target, target.table.sql, parts)
            delete_replaced(self._connection, target, first_new)

    def _insert(self, target: Target, into: str, parts: Sequence[Segment]) -> None:
        for segment in parts:
            load(self._connection, target, into, segment, self._spool)

    def _close(self, units: Sequence[CommitUnit]) -> dict[StreamKey, Target]:
        """Save the states, complete the streams that are complete, and return the targets from then on."""
        targets = dict(self._targets)
        for unit in units:
            if unit.state is not None:
                self._states.save(unit.state)
            if unit.completed in targets:
                targets[unit.completed] = self._tables.complete(targets[unit.completed])
        return targets

    def _warn_early_commit(self, unit: CommitUnit) -> None:
        for key in unit.rows:
            self._outbox.log(
                "WARN",
                f"Stream {key}: no state arrived within {self._config.max_uncommitted_mb:,} MB (max_uncommitted_mb), so"
                " its rows so far were committed without one. If this sync fails, the next may write them again.",
            )

    def _finish(self, end: EndOfInput) -> None:
        for sentence in end.left_out:
            self._outbox.log("WARN", sentence)
        problems: list[str] = []
        for key, target in self._targets.items():
            if end.statuses.get(key) == "COMPLETE":
                rows = {key: end.uncovered[key]} if key in end.uncovered else {}
                self._commit(rows, [CommitUnit(completed=key)])
                continue
            ended = "ended INCOMPLETE" if key in end.statuses else "has no status at the end of the input"
            left_out = end.uncovered[key].rows if key in end.uncovered else 0
            stage = "; the table is unchanged" if target.is_stage else ""
            problems.append(f"{key} {ended} ({left_out:,} rows that no state covers were discarded{stage})")
        if problems:
            raise StreamsIncomplete(
                f"Not every stream is complete: {'; '.join(problems)}. Rows covered by a state are committed: run"
                " the sync again to resume."
            )


def _joined(units: Sequence[CommitUnit]) -> dict[StreamKey, Segment]:
    """Return one segment a stream, with all its rows in order."""
    parts: dict[StreamKey, list[Segment]] = {}
    for unit in units:
        for key, segment in unit.rows.items():
            parts.setdefault(key, []).append(segment)
    for first, *others in parts.values():
        first.join(others)
    return {key: segments[0] for key, segments in parts.items()}
