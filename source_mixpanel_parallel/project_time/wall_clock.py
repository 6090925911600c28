"""Wall clocks of a project's timezone, which are set back once a year."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

# No timezone sets its clocks back by more.
LONGEST_SETBACK = timedelta(hours=3)


def earliest_wall_clock(wall_clock: datetime, zone: tzinfo) -> datetime:
    """Return the earliest time that the project's clocks show at or after *wall_clock*.

    That is *wall_clock* itself, unless clocks are set back soon after.
    """
    moment = wall_clock.replace(tzinfo=zone)
    later = (moment.astimezone(timezone.utc) + LONGEST_SETBACK).astimezone(zone)
    setback = (moment.utcoffset() or timedelta()) - (later.utcoffset() or timedelta())
    return wall_clock - max(setback, timedelta())
