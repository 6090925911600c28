"""Profiles over HTTP: pages, sessions, and an effect of each parameter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from unit_tests.simulator.wire_client import ask, engage


def read_pages(simulator: Simulator, *, accept: str = "gzip", **params: Any) -> list[dict[str, Any]]:
    """Return all pages, in order."""
    pages = [engage(simulator, accept=accept, **params).json]
    count = -(-pages[0]["total"] // pages[0]["page_size"])
    later = {**params, "session_id": pages[0]["session_id"]}
    return pages + [engage(simulator, accept=accept, page=page, **later).json for page in range(1, count)]


def results(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [profile for page in pages for profile in page["results"]]


@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_pages_are_the_truth_in_each_encoding(simulator: Simulator, accept: str) -> None:
    """Page 0 names the total, later pages don't; the last page is shorter."""
    pages = read_pages(simulator, accept=accept)
    assert results(pages) == simulator.profiles()
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    session_id = pages[0]["session_id"]
    head = {"page_size": 10, "session_id": session_id, "status": "ok"}
    assert [{name: page[name] for name in page if name != "results"} for page in pages] == [
        {"page": 0, **head, "total": 25},
        {"page": 1, **head},
        {"page": 2, **head},
    ]
    assert engage(simulator, page=7, session_id=session_id).json["results"] == []


def test_encoding_follows_the_request_and_the_size(simulator: Simulator) -> None:
    large, plain = engage(simulator), engage(simulator, accept="identity")
    small = engage(simulator, page_size=1)
    assert [answer.headers.get("Content-Encoding") for answer in (large, plain, small)] == ["gzip", None, None]
    assert large.json["results"] == plain.json["results"]
    assert int(large.headers["Content-Length"]) == len(large.wire)


def test_profiles_vary_when_there_are_many() -> None:
    """Some have no $last_seen, and one profile is the same however many there are."""
    with start_simulator(Scenario(profiles=2_500)) as simulator:
        profiles = simulator.profiles()
        assert results(read_pages(simulator)) == profiles
        assert 0 < sum("$last_seen" not in profile["$properties"] for profile in profiles) < 500
        assert len({profile["$distinct_id"] for profile in profiles}) == 2_500
        kinds = {type(value) for profile in profiles for value in profile["$properties"].values()}
        assert kinds == {str, int, float, bool, type(None), dict, list}


def test_page_size_is_the_asked_one_up_to_the_maximum(simulator: Simulator) -> None:
    assert engage(simulator, page_size=7).json["page_size"] == 7
    assert len(results(read_pages(simulator, page_size=7))) == 25
    with start_simulator(Scenario(profiles=5, max_page_size=3, total_on_every_page=True)) as other:
        pages = read_pages(other, page_size=1_000)
        assert [(page["page_size"], page["total"], len(page["results"])) for page in pages] == [(3, 5, 3), (3, 5, 2)]


def test_page_size_is_the_servers_when_it_ignores_the_asked_one() -> None:
    scenario = Scenario(profiles=5, page_size=2, ignore_page_size=True)
    with start_simulator(scenario) as simulator:
        assert [len(page["results"]) for page in read_pages(simulator, page_size=4)] == [2, 2, 1]


def test_there_is_one_empty_page_when_there_are_no_profiles() -> None:
    with start_simulator(Scenario(profiles=0)) as simulator:
        page = engage(simulator).json
        assert (page["total"], page["results"], simulator.profiles()) == (0, [], [])


def test_json_bodies_and_the_older_path_are_understood(simulator: Simulator) -> None:
    """Lists may be lists, or JSON text."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"project_id": 12345, "page": 0, "distinct_ids": ["user-3", "user-1", "nobody"]}).encode()
    for path in ("/api/query/engage", "/api/2.0/engage"):
        page = ask(simulator, path, body=body, headers=headers).json
        assert [profile["$distinct_id"] for profile in page["results"]] == ["user-1", "user-3"]
    assert simulator.requests()[0].params["distinct_ids"] == ["user-3", "user-1", "nobody"]
    for wrong in (b"{", b"[]"):
        assert ask(simulator, "/api/query/engage", body=wrong, headers=headers).status == 400


def test_distinct_ids_select(simulator: Simulator) -> None:
    assert [p["$distinct_id"] for p in engage(simulator, distinct_id="user-7").json["results"]] == ["user-7"]
    several = engage(simulator, distinct_ids='["user-2", "user-24"]').json
    assert ([p["$distinct_id"] for p in several["results"]], several["total"]) == (["user-2", "user-24"], 2)


def test_output_properties_are_all_that_is_shown(simulator: Simulator) -> None:
    shown = results(read_pages(simulator, output_properties='["plan", "$last_seen"]'))
    expected = [
        {
            "$distinct_id": profile["$distinct_id"],
            "$properties": {k: v for k, v in profile["$properties"].items() if k in {"plan", "$last_seen"}},
        }
        for profile in simulator.profiles()
    ]
    assert shown == expected


def test_where_drops_profiles_without_the_property_unless_it_keeps_them(simulator: Simulator) -> None:
    """A comparison with $last_seen drops the profiles that have none; "not defined" keeps them."""
    since = 'properties["$last_seen"] >= "2026-01-01T00:00:00"'
    dropped = results(read_pages(simulator, where=since))
    kept = results(read_pages(simulator, where=f'{since} or not defined(properties["$last_seen"])'))
    last_seen = [(profile, profile["$properties"].get("$last_seen")) for profile in simulator.profiles()]
    assert dropped == [profile for profile, seen in last_seen if seen and seen >= "2026-01-01"]
    assert kept == [profile for profile, seen in last_seen if not seen or seen >= "2026-01-01"]
    assert len(kept) > len(dropped) > 0


def test_cohorts_select_members(simulator: Simulator) -> None:
    """By default a member without a profile is there too; cohort 0 is empty."""
    with_all = engage(simulator, filter_by_cohort='{"id": 8}').json["results"]
    known = engage(simulator, filter_by_cohort='{"id": 8}', include_all_users="false").json["results"]
    assert [p["$distinct_id"] for p in known] == ["user-0", "user-8", "user-16", "user-24"]
    assert with_all == [*known, {"$distinct_id": "cohort-8-without-profile", "$properties": {}}]
    assert engage(simulator, filter_by_cohort='{"id": 0}').json["total"] == 0


def test_groups_have_profiles_of_their_own(simulator: Simulator) -> None:
    groups = results(read_pages(simulator, data_group_id="-77"))
    assert [profile["$distinct_id"] for profile in groups] == [f"group--77-{number}" for number in range(20)]


def test_behaviors_select_and_bind_the_session_to_their_time(simulator: Simulator) -> None:
    """as_of_timestamp is needed past the first page, and must stay the same."""
    params: dict[str, Any] = {
        "behaviors": '[{"window": "30d", "name": "bought", "event_selectors": [{"event": "Purchase"}]}]',
        "where": 'behaviors["bought"] > 1',
        "page_size": 5,
    }
    first = engage(simulator, **params, as_of_timestamp=1_767_225_600).json
    assert [profile["$distinct_id"] for profile in first["results"]] == [f"user-{n}" for n in (2, 5, 8, 11, 14)]
    later = {**params, "page": 1, "session_id": first["session_id"]}
    assert engage(simulator, **later, as_of_timestamp=1_767_225_600).json["results"][0]["$distinct_id"] == "user-17"
    assert engage(simulator, **later).json["error"] == "as_of_timestamp is required with behaviors past the first page"
    assert "must stay 1767225600" in engage(simulator, **later, as_of_timestamp=1).json["error"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"page": 1}, "session_id is required past the first page"),
        ({"page": 1, "session_id": "9-x"}, "session_id 9-x is unknown or has expired"),
        ({"page": "-1"}, "page is '-1': it must be a number from 0"),
        ({"page_size": "0"}, "page_size is '0': it must be a number from 1"),
        ({"behaviors": '[{"name": "a"}]'}, "behaviors need a where expression that uses them"),
        ({"behaviors": "[1]"}, "behaviors must be a JSON array of objects that have a name"),
        ({"distinct_ids": "user-1"}, "distinct_ids is 'user-1': it must be JSON"),
        ({"distinct_ids": '{"a": 1}'}, "distinct_ids must be a JSON array"),
        ({"filter_by_cohort": "[1]"}, "filter_by_cohort must be a JSON object"),
        ({"filter_by_cohort": "{}"}, 'filter_by_cohort must be a JSON object such as {"id": 12}'),
        ({"where": 'properties["a"] >'}, "Unable to parse where: unexpected the end in 'properties[\"a\"] >'"),
        ({"distinct_ids": json.dumps(["a"] * 2_001)}, "distinct_ids has 2001 entries: at most 2000 are allowed"),
    ],
)
def test_engage_is_refused_when_a_parameter_is_wrong(
    simulator: Simulator, params: dict[str, Any], message: str
) -> None:
    answer = engage(simulator, **params)
    assert (answer.status, answer.json["error"]) == (400, message)


def test_a_session_that_expired_fails_until_page_0_is_read_again(simulator: Simulator) -> None:
    session_id = engage(simulator).json["session_id"]
    simulator.add_fault(Fault("expired_session", page=2))
    statuses = [engage(simulator, page=page, session_id=session_id).status for page in (1, 2, 1)]
    assert statuses == [200, 400, 400]
    again = engage(simulator).json["session_id"]
    assert again != session_id
    assert engage(simulator, page=1, session_id=again).status == 200


def test_profiles_change_during_the_read_when_told_to() -> None:
    """A later page still has no total; the next read and the truth have the new one."""
    with start_simulator(Scenario(profiles=12, page_size=10)) as simulator:
        session_id = engage(simulator).json["session_id"]
        simulator.add_fault(Fault("changed_total", page=1, change=3))
        page = engage(simulator, page=1, session_id=session_id).json
        assert len(page["results"]) == 5
        assert (engage(simulator).json["total"], len(simulator.profiles())) == (15, 15)
        simulator.add_fault(Fault("changed_total", change=-100))
        assert (engage(simulator).json["total"], simulator.profiles()) == (0, [])


def test_a_profile_comes_twice_when_told_to(simulator: Simulator) -> None:
    """A page begins with the last profile of the page before; nothing is lost."""
    simulator.add_fault(Fault("duplicate_profile", page=1))
    ids = [profile["$distinct_id"] for profile in results(read_pages(simulator))]
    assert ids == [*(f"user-{n}" for n in range(10)), *(f"user-{n}" for n in range(9, 25))]


def test_a_profile_is_odd_when_told_to(simulator: Simulator) -> None:
    """The first item of a page is another text; the others are as they were."""
    simulator.add_fault(Fault("odd_profile", page=1, text='{"$distinct_id":null}'))
    found = results(read_pages(simulator))
    assert found == [*simulator.profiles()[:10], {"$distinct_id": None}, *simulator.profiles()[11:]]


def test_pages_take_their_time_when_told_to() -> None:
    with start_simulator(Scenario(profiles=12, page_size=10, latency_per_page_s=0.01)) as simulator:
        assert results(read_pages(simulator)) == simulator.profiles()
