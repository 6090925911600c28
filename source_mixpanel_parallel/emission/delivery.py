"""What fetchers hand to the one thread that writes stdout.

A `Delivery` is one slice that ended: whole, with its lines and the state that covers them, or given up. A `Notice` is
a message to pass on. Both travel as the data of a CDK Record, because the CDK's queue keeps a thread's Records in
order, while messages sent through its message repository can be overtaken by those of other threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteLogMessage, AirbyteMessage, Level, Type
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.emission.spool import Spool
from source_mixpanel_parallel.progress import SliceProgress

ITEM = "item"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One slice's end; call *checkpoint* after writing it: it marks the slice as emitted and returns the state."""

    stream: str
    progress: SliceProgress
    spool: Spool | None = None
    checkpoint: Callable[[], Mapping[str, Any] | None] = lambda: None
    rejected: tuple[RejectedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A protocol message from a fetcher."""

    message: AirbyteMessage


def log_notice(level: Level, text: str) -> Notice:
    """Return a line for the log, without secrets."""
    return Notice(AirbyteMessage(type=Type.LOG, log=AirbyteLogMessage(level=level, message=filter_secrets(text))))


def as_record(item: Delivery | Notice, stream: str, stream_slice: StreamSlice) -> Record:
    """Wrap *item* for the CDK's queue."""
    return Record(data={ITEM: item}, stream_name=stream, associated_slice=stream_slice)


def carried_by(message: AirbyteMessage) -> Delivery | Notice | None:
    """Return the item that the CDK has turned into *message*, if it is one."""
    if message.record is None:
        return None
    item = message.record.data.get(ITEM)
    return item if isinstance(item, Delivery | Notice) else None
