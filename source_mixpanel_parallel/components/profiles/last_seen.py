"""The `last_seen` cursor: which profiles a sync asks for, and how far the next one may go on from.

A profile's `$last_seen` is a wall-clock time in the project's timezone. The expression keeps profiles that have none:
a comparison alone drops them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from source_mixpanel_parallel.config.profile_parameters import LAST_SEEN_PROPERTY
from source_mixpanel_parallel.project_time.wall_clock import earliest_wall_clock

LAST_SEEN = "last_seen"  # the cursor field
WALL_CLOCK = "%Y-%m-%dT%H:%M:%S"
TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[^"]*"')
# Updates arrive over many machines: one with an earlier $last_seen may become visible after one with a later.
OVERLAP = timedelta(hours=1)


def seen_since(last_seen: str, zone: tzinfo) -> str:
    """Return the expression for profiles seen since *last_seen*, that second and an hour before it included."""
    first = earliest_wall_clock(datetime.strptime(last_seen, WALL_CLOCK), zone) - OVERLAP  # noqa: DTZ007 - wall clock
    name = f'properties["{LAST_SEEN_PROPERTY}"]'
    return f'{name} >= "{first.strftime(WALL_CLOCK)}" or not defined({name})'


def latest_seen(values: Sequence[bytes]) -> str:
    """Return the latest of `$last_seen` values, JSON texts each; empty where none is a time."""
    latest = max(values, default=b"")
    if match := TIME.fullmatch(latest):
        return match[1].decode()
    times = [match[1] for value in values if (match := TIME.fullmatch(value))]
    return max(times, default=b"").decode()


def is_time(text: object) -> bool:
    """Tell whether *text* is a time as this cursor writes it."""
    try:
        return isinstance(text, str) and datetime.strptime(text, WALL_CLOCK).strftime(WALL_CLOCK) == text  # noqa: DTZ007
    except ValueError:
        return False
