"""The catalog of one sync, made of the one that the source proposes.

In: the source's catalog as JSON; out: the same, with the chosen streams only, numbered with the sync, and, for a full
refresh, with a generation that replaces what was there once it is complete. Raises SyncError where a chosen stream is
missing.
"""

from __future__ import annotations

import json

from mixpanel_to_duckdb.errors import SyncError


def configured_catalog(proposed: bytes, streams: tuple[str, ...], sync_id: int, *, full_refresh: bool) -> bytes:
    """Return the catalog of the sync *sync_id*."""
    by_name = {configured["stream"]["name"]: configured for configured in json.loads(proposed)["streams"]}
    missing = [name for name in streams if name not in by_name]
    if missing:
        raise SyncError(f"the source has no stream {missing[0]!r}, only {', '.join(by_name)}")
    generation = {"generation_id": sync_id, "minimum_generation_id": sync_id} if full_refresh else {}
    chosen = [{**by_name[name], **generation, "sync_id": sync_id} for name in streams]
    return json.dumps({"streams": chosen}).encode()
