"""What all streams of one read share, made once: settings, memory, turns to decode, the stop.

Handed to cursors and retrievers as one value: the CDK drops, without a word, any keyword that a custom component lacks.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.emission.spool import SpoolLedger
from source_mixpanel_parallel.project_time.timestamps import EventTime

# Answers decoded at the same time: one holds the interpreter's lock while another decompresses. More would only fight
# for the lock, and each holds megabytes.
DECODERS = 2


@dataclass(frozen=True, slots=True)
class ReadContext:
    """One read; *stop* is set when nobody needs the rest of it."""

    settings: Settings
    stop: threading.Event
    ledger: SpoolLedger
    timestamps: EventTime
    decode_slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(DECODERS))
    page_decode_slots: threading.Semaphore = field(default_factory=threading.Semaphore)

    @classmethod
    def begin(cls, settings: Settings, stop: threading.Event) -> ReadContext:
        """Return the context of a read with *settings*."""
        timestamps = EventTime(settings.timezone if settings.legacy_timestamps else None)
        return cls(settings, stop, SpoolLedger(settings.spool_limit_bytes, stop), timestamps)
