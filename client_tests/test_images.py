"""The images, as far as they can be tried without a container engine: nothing here builds or runs one.

The Dockerfiles are linted; `airbyte-cdk image build` is run with a stand-in for `docker` that notes what it is asked;
the files that an image would hold are run in an environment that has what the image would install, and nothing else.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path, PurePath
from typing import Any

import duckdb
import pytest

from client_tests.environments import ROOT, client_program, offline, our_program
from client_tests.image_recipe import Recipe
from integration_tests.destination.destination_process import configured, lines, record, state, status
from integration_tests.source_run import config_for
from mixpanel_simulator import Scenario, start_simulator

SOURCE, DESTINATION = Recipe(ROOT), Recipe(ROOT / "destination_duckdb")
RECIPES = {"source-mixpanel-parallel": SOURCE, "destination-duckdb": DESTINATION}
INSTALL = (
    "python -m venv /opt/venv"
    " && /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt"
)
STAND_IN = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
[ "$1" != run ] || exec "$CONNECTOR" spec
"""


@pytest.mark.parametrize("name", RECIPES)
def test_dockerfile_has_no_lint(name: str) -> None:
    """The linter, hadolint, finds nothing."""
    command = [client_program("tools", "hadolint"), RECIPES[name].directory / "Dockerfile"]
    assert subprocess.run(command, check=False, capture_output=True).stdout == b""


@pytest.mark.parametrize("name", RECIPES)
def test_image_is_small_unprivileged_and_without_secrets(name: str) -> None:
    """Two stages, a pinned base, a user that is not root, no argument but the base, nothing sent that git ignores."""
    recipe = RECIPES[name]
    [base] = [text for keyword, text in recipe.instructions() if keyword == "ARG"]
    assert "@sha256:" in base
    build, image = recipe.stages()
    assert [instruction.text for instruction in build if instruction.keyword == "RUN"] == [INSTALL]
    assert [instruction for instruction in image if instruction.keyword in {"RUN", "ARG"}] == []
    assert recipe.only("USER") == "1000:1000"
    tracked = subprocess.run(["git", "ls-files"], cwd=recipe.directory, check=True, capture_output=True, text=True)
    assert recipe.context() <= {PurePath(line) for line in tracked.stdout.splitlines()}


@pytest.mark.parametrize("name", RECIPES)
def test_cdk_builds_the_image(name: str, tmp_path: Path) -> None:
    """`airbyte-cdk image build` accepts metadata.yaml, hands its base image to the Dockerfile, and runs `spec`."""
    recipe, calls = RECIPES[name], tmp_path / "calls"
    stand_in = tmp_path / "docker"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    environment = offline(PATH=f"{tmp_path}:/usr/bin:/bin", CALLS=str(calls), CONNECTOR=str(our_program(name)))
    command: list[str | Path] = [our_program("airbyte-cdk"), "image", "build", f"{recipe.directory}/", "--tag", "dev"]
    command += ["--dockerfile", recipe.directory / "Dockerfile"]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Build and verification completed successfully: mixpanel-to-duckdb/{name}:dev" in ended.stdout
    _, build, _, run = calls.read_text().splitlines()
    assert f"--file {recipe.directory / 'Dockerfile'} " in build
    assert " --build-arg BASE_IMAGE=docker.io/airbyte/python-connector-base:4.0.2@sha256:" in build
    assert build.endswith(f" {recipe.directory}")
    assert run == f"run --rm mixpanel-to-duckdb/{name}:dev spec"


def run_image(recipe: Recipe, environment: str, root: Path, *arguments: Any, stdin: bytes = b"") -> list[Any]:
    """Run what the image would run, with the image's files below *root*, and return the messages."""
    recipe.copy_to(root)
    python = client_program(environment, "python")
    words = [word.replace("/airbyte/", f"{root}/airbyte/") for word in recipe.entrypoint()[1:]]
    ended = subprocess.run(
        [python, *words, *map(str, arguments)],
        cwd=root / recipe.only("WORKDIR").lstrip("/"),
        env={},
        input=stdin,
        check=False,
        capture_output=True,
    )
    assert recipe.entrypoint()[0] == "/opt/venv/bin/python"
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_source_runs_with_what_its_image_holds(tmp_path: Path) -> None:
    """`spec`, `check` and `read` need no file and no package that the image would not have."""
    root = tmp_path / "root"
    [spec] = [m for m in run_image(SOURCE, "source-image", root, "spec") if m["type"] == "SPEC"]
    assert spec["spec"]["connectionSpecification"]["title"]
    with start_simulator(Scenario(days=3, events_per_day=40, profiles=5)) as simulator:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(config_for(simulator)))
        check = run_image(SOURCE, "source-image", root, "check", "--config", config)
        assert [m["connectionStatus"]["status"] for m in check if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]
        read = run_image(SOURCE, "source-image", root, "read", "--config", config)
    streams = [message["record"]["stream"] for message in read if message["type"] == "RECORD"]
    assert (streams.count("events"), streams.count("profiles"), len(streams)) == (120, 5, 125)


def test_destination_runs_with_what_its_image_holds(tmp_path: Path) -> None:
    """`spec`, `check` and `write` need no file and no package that the image would not have."""
    root, config, catalog = tmp_path / "root", tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps({"destination_path": str(tmp_path / "image.duckdb")}))
    catalog.write_text(json.dumps({"streams": [configured("s", {"a": {"type": "integer"}})]}))
    [spec] = run_image(DESTINATION, "destination-image", root, "spec")
    assert spec["type"] == "SPEC"
    [check] = run_image(DESTINATION, "destination-image", root, "check", "--config", config)
    assert check["connectionStatus"]["status"] == "SUCCEEDED"
    stdin = lines([status("s", "STARTED"), record("s", {"a": 1}), state("s", {"x": 1}), status("s")])
    arguments = ("write", "--config", config, "--catalog", catalog)
    written = run_image(DESTINATION, "destination-image", root, *arguments, stdin=stdin)
    assert [message["state"]["stream"]["stream_state"] for message in written if message["type"] == "STATE"] == [
        {"x": 1}
    ]
    with duckdb.connect(str(tmp_path / "image.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT a FROM s").fetchall() == [(1,)]
