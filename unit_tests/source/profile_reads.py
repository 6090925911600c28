"""Reads of profiles without a network: a cursor, and pages as the engage API would send them."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)

from source_mixpanel_parallel.components.profiles.cursor import PageCursor
from source_mixpanel_parallel.components.profiles.page import ProfilePage
from source_mixpanel_parallel.components.profiles.session import PageFacts, PageRequest
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots

CONFIG = {"credentials": {"username": "user", "secret": "very secret", "project_id": 7}}
PAGE_SIZE = 10


def configured(**fields: Any) -> ConfiguredAirbyteStream:
    """Return a catalog's entry: full refresh + overwrite unless *fields* say otherwise."""
    stream = AirbyteStream(name="profiles", json_schema={}, supported_sync_modes=[SyncMode.full_refresh])
    defaults: dict[str, Any] = {
        "sync_mode": SyncMode.full_refresh,
        "destination_sync_mode": DestinationSyncMode.overwrite,
    }
    return ConfiguredAirbyteStream(stream=stream, **{**defaults, **fields})


INCREMENTAL = configured(sync_mode=SyncMode.incremental, destination_sync_mode=DestinationSyncMode.append_dedup)
APPENDING = configured(destination_sync_mode=DestinationSyncMode.append)


def cursor_of(
    state: Mapping[str, Any] | None = None,
    entry: ConfiguredAirbyteStream | None = None,
    workers: int = 5,
    **config: Any,
) -> PageCursor:
    """Return the cursor of the stream `profiles`."""
    stop = threading.Event()
    settings = Settings.from_config({**CONFIG, **config}, datetime(2026, 1, 20, tzinfo=timezone.utc))
    slots = ConnectionSlots(workers, stop)
    slots.provide(workers)
    return PageCursor(
        stream_name="profiles",
        stream_state=state or {},
        slots=slots,
        context=ReadContext.begin(settings, stop),
        configured=entry,
        cursor_field="last_seen",
    )


def page_of(number: int, total: int, newest: str = "") -> ProfilePage:
    """Return page *number* of *total* profiles; the profile numbered n has n as its hash."""
    start = number * PAGE_SIZE
    hashes = array("q", range(start, min(start + PAGE_SIZE, total)))
    return ProfilePage(len(hashes), len(hashes), hashes, newest, PAGE_SIZE, total, None)


def facts_of(total: int, session_id: str = "s-1", fingerprint: int = 0) -> PageFacts:
    """Return what page 0 says."""
    return PageFacts(total, PAGE_SIZE, session_id, fingerprint)


def requests_of(cursor: PageCursor, total: int, newest: str = "", until: int | None = None) -> list[PageRequest]:
    """Read and emit all pages, or those before page *until*; return what was asked for."""
    asked = []
    for stream_slice in cursor.stream_slices():
        request = stream_slice.extra_fields["request"]
        if request.page == until:
            break
        asked.append(request)
        facts = facts_of(total) if request.page == 0 else None
        arrival = cursor.arrived(request, page_of(request.page, total), facts)
        if arrival.request:
            cursor.finish(arrival.request, page_of(request.page, total, newest))
        cursor.ended(request)
    return asked
