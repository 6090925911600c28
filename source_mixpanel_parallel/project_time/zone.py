"""The project's timezone, in which its days begin and end.

Public: the command plans days in it. Mixpanel takes the dates of an export in the project's timezone
(https://developer.mixpanel.com/reference/raw-event-export).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from source_mixpanel_parallel.errors import ConfigError


def project_zone(config: Mapping[str, Any]) -> ZoneInfo:
    """Return the timezone that *config* names; raise ConfigError if there is none of the name."""
    name = config.get("project_timezone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"project_timezone {name!r} is not a timezone: use a name such as UTC, US/Pacific or Europe/Berlin"
        ) from error


def project_day(zone: ZoneInfo, now: datetime | None = None) -> date:
    """Return today's date in *zone*; *now* is an aware datetime and defaults to the clock."""
    return (now or datetime.now(timezone.utc)).astimezone(zone).date()
