"""What a record should be, written down a second time and differently, to compare the connector with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

MADE = "32 hex digits made from the content"
HEX = re.compile("[0-9a-f]{32}")


def with_made_id(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return *record* with MADE for an insert_id that is not Mixpanel's; raise ValueError where it is no hash."""
    if record["properties"].get("$insert_id"):
        return dict(record)
    if not HEX.fullmatch(record["insert_id"]):
        raise ValueError(f"{record['insert_id']!r} is not 32 hex digits")
    return {**record, "insert_id": MADE}


def event_record(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of an event as the export sends it, with `time` in milliseconds."""
    properties = event["properties"]
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=properties["time"])
    return {
        "event": event["event"],
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "distinct_id": str(properties.get("distinct_id", "")),
        "insert_id": properties.get("$insert_id") or MADE,
        "properties": properties,
    }


def profile_record(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a profile as the engage API sends it."""
    properties = profile["$properties"]
    return {
        "distinct_id": str(profile["$distinct_id"]),
        "last_seen": properties.get("$last_seen"),
        "properties": properties,
    }
