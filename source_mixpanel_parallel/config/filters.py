"""The `events` and `where` that narrow a stream of events, and which of two filters lets more through.

In: the config's or the state's mapping; out: `Filters`, in which order and duplicates of events do not matter. Pure.
Raises ValueError on a mapping that holds anything else: what it narrows is unknown then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """What a stream asks for; empty fields narrow nothing, and *events* are sorted, each once."""

    events: tuple[str, ...] = ()
    where: str = ""

    @classmethod
    def from_json(cls, document: object) -> Filters:
        """Read the filters; None and {} are no filter."""
        if document is None:
            return cls()
        if not isinstance(document, Mapping) or not document.keys() <= {"events", "where"}:
            raise ValueError(f"{document!r} are not filters")
        events, where = document.get("events") or [], document.get("where") or ""
        if not isinstance(events, (list, tuple)) or not all(isinstance(name, str) for name in (*events, where)):
            raise ValueError(f"{document!r} are not filters")
        return cls(tuple(sorted(set(events))), where)

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are set."""
        fields = {"events": list(self.events), "where": self.where}
        return {name: value for name, value in fields.items() if value}

    def covers(self, other: Filters) -> bool:
        """Tell whether every event that passes *other* passes these, too: they are equal or wider."""
        all_events = not self.events or (bool(other.events) and set(other.events) <= set(self.events))
        return all_events and self.where in {"", other.where}


NO_FILTERS = Filters()
