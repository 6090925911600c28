"""`mixpanel-to-duckdb init`: answers on a terminal become a config that works."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.command.command_run import CTRL_C, Ended, lines_of, run, run_on_terminal
from mixpanel_simulator import Scenario, Simulator, start_simulator

SCENARIO = Scenario(days=3, events_per_day=5, region="EU")
OTHERS = Scenario(days=3, events_per_day=5, username="another", secret="another")


@pytest.fixture(scope="module")
def europe() -> Iterator[Simulator]:
    """Run the region where the account is known."""
    with start_simulator(SCENARIO) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Simulator]:
    """Run the other regions, which don't know the account."""
    with start_simulator(OTHERS) as running:
        yield running


def init(path: Path, europe: Simulator, elsewhere: Simulator, secret: str) -> Ended:
    """Run `init` on a terminal and answer its questions, once wrongly."""
    endpoints = [f"US={elsewhere.url}", f"EU={europe.url}", f"IN={elsewhere.url}"]
    flags = [part for endpoint in endpoints for part in ("--endpoint", endpoint)]
    keys = [
        ("Username", SCENARIO.username),
        ("Secret", secret),
        ("Project number", "the first"),
        ("Project number", str(SCENARIO.project_id)),
        ("timezone", "Europe/Berlin"),
        ("before 2023", "y"),
        ("First day", "2026-01-01"),
    ]
    typed = [(word, text.encode() + b"\n") for word, text in keys]
    return run_on_terminal(200, "init", "--config", path, *flags, keys=typed)


def test_init_finds_the_region(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """The three regions are tried, the one that works is written, for its owner only; the secret is not shown."""
    path = tmp_path / "mixpanel.json"
    ended = init(path, europe, elsewhere, SCENARIO.secret)
    shown = lines_of(ended.stdout)
    assert ended.exit_code == 0, ended.stdout
    assert "  EU: works" in shown
    assert any(line.startswith("  US: Mixpanel does not know this service account") for line in shown)
    assert SCENARIO.secret not in ended.stdout
    assert json.loads(path.read_text()) == {
        "credentials": {
            "username": SCENARIO.username,
            "secret": SCENARIO.secret,
            "project_id": SCENARIO.project_id,
        },
        "project_timezone": "Europe/Berlin",
        "legacy_timestamps": True,
        "start_date": "2026-01-01",
        "region": "EU",
        "endpoints": {"export": europe.url, "query": europe.url},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["mixpanel.json"]

    again = run("init", "--config", path)
    assert again.exit_code == 3
    assert "is there already: choose another path, or --force" in again.stderr


def test_init_when_no_region_knows_the_account(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """Exit code 2, what each region says, and nothing is written."""
    ended = init(tmp_path / "mixpanel.json", europe, elsewhere, "wrong")
    assert ended.exit_code == 2
    assert "no region takes these credentials, so nothing was written" in ended.stdout
    assert list(tmp_path.iterdir()) == []


# Looks at the folder whenever Python is about to open, rename or change a file, and notes the modes it finds.
WATCHED = """
import os, sys
folder, notes, *arguments = sys.argv[1:]
seen, looking = set(), []

def look(event, _arguments):
    if not looking:
        looking.append(event)
        seen.update(entry.stat().st_mode & 0o777 for entry in os.scandir(folder))
        looking.clear()

from mixpanel_to_duckdb.run import main
os.umask(0)
sys.addaudithook(look)
code = main(arguments)
with open(notes, "w") as file:
    file.write(" ".join(f"{mode:o}" for mode in seen))
sys.exit(code)
"""


def account() -> dict[str, str]:
    """Return the account as the environment tells it."""
    return {
        "MIXPANEL_USERNAME": SCENARIO.username,
        "MIXPANEL_SECRET": SCENARIO.secret,
        "MIXPANEL_PROJECT_ID": str(SCENARIO.project_id),
    }


def everywhere(simulator: Simulator) -> list[str]:
    """Return the flags that put *simulator* in the place of every region."""
    return [part for region in ("US", "EU", "IN") for part in ("--endpoint", f"{region}={simulator.url}")]


def test_init_is_never_readable_by_others(europe: Simulator, tmp_path: Path) -> None:
    """From its first moment on nobody else may read the file, though the umask would let them."""
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    folder.mkdir()
    arguments = ["init", "--config", str(folder / "mixpanel.json"), *everywhere(europe)]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, folder, notes, *arguments],
        input="\n" * 5,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **account()},
    )
    assert done.returncode == 0, done.stderr
    assert notes.read_text() == "600"


def test_init_takes_the_environments_credentials(europe: Simulator, tmp_path: Path) -> None:
    """They are offered, the secret is used unasked and unsaid; --force replaces the file, which works for a sync."""
    path = tmp_path / "mixpanel.json"
    path.write_text("{}")
    path.chmod(0o644)
    ended = run("init", "--config", path, "--force", *everywhere(europe), environment=account(), stdin="\n" * 5)
    assert ended.exit_code == 0, ended.stderr
    assert SCENARIO.secret not in ended.stdout + ended.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    flags = ["--from", "2026-01-01", "--to", "2026-01-03", "--streams", "events", "--json"]
    assert run("sync", tmp_path / "m.duckdb", "--config", path, *flags).document["rows"] == 15


def test_init_stopped(tmp_path: Path) -> None:
    """Ctrl-C at a question ends it with exit code 130, and nothing is written."""
    path = tmp_path / "mixpanel.json"
    ended = run_on_terminal(80, "init", "--config", path, keys=[("Username", b"me\n"), ("Secret", CTRL_C)])
    assert ended.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_init_when_nobody_answers(tmp_path: Path) -> None:
    """Without a terminal and without answers it stops, and nothing is written."""
    ended = run("init", "--config", tmp_path / "mixpanel.json")
    assert ended.exit_code == 130
    assert list(tmp_path.iterdir()) == []
