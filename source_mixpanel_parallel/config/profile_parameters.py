"""What a stream of profiles asks for, checked before any request.

In: an object of the config (`profiles`, or an element of `profile_streams`); out: `ProfileParameters`, which makes the
form fields of its requests as the engage API wants them. Raises ConfigError with a sentence for what excludes each
other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.rate_limits.limits import MAX_DISTINCT_IDS, QUERY_CONNECTIONS

LAST_SEEN_PROPERTY = "$last_seen"


@dataclass(frozen=True, slots=True)
class Selection:
    """One request's share of the profiles: its form fields, but those of the page; *label* tells it from others."""

    form: Mapping[str, str]
    label: str = ""


@dataclass(frozen=True, slots=True)
class ProfileParameters:
    """The parameters of one stream of profiles; unset ones are None or empty."""

    page_size: int | None = None
    where: str = ""
    output_properties: tuple[str, ...] = ()
    distinct_ids: tuple[str, ...] = ()
    cohort_id: int | None = None
    include_all_users: bool | None = None
    group: str = ""
    behaviors: tuple[Mapping[str, Any], ...] = ()
    as_of_timestamp: int | None = None
    workspace_id: int | None = None

    @classmethod
    def from_config(cls, place: str, config: Mapping[str, Any]) -> ProfileParameters:
        """Read the object at *place* of the config."""
        parameters = cls(
            page_size=config.get("page_size") or None,
            where=(config.get("where") or "").strip(),
            output_properties=tuple(config.get("output_properties") or ()),
            distinct_ids=tuple(dict.fromkeys(map(str, config.get("distinct_ids") or ()))),
            cohort_id=config.get("cohort_id"),
            include_all_users=config.get("include_all_users"),
            group=str(config.get("group") or "").strip(),
            behaviors=tuple(config.get("behaviors") or ()),
            as_of_timestamp=config.get("as_of_timestamp"),
            workspace_id=config.get("workspace_id"),
        )
        parameters._check(place)
        return parameters

    @property
    def changes_with_last_seen(self) -> bool:
        """Whether only a profile that was seen again can begin to match.

        A member of a cohort, or who shows a behavior, may do so while time passes.
        """
        return self.cohort_id is None and not self.behaviors

    @property
    def digest(self) -> str:
        """What tells these parameters from others, but for the size of a page: short, whatever their length."""
        fields: list[object] = [
            self.where,
            self.output_properties,
            self.distinct_ids,
            self.cohort_id,
            self.include_all_users,
        ]
        fields += [self.group, self.behaviors, self.as_of_timestamp, self.workspace_id]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]

    def selections(self, seen_since: str, now_s: int) -> tuple[Selection, ...]:
        """Return what to ask for: one selection, or one for each 2,000 distinct ids.

        *seen_since* is a further expression that profiles must meet, or empty; *now_s* is the moment at which behaviors
        are judged, the same for all pages, unless the config names another.
        """
        form = self._form(seen_since, now_s)
        if not self.distinct_ids:
            return (Selection(form),)
        pieces = list(_pieces(self.distinct_ids))
        return tuple(
            Selection(
                {**form, "distinct_ids": json.dumps(piece)},
                f"distinct_ids {first:,} to {first + len(piece) - 1:,}" if len(pieces) > 1 else "",
            )
            for first, piece in pieces
        )

    def _form(self, seen_since: str, now_s: int) -> dict[str, str]:
        wheres = [f"({part})" for part in (self.where, seen_since) if part]
        properties = self.output_properties
        if seen_since and properties and LAST_SEEN_PROPERTY not in properties:
            properties = (*properties, LAST_SEEN_PROPERTY)  # or the next sync would not know where to go on
        as_of_timestamp = self.as_of_timestamp
        if self.behaviors and as_of_timestamp is None:
            as_of_timestamp = now_s
        fields = {
            "page_size": self.page_size,
            "where": " and ".join(wheres) if len(wheres) > 1 else self.where or seen_since,
            "output_properties": json.dumps(properties) if properties else None,
            "filter_by_cohort": None if self.cohort_id is None else json.dumps({"id": self.cohort_id}),
            "include_all_users": None if self.include_all_users is None else json.dumps(self.include_all_users),
            "data_group_id": self.group,
            "behaviors": json.dumps(self.behaviors) if self.behaviors else None,
            "as_of_timestamp": as_of_timestamp,
            "workspace_id": self.workspace_id,
        }
        return {name: str(value) for name, value in fields.items() if value not in {None, ""}}

    def _check(self, place: str) -> None:
        has_cohort = self.cohort_id is not None
        rules = (
            (self.behaviors and has_cohort, "behaviors and cohort_id exclude each other: leave one out"),
            (self.behaviors and not self.where, "behaviors need a where that names them: add one, or leave them out"),
            (
                self.include_all_users is not None and not has_cohort,
                "include_all_users says something of a cohort's members: add a cohort_id, or leave it out",
            ),
            (self.distinct_ids and has_cohort, "distinct_ids and cohort_id exclude each other: leave one out"),
        )
        for is_broken, sentence in rules:
            if is_broken:
                raise ConfigError(f"{place}: {sentence}")


def profile_workers(config: Mapping[str, Any]) -> int:
    """Return how many pages may be requested concurrently, across all profile streams."""
    workers = config.get("profile_workers")
    if workers is None:
        return QUERY_CONNECTIONS
    if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= QUERY_CONNECTIONS:
        raise ConfigError(
            f"profile_workers {workers!r}: Mixpanel's query API allows {QUERY_CONNECTIONS} concurrent requests, "
            f"choose 1 to {QUERY_CONNECTIONS}"
        )
    return workers


def _pieces(distinct_ids: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield (number of the first, at most 2,000 ids), counted from 1."""
    for start in range(0, len(distinct_ids), MAX_DISTINCT_IDS):
        yield start + 1, distinct_ids[start : start + MAX_DISTINCT_IDS]
