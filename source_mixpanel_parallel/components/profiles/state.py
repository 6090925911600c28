"""The state of a stream of profiles, as JSON and as values.

    {"last_seen": "2026-01-31T12:00:00", "reading": {"sessions": [{"session_id": "…", "finished_pages": [[0, 41]]}]}}

`last_seen` is there in incremental mode, once all pages have arrived; `reading` until then, so that the next attempt
is resumed while the session lives. Raises BadState for a state that is none of this connector.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec
from airbyte_cdk.models import ConfiguredAirbyteStream, DestinationSyncMode, SyncMode
from msgspec import Struct, field

from source_mixpanel_parallel.components.profiles.last_seen import is_time
from source_mixpanel_parallel.components.profiles.page_set import PageSet
from source_mixpanel_parallel.components.profiles.session import PageFacts, PageSession
from source_mixpanel_parallel.config.profile_parameters import Selection
from source_mixpanel_parallel.errors import BadState, IncompleteAnswer

NO_STATE = {"__ab_no_cursor_state_message": True}


class SessionState(Struct, frozen=True):
    """One selection's session; *rows* is how many profiles its finished pages held."""

    session_id: str
    total: int
    page_size: int
    finished_pages: list[list[int]]
    rows: int


class ReadingState(Struct, frozen=True, omit_defaults=True):
    """An unfinished read: its parameters, when it began (epoch and project's wall clock), the latest `last_seen`."""

    asked: str
    started_s: int
    started: str
    sessions: list[SessionState | None]
    generation_id: int = 0
    newest: str = ""


class ProfilesState(Struct, frozen=True, omit_defaults=True):
    """All of a stream's state; *asked* tells the parameters that `last_seen` holds for from others."""

    last_seen: str = ""
    asked: str = ""
    reading: ReadingState | None = None
    is_complete: bool = field(default=False, name="__ab_full_refresh_sync_complete")
    generation_id: int = 0

    def to_json(self) -> MutableMapping[str, Any]:
        """Return the state as the protocol carries it."""
        state: dict[str, Any] = msgspec.to_builtins(self)
        return state or dict(NO_STATE)


@dataclass(frozen=True, slots=True)
class ReadMode:
    """How the catalog wants a stream: *replaces* where earlier rows go, but for those of the same generation."""

    is_incremental: bool = False
    replaces: bool = True
    generation_id: int = 0

    @classmethod
    def of(cls, configured: ConfiguredAirbyteStream | None) -> ReadMode:
        """Read the catalog's entry; without one, each read stands for itself."""
        if configured is None:
            return cls()
        generation_id, minimum = configured.generation_id or 0, configured.minimum_generation_id or 0
        is_overwrite = configured.destination_sync_mode is DestinationSyncMode.overwrite
        return cls(
            is_incremental=configured.sync_mode is SyncMode.incremental,
            replaces=is_overwrite or 0 < minimum == generation_id,
            generation_id=generation_id,
        )

    def keeps_rows_of(self, generation_id: int) -> bool:
        """Whether the destination still holds what was emitted under *generation_id*."""
        return not self.replaces or 0 < self.generation_id == generation_id


def parse_state(stream: str, state: Mapping[str, Any]) -> ProfilesState:
    """Return the state of *stream*."""
    try:
        parsed = msgspec.convert(dict(state), ProfilesState)
    except ValueError as error:
        raise _damaged(stream, error) from error
    times = [parsed.last_seen]
    if parsed.reading:
        times += [parsed.reading.started, parsed.reading.newest]
    for text in times:
        if text and not is_time(text):
            raise _damaged(stream, f"{text!r} is not a time")
    return parsed


def session_state(session: PageSession) -> SessionState | None:
    """Return what a session's state holds; None before page 0 was read."""
    if session.facts is None:
        return None
    facts, ranges = session.facts, session.emitted.ranges()
    return SessionState(facts.session_id, facts.total, facts.page_size, ranges, session.emitted_rows)


def session_of(stream: str, selection: Selection, state: SessionState | None) -> PageSession:
    """Return the session to go on with."""
    if state is None:
        return PageSession(selection)
    try:
        facts = PageFacts(state.total, state.page_size, state.session_id)
        emitted = PageSet(state.finished_pages)
        pages = facts.pages
    except (IncompleteAnswer, ValueError) as error:
        raise _damaged(stream, error) from error
    if len(emitted) and emitted.ranges()[-1][1] >= pages:
        raise _damaged(stream, f"it names pages past the last of {pages}")
    rows = state.rows
    return PageSession(selection, facts=facts, is_resumed=True, emitted=emitted, rows=rows, emitted_rows=rows)


def _damaged(stream: str, detail: Exception | str) -> BadState:
    return BadState(f"the state of stream {stream} is not one of this connector ({detail}): reset the stream")
