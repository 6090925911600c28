"""One read of a stream of profiles: its sessions, new or resumed, and where it counts from.

In: the parameters, the state and the mode; out: `PageReading`, which turns into state again. An unfinished read
is resumed if its parameters are the same and the destination still has its rows.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from source_mixpanel_parallel.components.profiles.last_seen import WALL_CLOCK, seen_since
from source_mixpanel_parallel.components.profiles.session import PageSession
from source_mixpanel_parallel.components.profiles.state import (
    ProfilesState,
    ReadingState,
    ReadMode,
    session_of,
    session_state,
)
from source_mixpanel_parallel.config.profile_parameters import ProfileParameters


@dataclass(slots=True)
class PageReading:
    """One read; *last_seen* is where the earlier one ended, *newest* the latest time on the pages emitted so far."""

    parameters: ProfileParameters
    mode: ReadMode
    last_seen: str
    asked: str
    started_s: int
    started: str
    newest: str
    sessions: list[PageSession]

    @classmethod
    def begin(
        cls, stream: str, parameters: ProfileParameters, mode: ReadMode, state: ProfilesState, zone: tzinfo
    ) -> PageReading:
        """Begin a read, or go on with the one in *state*."""
        last_seen = state.last_seen if mode.is_incremental and state.asked in {"", parameters.digest} else ""
        asked = f"{parameters.digest}/{parameters.page_size or ''}/{last_seen}"
        earlier = state.reading
        if (
            earlier is None
            or not any(earlier.sessions)
            or earlier.asked != asked
            or not mode.keeps_rows_of(earlier.generation_id)
        ):
            now = datetime.now(zone)
            earlier = ReadingState(asked, int(now.timestamp()), now.strftime(WALL_CLOCK), [])
        since = seen_since(last_seen, zone) if last_seen else ""
        selections = parameters.selections(since, earlier.started_s)
        states = earlier.sessions if len(earlier.sessions) == len(selections) else [None] * len(selections)
        sessions = [session_of(stream, *pair) for pair in zip(selections, states, strict=True)]
        if state.is_complete and mode.replaces and mode.keeps_rows_of(state.generation_id):
            sessions = []  # an earlier attempt has emitted all of it
        return cls(parameters, mode, last_seen, asked, earlier.started_s, earlier.started, earlier.newest, sessions)

    @property
    def is_whole(self) -> bool:
        """Whether every page of every selection was emitted."""
        return all(session.is_whole for session in self.sessions)

    def state(self) -> MutableMapping[str, Any]:
        """Return the state that holds now."""
        if self.is_whole and not self.mode.is_incremental:
            generation_id = self.mode.generation_id if self.mode.replaces else 0
            return ProfilesState(is_complete=generation_id > 0, generation_id=generation_id).to_json()
        # The profiles of a time after the beginning may not all have been on the pages, whatever their number.
        reached = min(self.newest, self.started)
        last_seen = max(self.last_seen, reached) if self.is_whole else self.last_seen
        reading = None
        if not self.is_whole:
            sessions = [session_state(session) for session in self.sessions]
            generation_id = self.mode.generation_id
            reading = ReadingState(self.asked, self.started_s, self.started, sessions, generation_id, self.newest)
        return ProfilesState(last_seen, self.parameters.digest if last_seen else "", reading).to_json()
