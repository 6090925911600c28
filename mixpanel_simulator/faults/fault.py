"""Faults on demand: which request is hit, and what becomes of its answer.

In: the API, its parameters, and the faults that were added. Out: the first fault that matches and has hits left.
The kinds are those that users of the API report; each can be carried by gzip and by identity answers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

Api = Literal["export", "engage", "cohorts", "me"]
ANY_API = frozenset(get_args(Api))
EXPORT = frozenset({"export"})
ENGAGE = frozenset({"engage"})
BODIES = EXPORT | ENGAGE

# kind → the APIs whose answers it can hit
KINDS: dict[str, frozenset[str]] = {
    "status": ANY_API,  # an error status with a body
    "rate_limited": ANY_API,  # 429 that names both counters
    "cut": BODIES,  # the transfer ends at a byte, before its end
    "cut_at_line": EXPORT,  # the transfer ends before its end, exactly behind a newline
    "cut_gzip": EXPORT,  # the transfer ends well, the gzip stream has no trailer (identity: half a last line)
    "lost_chunk": BODIES,  # bytes in the middle are missing, the transfer ends well (identity: it may look whole)
    "reset": BODIES,  # TCP RST in the middle; at_byte=0: before the status line
    "stall": BODIES,  # sending stops and the connection stays open; at_byte=0: before the status line
    "terminated_early": BODIES,  # 200, and then the text "terminated early"
    "export_terminated_early": EXPORT,  # the same in its longer spelling
    "terminated_early_json": EXPORT,  # the same as a line of JSON
    "broken_line": EXPORT,  # a line that is not JSON
    "split_line": EXPORT,  # one event over two lines
    "no_event": EXPORT,  # a line of JSON without "event"
    "no_properties": EXPORT,  # a line of JSON without "properties"
    "no_newline": EXPORT,  # the last line has no newline
    "expired_session": ENGAGE,  # the session is forgotten: pages after the first fail
    "changed_total": ENGAGE,  # profiles appear or vanish during the read
    "duplicate_profile": ENGAGE,  # a page begins with the last profile of the page before
    "odd_profile": ENGAGE,  # the first item of a page is *text*: no profile, by default
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault and the requests it hits.

    path, day, page and event narrow the requests; *times* is how many it hits (None: all). Where it strikes:
    *after_lines* counts lines of an export, *at_byte* bytes of the body (of the wire for cuts, of the text for
    lines); the middle when unset. *text* replaces the usual wording, *content_length* sends that header in place
    of chunks.
    """

    kind: str
    path: Api | None = None
    day: date | None = None
    page: int | None = None
    event: str | None = None
    times: int | None = 1
    status: int = 500
    body: str | None = None
    which: Literal["hour", "second", "concurrent"] = "hour"
    retry_after_s: float | None = None
    after_lines: int | None = None
    at_byte: int | None = None
    text: str | None = None
    change: int = 1
    content_length: bool = False

    def __post_init__(self) -> None:
        apis = KINDS.get(self.kind)
        if apis is None:
            raise ValueError(f"no fault is named {self.kind!r}: choose one of {', '.join(KINDS)}")
        if self.path is not None and self.path not in apis:
            raise ValueError(f"{self.kind} can't hit {self.path}: it hits {', '.join(sorted(apis))}")

    def hits(self, api: str, params: Mapping[str, Any]) -> bool:
        """Tell whether a request of *api* with *params* is one that this fault hits."""
        if api not in KINDS[self.kind] or self.path not in {None, api}:
            return False
        if self.day is not None and not _asks_for_day(self.day, params):
            return False
        if self.page is not None and (api != "engage" or str(params.get("page") or 0) != str(self.page)):
            return False
        return self.event is None or self.event in _asked_events(params)


def _asks_for_day(day: date, params: Mapping[str, Any]) -> bool:
    first, last = str(params.get("from_date", "")), str(params.get("to_date", ""))
    return first <= day.isoformat() <= last


def _asked_events(params: Mapping[str, Any]) -> list[str]:
    try:
        events = json.loads(params.get("event") or "[]")
    except json.JSONDecodeError:
        return []
    return events if isinstance(events, list) else []


class FaultBook:
    """The faults that are left."""

    def __init__(self) -> None:
        self._faults: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault) -> None:
        """Let *fault* hit requests from now on; earlier ones come first."""
        self._faults.append((fault, fault.times))

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def take(self, api: str, params: Mapping[str, Any]) -> Fault | None:
        """Return the first fault that hits the request, and use up one of its hits."""
        for index, (fault, left) in enumerate(self._faults):
            if (left is None or left > 0) and fault.hits(api, params):
                self._faults[index] = (fault, None if left is None else left - 1)
                return fault
        return None
