"""`airbyte-cdk connector test`, run on the source's directory as its author would run it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from client_tests.environments import ROOT, offline, our_program
from integration_tests.standard.test_source import SCENARIO, configs_for
from mixpanel_simulator import Fault, start_simulator

FILES = ("metadata.yaml", "acceptance-test-config.yml")


def test_connector_command_passes_the_standard_tests(tmp_path: Path) -> None:
    """It finds the source by the directory's name, and every test that needs no container passes."""
    directory = tmp_path / "source-mixpanel-parallel"
    (directory / "secrets").mkdir(parents=True)
    for name in FILES:
        (directory / name).symlink_to(ROOT / name)
    with start_simulator(SCENARIO) as sound, start_simulator(SCENARIO) as damaged:
        damaged.add_fault(Fault("no_event", path="export", times=None))
        for path, config in configs_for(sound, damaged).items():
            (directory / path).write_text(json.dumps(config))
        command = [
            str(our_program("airbyte-cdk")),
            "connector",
            "test",
            f"{directory}/",
            "--pytest-arg=-mnot image_tests",
        ]
        ended = subprocess.run(
            command, cwd=directory, env=offline(), check=False, capture_output=True, text=True, timeout=300
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "15 passed" in ended.stdout
