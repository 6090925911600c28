"""Sessions of the engage API: what a reading of profiles selected on page 0, until it expires.

In: what page 0 asked for. Out: a session id, and by that id the same selection for the pages after it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any


@dataclass(slots=True)
class ProfileSession:
    """One reading: the size of its pages, the profiles selected (None: all, by number), and its parameters."""

    page_size: int
    group: str
    selected: list[bytes] | None
    as_of_timestamp: Any


class SessionTable:
    """The sessions that have not expired."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._sessions: dict[str, ProfileSession] = {}

    def open(self, session: ProfileSession) -> str:
        """Keep *session* and return its id."""
        self._count += 1
        session_id = f"{self._count}-{sha256(f'{self._seed}:{self._count}'.encode()).hexdigest()[:24]}"
        self._sessions[session_id] = session
        return session_id

    def find(self, session_id: str) -> ProfileSession | None:
        """Return the session, or None when there is none of that id (any more)."""
        return self._sessions.get(session_id)

    def expire(self, session_id: str) -> None:
        """Forget the session, if it is there."""
        self._sessions.pop(session_id, None)
