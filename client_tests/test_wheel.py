"""The wheel: built from this tree, put into an environment of what its ranges resolve to, and run from elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from client_tests.environments import ROOT, client_program, offline

PACKAGES = ("source_mixpanel_parallel", "destination_duckdb", "mixpanel_to_duckdb", "mixpanel_simulator")
# What an image or a test needs, and a user of the package does not.
LEFT_OUT = {"Dockerfile", ".dockerignore", "requirements.txt", "acceptance-test-config.yml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and put it into the environment, in place of the one that it was made with."""
    directory = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", directory, ROOT)
    [wheel] = directory.glob("*.whl")
    pip(client_program("wheel", "python"), "install", "--no-deps", "--force-reinstall", wheel)
    return wheel


def pip(python: str | Path, *arguments: str | Path) -> str:
    """Run pip and return what it says."""
    command: list[str | Path] = [python, "-m", "pip", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=offline()).stdout


def run(program: str, *arguments: str, directory: Path) -> str:
    """Run one of the wheel's programs from a directory that has nothing of this tree."""
    command: list[str | Path] = [client_program("wheel", program), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=directory, env={}).stdout


def test_wheel_holds_every_file_of_its_packages(wheel: Path) -> None:
    """All files that git knows of the packages are in it, and nothing else of the tree."""
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True)
    wanted = {name for name in tracked.stdout.splitlines() if Path(name).name not in LEFT_OUT}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == wanted


@pytest.mark.parametrize("program", ["source-mixpanel-parallel", "destination-duckdb"])
def test_connector_of_the_wheel_prints_its_spec(program: str, wheel: Path) -> None:
    """`spec` answers with one SPEC message."""
    messages = [json.loads(line) for line in run(program, "spec", directory=wheel.parent).splitlines()]
    [spec] = [message["spec"] for message in messages if message["type"] == "SPEC"]
    assert spec["connectionSpecification"]["type"] == "object"


def test_command_of_the_wheel_says_its_version(wheel: Path) -> None:
    """`mixpanel-to-duckdb --version` is the wheel's."""
    said = run("mixpanel-to-duckdb", "--version", directory=wheel.parent)
    assert said == f"mixpanel-to-duckdb, version {wheel.name.split('-')[1]}\n"


def test_ranges_of_the_wheel_are_met(wheel: Path) -> None:
    """What pip chose for the ranges of pyproject.toml fits together, and was not installed from the lock file."""
    assert wheel.is_file()
    assert "No broken requirements found" in pip(client_program("wheel", "python"), "check")
