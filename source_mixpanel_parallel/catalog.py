"""The catalog that `read` uses when it is given none: every stream, each in its best mode.

Streams of events are read incrementally and merged by their key. Streams of profiles are read whole and replace what
was there, though they could be read incrementally: only so do profiles go that were deleted, and do changes arrive that
set no `$last_seen` (imports may do so). `rejected_lines` are merged by their key, so that none is lost.
`source-mixpanel-parallel catalog --config F` prints it, for the destination.
"""

from __future__ import annotations

from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteCatalog,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)

from source_mixpanel_parallel.components.profiles.last_seen import LAST_SEEN
from source_mixpanel_parallel.stream_names import REJECTED_LINES


def best_catalog(discovered: AirbyteCatalog) -> ConfiguredAirbyteCatalog:
    """Configure every discovered stream."""
    streams = []
    for stream in discovered.streams:
        is_profiles = LAST_SEEN in (stream.default_cursor_field or [])
        incremental = SyncMode.incremental in stream.supported_sync_modes and not is_profiles
        keeps = incremental or stream.name == REJECTED_LINES
        streams.append(
            ConfiguredAirbyteStream(
                stream=stream,
                sync_mode=SyncMode.incremental if incremental else SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append_dedup if keeps else DestinationSyncMode.overwrite,
                cursor_field=stream.default_cursor_field,
                primary_key=stream.source_defined_primary_key,
            )
        )
    return ConfiguredAirbyteCatalog(streams=streams)


def as_json(catalog: ConfiguredAirbyteCatalog) -> bytes:
    """Return the catalog as a JSON document."""
    document: Any = ConfiguredAirbyteCatalogSerializer.dump(catalog)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
