"""The writing side: deliveries → transactions → echoes of states. The only user of the connection during a sync.

Takes what the intake has ready as one group, loads its rows and saves its states in one transaction, and only then
sends the states. A batch that the fast way can't load exactly is loaded again value by value. At the end of the
input the streams that are COMPLETE are finished with the rows that no state covers; of all others such rows are left
out, so that the next sync, which starts at the last state, doubles nothing. Raises SystemFault that names the
streams that did not complete.
"""

from collections.abc import Callable, Mapping, Sequence

import duckdb

from destination_duckdb.config import MEGABYTE, Config
from destination_duckdb.database.connection import any_order, transaction
from destination_duckdb.database.memory_room import room_for, use_one_thread
from destination_duckdb.errors import SystemFault
from destination_duckdb.input.bounded_queue import BoundedQueue
from destination_duckdb.input.reader import Delivery, EndOfInput, Failure, Item
from destination_duckdb.input.spool import Segment, SpoolDirectory
from destination_duckdb.loading.merge import batch_table, merge_batch
from destination_duckdb.loading.merge_in_place import (
    OrderNeededError,
    can_merge_in_place,
    delete_replaced,
    first_new_row,
)
from destination_duckdb.loading.row_parts import Part, sorted_out, whole
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.loading.table_loader import MisfitError, Target, load_exact, load_plain
from destination_duckdb.protocol.catalog import StreamKey, SyncMode
from destination_duckdb.protocol.outbox import Outbox
from destination_duckdb.tables.state_table import StateTable

# Small states that arrive together are committed together, well within the two seconds that a state may take.
LINGER_S = 0.1
GROUP_BYTES = 256 * MEGABYTE
_ENOUGH_BYTES = 32 * MEGABYTE


class Writer:
    """Writes the streams of one sync."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        config: Config,
        targets: Sequence[Target],
        spool: SpoolDirectory,
        outbox: Outbox,
    ) -> None:
        self._connection = connection
        self._tables = StreamTables(connection, config)
        self._states = StateTable(connection, config.schema)
        self._targets = {target.plan.key: target for target in targets}
        self._spool = spool
        self._outbox = outbox
        self._config = config
        self._has_one_thread = False
        # A remote table's row ids are not known to grow.
        self._needing_order = set(self._targets) if config.is_motherduck else set()

    def run(self, queue: BoundedQueue[Item], stop: Callable[[], bool]) -> None:
        """Write until the input ends or *stop* says so."""
        while not stop():
            group = queue.take_group(LINGER_S, GROUP_BYTES, stop)
            deliveries = [item for item in group if isinstance(item, Delivery)]
            if deliveries:
                self._write(deliveries)
            last = group[-1] if group else None
            if isinstance(last, Failure):
                raise last.error
            if isinstance(last, EndOfInput):
                self._finish(last)
                return

    def _write(self, deliveries: Sequence[Delivery]) -> None:
        self._commit(_joined(deliveries), deliveries)
        for delivery in deliveries:
            if delivery.is_early:
                self._say_early(delivery)
            if delivery.state is not None:
                self._outbox.line(delivery.state.echo(delivery.record_count))

    def _commit(self, rows: Mapping[StreamKey, Segment], deliveries: Sequence[Delivery]) -> None:
        """Commit *rows* with the states and ends of streams in *deliveries*, and let go of them."""
        parts = {key: self._parts(key, segment, try_whole=not segment.is_inexact) for key, segment in rows.items()}
        longest_bytes = max((segment.longest_block_bytes for segment in rows.values()), default=0)
        sorted_keys: set[StreamKey] = set()
        while True:
            loaded: list[StreamKey] = []
            try:
                with room_for(self._connection, self._config, longest_bytes), transaction(self._connection):
                    for key, each in parts.items():
                        loaded.append(key)
                        self._load(self._targets[key], each)
                    targets = self._close(deliveries)
                break
            except MisfitError as error:
                if loaded[-1] in sorted_keys:
                    raise SystemFault(f"DuckDB refuses rows that it took one part at a time: {error}") from error
                sorted_keys.add(loaded[-1])
                parts[loaded[-1]] = self._parts(loaded[-1], rows[loaded[-1]], try_whole=False)
            except OrderNeededError:
                # For the rest of the sync: what has doubles once has them again.
                self._needing_order.add(loaded[-1])
            except duckdb.OutOfMemoryException:
                if self._has_one_thread:
                    raise
                self._has_one_thread = True
                use_one_thread(self._connection)
        self._targets = targets
        for segment in [*rows.values(), *(part.segment for each in parts.values() for part in each)]:
            segment.remove()

    def _parts(self, key: StreamKey, segment: Segment, *, try_whole: bool) -> Sequence[Part]:
        if try_whole:
            return whole(self._targets[key], segment)
        return sorted_out(self._connection, self._targets[key], segment, self._spool)

    def _load(self, target: Target, parts: Sequence[Part]) -> None:
        if target.plan.sync_mode is not SyncMode.APPEND_DEDUP:
            with any_order(self._connection):
                self._insert(target, target.table.sql, parts)
        elif target.plan.key in self._needing_order or not can_merge_in_place(target):
            # Among rows of a key that are otherwise as new as each other, the last to arrive wins.
            with batch_table(self._connection, target) as batch:
                self._insert(target, batch, parts)
                merge_batch(self._connection, target, batch)
        else:
            first_new = first_new_row(self._connection, target)
            with any_order(self._connection):
                self._insert(target, target.table.sql, parts)
            delete_replaced(self._connection, target, first_new)

    def _insert(self, target: Target, into: str, parts: Sequence[Part]) -> None:
        for part in parts:
            if part.is_exact:
                load_exact(self._connection, target, into, part.rows, self._spool)
            else:
                load_plain(self._connection, target, into, part.rows)

    def _close(self, deliveries: Sequence[Delivery]) -> dict[StreamKey, Target]:
        """Save the states, complete the streams that are complete, and return the targets from then on."""
        targets = dict(self._targets)
        for delivery in deliveries:
            if delivery.state is not None:
                self._states.save(delivery.state)
            if delivery.completed in targets:
                targets[delivery.completed] = self._tables.complete(targets[delivery.completed])
        return targets

    def _say_early(self, delivery: Delivery) -> None:
        for key in delivery.rows:
            self._outbox.log(
                "WARN",
                f"Stream {key}: no state came for {self._config.max_uncommitted_mb:,} MB (max_uncommitted_mb), so its"
                " rows so far were committed without one: if this sync fails, the next may write them again.",
            )

    def _finish(self, end: EndOfInput) -> None:
        problems: list[str] = []
        for key, target in self._targets.items():
            if end.statuses.get(key) == "COMPLETE":
                rows = {key: end.uncovered[key]} if key in end.uncovered else {}
                self._commit(rows, [Delivery(completed=key)])
                continue
            ended = "ended INCOMPLETE" if key in end.statuses else "has no status at the end of the input"
            left_out = end.uncovered[key].rows if key in end.uncovered else 0
            stage = "; the table keeps what it had before this sync" if target.is_stage else ""
            problems.append(f"{key} {ended} ({left_out:,} rows that no state covers were left out{stage})")
        if problems:
            raise SystemFault(
                f"Not every stream is complete: {'; '.join(problems)}. What states cover is committed: run the sync"
                " again, and it goes on from there."
            )


def _joined(deliveries: Sequence[Delivery]) -> dict[StreamKey, Segment]:
    """Return one segment a stream, with all its rows in order."""
    parts: dict[StreamKey, list[Segment]] = {}
    for delivery in deliveries:
        for key, segment in delivery.rows.items():
            parts.setdefault(key, []).append(segment)
    for first, *others in parts.values():
        first.join(others)
    return {key: segments[0] for key, segments in parts.items()}
