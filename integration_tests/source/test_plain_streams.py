"""A stream of plain YAML in a copy of the manifest: read beside `events`, counted, and held to Mixpanel's quotas."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import source_mixpanel_parallel
from integration_tests.source_run import config_for
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

COHORTS = """
type: DeclarativeStream
name: cohorts
primary_key: [id]
schema_loader:
  type: InlineSchemaLoader
  schema:
    $schema: http://json-schema.org/draft-07/schema#
    type: object
    properties:
      id: {type: integer}
      name: {type: string}
      count: {type: integer}
retriever:
  type: SimpleRetriever
  requester:
    type: HttpRequester
    url: "{{ config['endpoints']['query'] }}/api/query/cohorts/list"
    http_method: POST
    authenticator:
      type: BasicHttpAuthenticator
      username: "{{ config['credentials']['username'] }}"
      password: "{{ config['credentials']['secret'] }}"
    request_parameters:
      project_id: "{{ config['credentials']['project_id'] }}"
  record_selector:
    type: RecordSelector
    extractor:
      type: DpathExtractor
      field_path: []
"""
SCENARIO = Scenario(days=4, events_per_day=30, profiles=25, page_size=10, cohorts=3)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the source's package, with streams of plain YAML added to its manifest."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "source_mixpanel_parallel"
    shutil.copytree(Path(source_mixpanel_parallel.__file__).parent, copy)
    manifest = yaml.safe_load((copy / "manifest.yaml").read_text())
    stream = yaml.safe_load(COHORTS)
    manifest["streams"] += [stream, {**stream, "name": "cohorts_again"}]
    (copy / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder


def run(package: Path, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    """Run the copy with *arguments*; return its exit code and messages."""
    command = [sys.executable, "-m", "source_mixpanel_parallel.run", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    ended = subprocess.run(command, check=False, capture_output=True, cwd=package, env=environment)
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


def read(package: Path, simulator: Simulator, *streams: str) -> tuple[int, list[dict[str, Any]]]:
    """Read *streams* of *simulator*."""
    config, catalog = package / "config.json", package / "catalog.json"
    config.write_text(json.dumps(config_for(simulator)))
    messages = run(package, "discover", "--config", config)[1]
    discovered = next(message["catalog"] for message in messages if message["type"] == "CATALOG")
    configured = [
        {"stream": stream, "sync_mode": stream["supported_sync_modes"][-1], "destination_sync_mode": "append"}
        for stream in discovered["streams"]
        if stream["name"] in streams
    ]
    catalog.write_text(json.dumps({"streams": configured}))
    simulator.clear_requests()
    return run(package, "read", "--config", config, "--catalog", catalog)


def rows(messages: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    return [m["record"]["data"] for m in messages if m["type"] == "RECORD" and m["record"]["stream"] == stream]


def states(messages: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    found = [m["state"] for m in messages if m["type"] == "STATE"]
    return [state for state in found if state["stream"]["stream_descriptor"]["name"] == stream]


def statuses(messages: list[dict[str, Any]], stream: str) -> list[str]:
    found = [m["trace"]["stream_status"] for m in messages if "stream_status" in m.get("trace", {})]
    return [status["status"] for status in found if status["stream_descriptor"]["name"] == stream]


def results(messages: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    lines = [m["log"]["message"] for m in messages if m["type"] == "LOG"]
    found = [json.loads(line.removeprefix("result: ")) for line in lines if line.startswith("result: ")]
    return [result for result in found if result["stream"] == stream]


def test_a_plain_stream_is_read_beside_events(package: Path) -> None:
    """Its records, one state that counts them, its result and COMPLETE; `events` and `profiles` as ever."""
    with start_simulator(SCENARIO) as simulator:
        code, messages = read(package, simulator, "events", "profiles", "cohorts")
        assert code == 0, messages[-1]
        assert [(row["id"], row["count"]) for row in rows(messages, "cohorts")] == [(1000, 0), (1001, 10), (1002, 20)]
        assert [state["sourceStats"]["recordCount"] for state in states(messages, "cohorts")] == [3.0]
        assert [result["rows"] for result in results(messages, "cohorts")] == [3]
        assert (len(rows(messages, "events")), len(rows(messages, "profiles"))) == (120, 25)
        assert sum(state["sourceStats"]["recordCount"] for state in states(messages, "events")) == 120
        for stream in ("events", "profiles", "cohorts"):
            assert (statuses(messages, stream)[0], statuses(messages, stream)[-1]) == ("STARTED", "COMPLETE")


def test_a_plain_stream_that_is_refused_fails_alone(package: Path) -> None:
    """402 from its own API: an error that names it and INCOMPLETE; the other streams are complete."""
    with start_simulator(SCENARIO) as simulator:
        simulator.add_fault(Fault(kind="status", status=402, path="cohorts", times=None))
        code, messages = read(package, simulator, "events", "profiles", "cohorts")
    assert code == 1
    assert statuses(messages, "cohorts")[-1] == "INCOMPLETE"
    assert rows(messages, "cohorts") == []
    assert (len(rows(messages, "events")), len(rows(messages, "profiles"))) == (120, 25)
    assert [statuses(messages, stream)[-1] for stream in ("events", "profiles")] == ["COMPLETE", "COMPLETE"]
    errors = [m["trace"]["error"] for m in messages if "error" in m.get("trace", {})]
    assert errors[0]["stream_descriptor"]["name"] == "cohorts"
    assert [error["internal_message"].partition(": ")[0] for error in errors] == ["internal", "streams_incomplete"]


def test_plain_streams_wait_for_the_quota_they_share(package: Path) -> None:
    """Two plain streams and `profiles` in an hour of two requests: the third waits, says so, and all are complete."""
    scenario = Scenario(days=1, profiles=5, cohorts=3, quotas=True, hour_s=8.0, query_hour_limit=2, retry_after_s=1.0)
    with start_simulator(scenario) as simulator:
        code, messages = read(package, simulator, "profiles", "cohorts", "cohorts_again")
        assert code == 0, messages[-1]
        statuses_seen = {request.status for request in simulator.requests()}
    assert statuses_seen == {200, 429}
    assert [len(rows(messages, stream)) for stream in ("profiles", "cohorts", "cohorts_again")] == [5, 3, 3]
    logs = [m["log"]["message"] for m in messages if m["type"] == "LOG"]
    assert any("quota is used up (hour)" in line for line in logs)
