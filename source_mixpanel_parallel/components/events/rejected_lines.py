"""The stream `rejected_lines`, which asks Mixpanel for nothing.

Its records come up while the events are read, and are emitted between them: emission/rejected_records.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_mixpanel_parallel.emission.emitted_slice_cursor import EmittedSliceCursor


@dataclass
class NoRequests(Retriever):
    """The retriever of a stream that asks for nothing."""

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[Record]:
        """Yield no record."""
        return ()


@dataclass
class NoSlices(EmittedSliceCursor):
    """The cursor of a stream that asks for nothing."""

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Yield no slice."""
        return ()

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state of a stream that has nothing to go on from."""
        return {"__ab_no_cursor_state_message": True}
