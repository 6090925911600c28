"""The README's commands, run as a reader would run them: in a shell, one after the other, on a simulated Mixpanel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from mixpanel_simulator import Scenario, start_simulator

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"<!-- (\w+): ([\w.]+) -->\n```\w+\n(.*?)```", re.DOTALL)


def blocks(kind: str) -> list[tuple[str, str]]:
    """Return (argument, text) of the marked code blocks of one kind."""
    return [(argument, text) for found, argument, text in BLOCK.findall(README) if found == kind]


def test_readme_names_make_targets_that_exist() -> None:
    """`make demo` and `make test` are rules of the Makefile."""
    targets = re.findall(r"^\$ make ([\w-]+)$", README, re.MULTILINE)
    assert targets == ["demo", "test", "test-clients"]
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_readme_commands_bring_the_data(tmp_path: Path) -> None:
    """The files, the shell blocks in order, and the query work as printed, but for the credentials and the address."""
    with start_simulator(Scenario(days=5, events_per_day=40, profiles=12)) as simulator:
        for name, text in blocks("file"):
            document = json.loads(text)
            if "credentials" in document:
                document["credentials"] = simulator.credentials
                document["endpoints"] = {"export": simulator.url, "query": simulator.url}
                document["end_date"] = "2026-01-05"
            (tmp_path / name).write_text(json.dumps(document))
        (tmp_path / "main.py").symlink_to(ROOT / "main.py")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shell = [text for argument, text in blocks("test") if argument == "shell"]
        script = "set -eo pipefail\n" + "".join(shell)
        ended = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": path}, check=False, capture_output=True
        )
        assert ended.returncode == 0, ended.stderr.decode()
        [(_, program)] = [block for block in blocks("test") if block[0] == "python"]
        ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False, capture_output=True)
        assert ended.returncode == 0, ended.stderr.decode()
        assert ended.stdout.decode().splitlines()[-1].endswith(" False []")
    [(_, query)] = [block for block in blocks("test") if block[0] == "sql"]
    with duckdb.connect(str(tmp_path / "mixpanel.duckdb"), read_only=True) as connection:
        assert connection.execute(query).fetchall()
        assert connection.table("events").count("*").fetchall() == [(200,)]
        assert connection.table("profiles").count("*").fetchall() == [(12,)]


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_readme_links_lead_somewhere(path: str) -> None:
    """Every relative link names a file of the repository."""
    assert (ROOT / path).is_file()
