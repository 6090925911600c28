"""Config, catalog and state from pipes, stdin and the environment, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integration_tests.source_run import config_for
from mixpanel_simulator import Simulator

MAIN = Path(__file__).resolve().parents[2] / "main.py"


def shell(script: str, folder: Path, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Run *script* in bash, where `source` is the source, and return what it printed."""
    command = f'source() {{ "{sys.executable}" "{MAIN}" "$@"; }}; {script}'
    done = subprocess.run(
        ["bash", "-c", command],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def messages(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.split("\n") if line]  # str.splitlines breaks at U+2028 too


def statuses(stdout: str) -> list[dict[str, str]]:
    """Return what `check` answered."""
    return [message["connectionStatus"] for message in messages(stdout) if message["type"] == "CONNECTION_STATUS"]


def test_read_from_pipes(simulator: Simulator, tmp_path: Path) -> None:
    """All three may be pipes, which can be read but once: rows come, and the state is believed."""
    (tmp_path / "config.json").write_text(json.dumps(config_for(simulator, lookback_days=0)))
    catalog = json.loads(shell("source catalog --config <(cat config.json)", tmp_path))
    catalog["streams"] = [stream for stream in catalog["streams"] if stream["stream"]["name"] == "events"]
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    first = messages(shell("source read --config <(cat config.json) --catalog <(cat catalog.json)", tmp_path))
    assert len([message for message in first if message["type"] == "RECORD"]) == 1200
    states = [message["state"] for message in first if message["type"] == "STATE"]
    (tmp_path / "state.json").write_text(json.dumps(states[-1:]))
    simulator.clear_requests()
    shell("source read --config config.json --catalog catalog.json --state <(cat state.json)", tmp_path)
    assert simulator.requests() == []


@pytest.mark.parametrize("command", ["check", "discover", "catalog"])
def test_config_from_stdin(simulator: Simulator, tmp_path: Path, command: str) -> None:
    """`--config -` is stdin, whatever the command."""
    stdout = shell(f"source {command} --config -", tmp_path, stdin=json.dumps(config_for(simulator)))
    if command == "check":
        assert statuses(stdout) == [{"status": "SUCCEEDED"}]
    else:
        assert "rejected_lines" in stdout


def test_state_from_stdin(simulator: Simulator, tmp_path: Path) -> None:
    """`--state -` is stdin: `destination-duckdb state | source read --state -` needs no file."""
    (tmp_path / "config.json").write_text(json.dumps(config_for(simulator)))
    stdout = shell("source read --config config.json --state -", tmp_path, stdin="[]")
    assert len([message for message in messages(stdout) if message["type"] == "RECORD"]) == 1225


def test_credentials_from_the_environment(simulator: Simulator, tmp_path: Path) -> None:
    """What the config leaves out of a service account comes from the environment; the config wins."""
    scenario = simulator.scenario
    config = config_for(simulator)
    config["credentials"] = {"project_id": str(scenario.project_id)}
    account = {
        "MIXPANEL_USERNAME": scenario.username,
        "MIXPANEL_SECRET": scenario.secret,
        "MIXPANEL_PROJECT_ID": "999",
    }
    stdout = shell("source check --config -", tmp_path, stdin=json.dumps(config), environment=account)
    assert statuses(stdout) == [{"status": "SUCCEEDED"}]
    assert scenario.secret not in stdout


def test_config_when_stdin_is_empty(tmp_path: Path) -> None:
    """The sentence names the option."""
    sentence = "--config - is empty: it must be JSON"
    assert statuses(shell("source check --config -", tmp_path)) == [{"status": "FAILED", "message": sentence}]
