"""`check`: one cheap request, and a sentence that says what is wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteConnectionStatus, Status

from integration_tests.source_run import config_for
from mixpanel_simulator import Fault, Simulator
from source_mixpanel_parallel.source import SourceMixpanelParallel


def check(config: dict[str, Any]) -> AirbyteConnectionStatus:
    """Run `check` in this process."""
    return SourceMixpanelParallel(config=config).check(logging.getLogger("airbyte"), config)


def test_check_succeeds_with_one_request(simulator: Simulator) -> None:
    """A working config costs one request for one event of one day."""
    assert check(config_for(simulator)).status == Status.SUCCEEDED
    [request] = simulator.requests()
    assert request.params["limit"] == "1"
    assert request.params["from_date"] == request.params["to_date"]


@pytest.mark.parametrize("name", ["project_secret", "access_token"])
def test_check_succeeds_with_other_credentials(simulator: Simulator, name: str) -> None:
    """A project secret and an OAuth token work too, and need no option_title."""
    scenario = simulator.scenario
    credentials: dict[str, Any] = {"api_secret": scenario.project_secret}
    if name == "access_token":
        credentials = {"access_token": scenario.access_token, "project_id": scenario.project_id}
    assert check({**config_for(simulator), "credentials": credentials}).status == Status.SUCCEEDED


def test_check_names_wrong_credentials(simulator: Simulator) -> None:
    """Credentials that Mixpanel does not know are told from a project that is out of reach; no secret is shown."""
    config = config_for(simulator)
    config["credentials"] = {**config["credentials"], "secret": "not-the-secret"}
    status = check(config)
    assert status.status == Status.FAILED
    assert "does not know this service account in region US" in str(status.message)
    assert "not-the-secret" not in str(status.message)
    assert len(simulator.requests()) == 2


def test_check_names_a_project_out_of_reach(simulator: Simulator) -> None:
    """Good credentials for another project: the sentence names the project."""
    config = config_for(simulator)
    config["credentials"] = {**config["credentials"], "project_id": 999}
    assert "no access to project 999 in region US" in str(check(config).message)


def test_check_names_a_plan_without_export(simulator: Simulator) -> None:
    """402 says that it is the plan."""
    simulator.add_fault(Fault(kind="status", path="export", status=402, body='{"error": "Your plan does not"}'))
    assert "plan does not include this API" in str(check(config_for(simulator)).message)


def test_check_names_the_network(simulator: Simulator) -> None:
    """Nobody listening: the sentence names the address."""
    config = {**config_for(simulator), "endpoints": {"export": "http://127.0.0.1:9", "query": simulator.url}}
    assert "Can't reach Mixpanel at http://127.0.0.1:9" in str(check(config).message)


def test_check_takes_a_used_up_quota_for_success(simulator: Simulator) -> None:
    """429 proves that the project and the credentials are known."""
    simulator.add_fault(Fault(kind="rate_limited"))
    assert check(config_for(simulator)).status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start_date": "2026-02-01"}, "end_date 2026-01-20 is before start_date 2026-02-01"),
        ({"project_timezone": "Mars/Olympus"}, "project_timezone 'Mars/Olympus' is not a timezone"),
        ({"endpoints": {"export": "http://192.0.2.1"}}, "would send the credentials unencrypted"),
        ({"event_streams": [{"name": "Events"}]}, "'Events' is taken by another stream"),
        ({"event_streams": [{"name": " "}]}, "event_streams[0] has no name"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_check_names_what_is_wrong_in_the_config(simulator: Simulator, fields: dict[str, Any], message: str) -> None:
    """A config that can't work is refused before any request."""
    status = check({**config_for(simulator), **fields})
    assert status.status == Status.FAILED
    assert message in str(status.message)
    assert simulator.requests() == []
