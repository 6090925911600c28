"""The parameters of the raw export, checked and understood.

In: from_date and to_date (both inclusive), event, where, limit, time_in_ms. Out: an ExportQuery.
Raises Refusal (400) for what Mixpanel refuses, and for expressions that the simulator can't evaluate.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.apis.where import Record, parse_where

MAXIMUM_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """A request for events."""

    from_date: date
    to_date: date
    time_in_ms: bool
    events: frozenset[str] | None
    where: Callable[[Record], bool] | None
    limit: int | None

    @property
    def days(self) -> list[date]:
        """The days asked for, in order."""
        count = (self.to_date - self.from_date).days + 1
        return [self.from_date + timedelta(days=number) for number in range(count)]

    @property
    def is_filtered(self) -> bool:
        """Whether lines of the days may be left out."""
        return self.events is not None or self.where is not None or self.limit is not None

    def selects(self, line: bytes) -> bool:
        """Tell whether the event of *line* is asked for."""
        event = json.loads(line)
        if self.events is not None and event["event"] not in self.events:
            return False
        return self.where is None or self.where({"properties": event["properties"], "behaviors": {}})


def _parse_date(params: Mapping[str, Any], name: str) -> date:
    text = params.get(name)
    if text is None:
        raise Refusal(400, f"{name} is a required parameter")
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no timezone
    except ValueError as error:
        raise Refusal(400, f"{name} is {text!r}: it must be a date in the format yyyy-mm-dd") from error


def _parse_events(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    try:
        names = json.loads(text)
    except json.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(400, f"event is {text!r}: it must be a JSON array of names")
    return frozenset(names)


def _parse_limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MAXIMUM_LIMIT:
        raise Refusal(400, f"limit is {text!r}: it must be a number from 1 to {MAXIMUM_LIMIT}")
    return int(text)


def parse_export_query(params: Mapping[str, Any], today: date | None) -> ExportQuery:
    """Return the query of *params*; *today* is the project's."""
    from_date, to_date = _parse_date(params, "from_date"), _parse_date(params, "to_date")
    if from_date > to_date:
        raise Refusal(400, "from_date cannot be later than to_date")
    if today is not None and to_date > today:
        raise Refusal(400, "to_date cannot be later than today")
    where = params.get("where")
    return ExportQuery(
        from_date,
        to_date,
        str(params.get("time_in_ms", "")).lower() in {"true", "1"},
        _parse_events(params.get("event")),
        parse_where(where) if where else None,
        _parse_limit(params.get("limit")),
    )
