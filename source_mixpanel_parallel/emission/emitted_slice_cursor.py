"""The part that all our cursors share: state advances when a slice has been emitted, not while its records are read.

A window or a page is emitted whole or not at all, so the thread that writes stdout calls the cursor's own `finish`. The
CDK's hooks, which count records and closed partitions, do nothing here.
"""

from __future__ import annotations

from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_mixpanel_parallel.log_lines import FetchPlan


class EmittedSliceCursor(Cursor):
    """A cursor whose state the source emits, before the stream's last status."""

    @property
    def fetch_plan(self) -> FetchPlan | None:
        """How much there is to read, as far as is known; None for a stream that sends no requests."""
        return None

    def observe(self, record: Record) -> None:
        """Do nothing: a slice counts when it is emitted, not record by record."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: the thread that has written the slice finishes it."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Do nothing: the CDK would emit the state after the stream's last status."""

    def should_be_synced(self, record: Record) -> bool:
        """Every record of a slice belongs to it."""
        return True
