"""The parameters of the engage API, checked and understood.

In: query and form or JSON members, where lists and objects may be JSON text. Out: an EngageQuery.
Raises Refusal (400) for what Mixpanel refuses, and for expressions that the simulator can't evaluate.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.apis.where import Record, parse_where

MAXIMUM_DISTINCT_IDS = 2_000


@dataclass(frozen=True, slots=True)
class EngageQuery:
    """A request for a page of profiles."""

    page: int
    session_id: str | None
    page_size: int | None
    distinct_ids: frozenset[str] | None
    output_properties: frozenset[str] | None
    cohort_id: int | None
    include_all_users: bool
    group: str
    behavior_names: tuple[str, ...]
    as_of_timestamp: Any
    where: Callable[[Record], bool] | None

    @property
    def is_filtered(self) -> bool:
        """Whether profiles or properties are left out."""
        filters = (self.distinct_ids, self.output_properties, self.cohort_id, self.where)
        return any(value is not None for value in filters)


def _structure(params: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return the list or object called *name*, given as such or as JSON text; None when it isn't there."""
    value = params.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise Refusal(400, f"{name} is {value!r}: it must be JSON") from error
    if value is not None and not isinstance(value, kind):
        raise Refusal(400, f"{name} must be a JSON {'array' if kind is list else 'object'}")
    return value


def _number(params: Mapping[str, Any], name: str, minimum: int) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if not str(value).isdecimal() or int(value) < minimum:
        raise Refusal(400, f"{name} is {value!r}: it must be a number from {minimum}")
    return int(value)


def _distinct_ids(params: Mapping[str, Any]) -> frozenset[str] | None:
    ids = _structure(params, "distinct_ids", list)
    if ids is None:
        return None if params.get("distinct_id") is None else frozenset({str(params["distinct_id"])})
    if len(ids) > MAXIMUM_DISTINCT_IDS:
        raise Refusal(400, f"distinct_ids has {len(ids)} entries: at most {MAXIMUM_DISTINCT_IDS} are allowed")
    return frozenset(map(str, ids))


def _cohort_id(params: Mapping[str, Any]) -> int | None:
    cohort = _structure(params, "filter_by_cohort", dict)
    if cohort is None:
        return None
    if not isinstance(cohort.get("id"), int):
        raise Refusal(400, 'filter_by_cohort must be a JSON object such as {"id": 12}')
    return int(cohort["id"])


def _behavior_names(params: Mapping[str, Any]) -> tuple[str, ...]:
    behaviors = _structure(params, "behaviors", list) or []
    if not all(isinstance(behavior, dict) and isinstance(behavior.get("name"), str) for behavior in behaviors):
        raise Refusal(400, "behaviors must be a JSON array of objects that have a name")
    return tuple(behavior["name"] for behavior in behaviors)


def parse_engage_query(params: Mapping[str, Any]) -> EngageQuery:
    """Return the query of *params*."""
    where = params.get("where")
    behavior_names = _behavior_names(params)
    page = _number(params, "page", 0) or 0
    if behavior_names and not where:
        raise Refusal(400, "behaviors need a where expression that uses them")
    # Without as_of_timestamp, the behaviors of a later page would be counted at another time.
    if behavior_names and page > 0 and params.get("as_of_timestamp") is None:
        raise Refusal(400, "as_of_timestamp is required with behaviors past the first page")
    output = _structure(params, "output_properties", list)
    return EngageQuery(
        page=page,
        session_id=params.get("session_id") or None,
        page_size=_number(params, "page_size", 1),
        distinct_ids=_distinct_ids(params),
        output_properties=None if output is None else frozenset(output),
        cohort_id=_cohort_id(params),
        include_all_users=str(params.get("include_all_users", "true")).lower() != "false",
        group=str(params.get("data_group_id") or ""),
        behavior_names=behavior_names,
        as_of_timestamp=params.get("as_of_timestamp"),
        where=parse_where(where) if where else None,
    )
