"""Which days the database holds, by the state that the destination keeps in it.

In: what `destination-duckdb state` prints; out: the finished days of each stream of events. Pure. Raises SyncError on a
state that is none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from mixpanel_to_duckdb.errors import SyncError
from source_mixpanel_parallel.windows.date_windows import DateWindow
from source_mixpanel_parallel.windows.finished_days import FinishedDays

Range = tuple[str, str]


def finished_days(states: bytes) -> dict[str, FinishedDays]:
    """Return the finished days of each stream that has any."""
    finished = {}
    try:
        for state in json.loads(states):
            stream = state.get("stream") or {}
            content = stream.get("stream_state") or {}
            if "finished_ranges" in content:
                finished[str(stream["stream_descriptor"]["name"])] = FinishedDays.from_json(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SyncError(f"the database's state can't be read ({error}): sync with --full-refresh") from error
    return finished


def as_text(windows: Sequence[DateWindow]) -> list[Range]:
    """Return windows as pairs of ISO dates."""
    return [(str(window.from_date), str(window.to_date)) for window in windows]
