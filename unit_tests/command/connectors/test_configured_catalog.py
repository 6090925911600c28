"""The catalog of one sync."""

from __future__ import annotations

import json

import pytest

from mixpanel_to_duckdb.connectors.configured_catalog import configured_catalog
from mixpanel_to_duckdb.errors import SyncError

EVENTS = {"stream": {"name": "events"}, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
PROFILES = {"stream": {"name": "profiles"}, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
PROPOSED = json.dumps({"streams": [EVENTS, PROFILES]}).encode()


def test_configured_catalog_of_chosen_streams() -> None:
    """Only the chosen streams, each numbered with the sync."""
    catalog = json.loads(configured_catalog(PROPOSED, ("profiles",), 5, full_refresh=False))
    assert catalog == {"streams": [{**PROFILES, "sync_id": 5}]}


def test_configured_catalog_of_a_full_refresh() -> None:
    """A generation of its own replaces what was there once it is complete."""
    catalog = json.loads(configured_catalog(PROPOSED, ("events",), 5, full_refresh=True))
    assert catalog == {"streams": [{**EVENTS, "sync_id": 5, "generation_id": 5, "minimum_generation_id": 5}]}


def test_configured_catalog_when_a_stream_is_missing() -> None:
    """A stream that the source does not have is named."""
    with pytest.raises(SyncError, match="the source has no stream 'teams', only events, profiles"):
        configured_catalog(PROPOSED, ("teams",), 5, full_refresh=False)
