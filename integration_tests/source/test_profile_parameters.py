"""Every parameter as the server sees it, and what excludes each other before any request."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteCatalog, DestinationSyncMode, SyncMode

from integration_tests.source.profile_truth import emitted, pages_asked, records_of, truth
from integration_tests.source_run import LOGGER, config_for, run_source
from mixpanel_simulator import Simulator
from source_mixpanel_parallel.catalog import best_catalog
from source_mixpanel_parallel.source import SourceMixpanelParallel

OWN = {"page", "session_id", "project_id"}
BEHAVIORS = [{"window": "30d", "name": "bought", "event_selectors": [{"event": "Purchase"}]}]

SEEN: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"page_size": 7}, {"page_size": "7"}),
    ({"where": 'properties["plan"] == "premium"'}, {"where": 'properties["plan"] == "premium"'}),
    ({"output_properties": ["plan", "名前"]}, {"output_properties": json.dumps(["plan", "名前"])}),
    ({"distinct_ids": ["user-3", 'a"b', "user-3"]}, {"distinct_ids": '["user-3", "a\\"b"]'}),
    ({"cohort_id": 8}, {"filter_by_cohort": '{"id": 8}'}),
    ({"cohort_id": 0}, {"filter_by_cohort": '{"id": 0}'}),
    (
        {"cohort_id": 8, "include_all_users": False},
        {"filter_by_cohort": '{"id": 8}', "include_all_users": "false"},
    ),
    ({"group": "-77"}, {"data_group_id": "-77"}),
    ({"group": -77}, {"data_group_id": "-77"}),
    ({"as_of_timestamp": 1_767_225_600}, {"as_of_timestamp": "1767225600"}),
    ({"workspace_id": 99}, {"workspace_id": "99"}),
    (
        {"behaviors": BEHAVIORS, "where": 'behaviors["bought"] > 1', "as_of_timestamp": 5},
        {"behaviors": json.dumps(BEHAVIORS), "where": 'behaviors["bought"] > 1', "as_of_timestamp": "5"},
    ),
]


@pytest.mark.parametrize(("parameters", "seen"), SEEN, ids=[", ".join(parameters) for parameters, _ in SEEN])
def test_parameters_arrive_as_the_api_wants_them(
    simulator: Simulator, parameters: dict[str, Any], seen: dict[str, str]
) -> None:
    """Each is a form field of every page; what is not set is not sent."""
    run = run_source(config_for(simulator, profiles=parameters), ["profiles"])
    assert run.status("profiles") == "COMPLETE"
    for entry in simulator.requests():
        assert {name: value for name, value in entry.params.items() if name not in OWN} == seen
        assert entry.params["project_id"] == "12345"


def test_where_is_not_a_template(simulator: Simulator) -> None:
    """Braces in an expression are the expression's own."""
    run = run_source(config_for(simulator, profiles={"where": 'properties["a"] == "{{ 1 }}"'}), ["profiles"])
    assert (run.status("profiles"), emitted(run)) == ("COMPLETE", [])
    assert [entry.params["where"] for entry in simulator.requests()] == ['properties["a"] == "{{ 1 }}"']


def test_parameters_select(simulator: Simulator) -> None:
    """What comes is what was asked for, and nothing else."""
    cohort = run_source(config_for(simulator, profiles={"cohort_id": 8, "include_all_users": False}), ["profiles"])
    assert emitted(cohort) == records_of(simulator.profiles()[::8])
    some = run_source(config_for(simulator, profiles={"output_properties": ["plan"]}), ["profiles"])
    assert emitted(some) == records_of(
        {"$distinct_id": profile["$distinct_id"], "$properties": {"plan": profile["$properties"]["plan"]}}
        for profile in simulator.profiles()
    )


def test_behaviors_are_judged_at_one_moment(simulator: Simulator) -> None:
    """as_of_timestamp is set to the beginning of the read, the same for all pages."""
    before_s = int(time.time())
    parameters = {"behaviors": BEHAVIORS, "where": 'behaviors["bought"] > 0', "page_size": 4}
    run = run_source(config_for(simulator, profiles=parameters), ["profiles"])
    assert emitted(run) == records_of(p for n, p in enumerate(simulator.profiles()) if n % 3)
    assert len(simulator.requests()) == 4
    [moment] = {int(entry.params["as_of_timestamp"]) for entry in simulator.requests()}
    assert before_s <= moment <= time.time()


def test_many_distinct_ids_are_split(simulator: Simulator) -> None:
    """2,000 ids a request, each with pages of its own; every profile arrives once."""
    ids = [f"user-{number}" for number in (*range(12), *range(100_000, 102_000), *range(12, 25))]
    run = run_source(config_for(simulator, profiles={"distinct_ids": ids}), ["profiles"])
    assert (run.error, run.status("profiles")) == (None, "COMPLETE")
    assert emitted(run) == truth(simulator)
    asked = [(json.loads(entry.params["distinct_ids"]), int(entry.params["page"])) for entry in simulator.requests()]
    assert sorted((len(chunk), page) for chunk, page in asked) == [(25, 0), (25, 1), (2000, 0), (2000, 1)]
    assert sorted({identifier for chunk, _ in asked for identifier in chunk}) == sorted(ids)
    reports = run.reports("progress: ", "profiles")
    assert sorted(report["page_index"] for report in reports) == [0, 1, 2, 3]


def test_further_streams_have_parameters_of_their_own(simulator: Simulator) -> None:
    """One stream a group type, a cohort, and so on, beside the stream of all users."""
    streams = [{"name": "companies", "group": "-77"}, {"name": "premium", "cohort_id": 8, "include_all_users": False}]
    run = run_source(config_for(simulator, profile_streams=streams), ["profiles", "companies", "premium"])
    assert run.error is None
    assert emitted(run) == truth(simulator)
    assert {record["distinct_id"] for record in run.records("companies")} == {f"group--77-{n}" for n in range(20)}
    assert emitted(run, "premium") == records_of(simulator.profiles()[::8])
    assert max(entry.running for entry in simulator.requests()) <= 5


def test_streams_are_offered_as_they_can_be_read(simulator: Simulator) -> None:
    """All can go on after a break; incremental is offered where only a profile seen anew can begin to match."""
    streams = [{"name": "companies", "group": "-77"}, {"name": "premium", "cohort_id": 8}]
    config = config_for(simulator, profile_streams=streams)
    discovered = SourceMixpanelParallel(config=config).discover(LOGGER, config).streams
    offered = {
        stream.name: (
            stream.is_resumable,
            SyncMode.incremental in stream.supported_sync_modes,
            stream.default_cursor_field,
        )
        for stream in discovered
    }
    assert {name: offered[name] for name in ("profiles", "companies", "premium")} == {
        "profiles": (True, True, ["last_seen"]),
        "companies": (True, True, ["last_seen"]),
        "premium": (True, False, None),
    }
    assert simulator.requests() == []
    best = {stream.stream.name: stream for stream in best_catalog(AirbyteCatalog(streams=discovered)).streams}
    modes = {(best[name].sync_mode, best[name].destination_sync_mode) for name in ("profiles", "companies", "premium")}
    assert modes == {(SyncMode.full_refresh, DestinationSyncMode.overwrite)}


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"behaviors": BEHAVIORS, "where": "1 == 1", "cohort_id": 3},
        "behaviors and cohort_id exclude each other: leave one out",
    ),
    ({"behaviors": BEHAVIORS}, "behaviors need a where that names them: add one, or leave them out"),
    (
        {"include_all_users": False},
        "include_all_users says something of a cohort's members: add a cohort_id, or leave it out",
    ),
    ({"distinct_ids": ["a"], "cohort_id": 3}, "distinct_ids and cohort_id exclude each other: leave one out"),
]


@pytest.mark.parametrize(("parameters", "sentence"), WRONG, ids=[" ".join(parameters) for parameters, _ in WRONG])
def test_parameters_that_exclude_each_other_are_named(
    simulator: Simulator, parameters: dict[str, Any], sentence: str
) -> None:
    """A sentence with the place in the config, before any request."""
    assert run_source(config_for(simulator, profiles=parameters)).error == f"profiles: {sentence}"
    streams = [{"name": "a"}, {"name": "b", **parameters}]
    assert run_source(config_for(simulator, profile_streams=streams)).error == f"profile_streams[1]: {sentence}"
    assert simulator.requests() == []


def test_a_wrong_expression_is_mixpanels_sentence(simulator: Simulator) -> None:
    """What only Mixpanel can judge is asked once, and its sentence is shown."""
    run = run_source(config_for(simulator, profiles={"where": 'properties["a"] >'}), ["profiles"])
    assert "Unable to parse where" in run.errors()[0]
    assert pages_asked(simulator.requests()) == [0]
