"""What a read reports beside the progress of its windows and pages: what it plans, and what it waits for.

Out: frozen dataclasses, and their log lines (`plan: {...}`, `wait: {...}`), which any program can parse. Fields, units
and codes are in docs/log-lines.md. `text` is a sentence for the people who read the log; nothing parses it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

PLAN_PREFIX = "plan: "
WAIT_PREFIX = "wait: "
CHECK_PREFIX = "check: "

Unit = Literal["window", "page"]
Reason = Literal["hour", "second", "concurrent", "retry"]


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """How much a stream has to read, as far as is known; a later plan of the stream replaces an earlier one.

    `total` counts windows or pages, those included that an earlier sync has read; `requests` those to be sent. Pages
    are None until page 0 is read. `days` is None for pages, and so is `estimated_s`, which counts waits for the quota.
    """

    stream: str
    unit: Unit
    total: int | None
    days: int | None
    requests: int | None
    estimated_s: float | None


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """A window of days, both inclusive."""

    from_date: str
    to_date: str


@dataclass(frozen=True, slots=True)
class PagePlace:
    """A page by its index in the stream's progress; *selection* counts the requests that many distinct_ids need."""

    page_index: int
    selection: int


@dataclass(frozen=True, slots=True)
class FetchWait:
    """A pause of `wait_s` seconds that begins now; `place` is None where a quota holds the whole stream.

    `reason` is the quota that is used up (hour, second, concurrent), or retry: the request has failed with
    `error_code`, and is sent again. `quota` names Mixpanel's quota, export or query; None for a retry.
    """

    text: str
    stream: str
    place: WindowPlace | PagePlace | None
    wait_s: float
    reason: Reason
    quota: str | None = None
    error_code: str | None = None


def plan_line(plan: FetchPlan) -> str:
    """Return the log line of a stream's plan."""
    return PLAN_PREFIX + json.dumps(asdict(plan))


def wait_line(wait: FetchWait) -> str:
    """Return the log line of a pause."""
    return WAIT_PREFIX + json.dumps(asdict(wait))


def check_line(code: str | None) -> str:
    """Return the log line that `check` writes before its status; *code* is None where the config works."""
    return CHECK_PREFIX + json.dumps({"code": code})
