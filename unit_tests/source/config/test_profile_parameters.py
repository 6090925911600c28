"""What a stream of profiles asks for, as form fields; what excludes each other is tested against the simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from source_mixpanel_parallel.config.profile_parameters import ProfileParameters, Selection, profile_workers
from source_mixpanel_parallel.errors import ConfigError


def parameters(**config: Any) -> ProfileParameters:
    return ProfileParameters.from_config("profiles", config)


@pytest.mark.parametrize(
    ("where", "seen_since", "expected"),
    [
        ("", "", {}),
        ("a or b", "", {"where": "a or b"}),
        ("", "c or d", {"where": "c or d"}),
        ("a or b", "c or d", {"where": "(a or b) and (c or d)"}),
    ],
)
def test_selections_when_expressions_meet(where: str, seen_since: str, expected: dict[str, str]) -> None:
    """Both expressions hold, each in brackets; one alone stays as it was written."""
    assert parameters(where=where).selections(seen_since, 1) == (Selection(expected),)


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (2_000, [2_000]), (2_001, [2_000, 1]), (6_000, [2_000, 2_000, 2_000])]
)
def test_selections_when_distinct_ids_are_many(count: int, sizes: list[int]) -> None:
    """At most 2,000 ids a request, all of them once, in order."""
    ids = [f"user-{number}" for number in range(count)]
    selections = parameters(distinct_ids=ids).selections("", 1)
    chunks = [json.loads(selection.form["distinct_ids"]) for selection in selections]
    assert [len(chunk) for chunk in chunks] == sizes
    assert [identifier for chunk in chunks for identifier in chunk] == ids
    assert len({selection.label for selection in selections}) == len(sizes)


def test_selections_when_distinct_ids_repeat() -> None:
    """An id that is there twice is asked for once."""
    [selection] = parameters(distinct_ids=["b", "a", "b"]).selections("", 1)
    assert selection.form == {"distinct_ids": '["b", "a"]'}


def test_selections_when_behaviors_are_used() -> None:
    """The moment at which they are judged is the given one, unless the config names another."""
    behaviors = {"behaviors": [{"name": "a"}], "where": 'behaviors["a"] > 1'}
    assert parameters(**behaviors).selections("", 17)[0].form["as_of_timestamp"] == "17"
    assert parameters(**behaviors, as_of_timestamp=0).selections("", 17)[0].form["as_of_timestamp"] == "0"
    assert "as_of_timestamp" not in parameters(where="a").selections("", 17)[0].form


def test_digest_when_parameters_differ() -> None:
    """Each parameter tells; the size of a page does not change what comes."""
    different = [
        parameters(),
        parameters(where="a"),
        parameters(output_properties=["a"]),
        parameters(distinct_ids=["a"]),
        parameters(cohort_id=1),
        parameters(cohort_id=1, include_all_users=False),
        parameters(group="1"),
        parameters(where="a", behaviors=[{"name": "a"}]),
        parameters(as_of_timestamp=1),
        parameters(workspace_id=1),
    ]
    assert len({each.digest for each in different}) == len(different)
    assert parameters(page_size=5).digest == parameters().digest


@pytest.mark.parametrize("workers", [0, 6, 2.0, "3", True, -1])
def test_workers_when_they_are_wrong(workers: object) -> None:
    """The error names the API's limit."""
    with pytest.raises(ConfigError) as raised:
        profile_workers({"profile_workers": workers})
    assert str(raised.value) == (
        f"profile_workers {workers!r}: Mixpanel's query API allows 5 concurrent requests, choose 1 to 5"
    )


def test_workers_when_they_are_right() -> None:
    assert [profile_workers({"profile_workers": workers}) for workers in (1, 5, None)] == [1, 5, 5]
    assert profile_workers({}) == 5
