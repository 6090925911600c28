"""The catalog that is used where none is given."""

from __future__ import annotations

import json

from airbyte_cdk.models import AirbyteCatalog, AirbyteStream, SyncMode

from source_mixpanel_parallel.catalog import as_json, best_catalog

DISCOVERED = AirbyteCatalog(
    streams=[
        AirbyteStream(
            name="events",
            json_schema={"type": "object"},
            supported_sync_modes=[SyncMode.full_refresh, SyncMode.incremental],
            source_defined_cursor=True,
            default_cursor_field=["time"],
            source_defined_primary_key=[["event"], ["time"]],
        ),
        AirbyteStream(
            name="profiles",
            json_schema={},
            supported_sync_modes=[SyncMode.full_refresh],
            source_defined_primary_key=[["distinct_id"]],
        ),
        AirbyteStream(
            name="rejected_lines",
            json_schema={},
            supported_sync_modes=[SyncMode.full_refresh],
            source_defined_primary_key=[["id"]],
        ),
    ]
)


def test_catalog_when_streams_are_discovered() -> None:
    """What has a cursor is merged, what is read whole replaces, and lines that were rejected once are kept."""
    streams = json.loads(as_json(best_catalog(DISCOVERED)))["streams"]
    assert [{key: value for key, value in stream.items() if key != "stream" and value} for stream in streams] == [
        {
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
            "cursor_field": ["time"],
            "primary_key": [["event"], ["time"]],
        },
        {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite", "primary_key": [["distinct_id"]]},
        {"sync_mode": "full_refresh", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]},
    ]
    assert [stream["stream"]["name"] for stream in streams] == ["events", "profiles", "rejected_lines"]
    assert streams[0]["stream"]["json_schema"] == {"type": "object"}
