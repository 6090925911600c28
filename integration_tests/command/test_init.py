"""`mixpanel-to-duckdb init`: answers on a terminal become a config that works."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from integration_tests.command.command_run import CTRL_C, Ended, lines_of, run, run_on_terminal
from mixpanel_simulator import Scenario, Simulator, start_simulator

SCENARIO = Scenario(days=3, events_per_day=5, region="EU")
UNKNOWN = (
    "Mixpanel does not know this service account in any region (US, EU, IN): check the username and the "
    "secret, and that the account has not expired"
)
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


def flags_for(europe: Simulator, elsewhere: Simulator) -> list[str]:
    """Return the flags that put the simulators in the place of the three regions."""
    endpoints = [f"US={elsewhere.url}", f"EU={europe.url}", f"IN={elsewhere.url}"]
    return [part for endpoint in endpoints for part in ("--endpoint", endpoint)]


def typed(keys: Sequence[tuple[str, str]]) -> list[tuple[str, bytes]]:
    """Return what to type after which word, each with Enter."""
    return [(word, text.encode() + (b"" if text == "\x03" else b"\n")) for word, text in keys]


def init(
    path: Path,
    europe: Simulator,
    elsewhere: Simulator,
    secret: str,
    more: Sequence[tuple[str, str]] = (),
) -> Ended:
    """Run `init` on a terminal and answer its questions, once wrongly; *more* follows."""
    keys = [
        ("Username", SCENARIO.username),
        ("Secret", secret),
        ("Project number", "the first"),
        ("Project number", str(SCENARIO.project_id)),
        ("timezone", "Europe/Berlin"),
        ("before 2023", "y"),
        ("First day", "2026-01-01"),
        *more,
    ]
    return run_on_terminal(200, "init", "--config", path, *flags_for(europe, elsewhere), keys=typed(keys))


def test_init_finds_the_region(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """The three regions are tried, the one that works is written, for its owner only; the secret is not shown."""
    path = tmp_path / "mixpanel.json"
    ended = init(path, europe, elsewhere, SCENARIO.secret)
    shown = lines_of(ended.stdout)
    assert ended.exit_code == 0, ended.stdout
    assert f"The project is in region EU. The config is in {path}, readable only by you." in shown
    assert f"Next: mixpanel-to-duckdb sync mixpanel.duckdb --config {path}" in shown
    assert "'the first' is not a project number: enter digits only, such as 1234567" in shown
    assert not [line for line in shown if "does not know" in line]
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
    assert "already exists: choose another path, or --force" in again.stderr


def test_init_when_the_secret_is_wrong(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """It is said once, without a word of the region, and asked for again; Enter keeps the other answers."""
    path = tmp_path / "mixpanel.json"
    more = [("Username", ""), ("Secret", SCENARIO.secret), ("Project number", "")]
    ended = init(path, europe, elsewhere, "wrong", more)
    assert ended.exit_code == 0, ended.stdout
    shown = [line for line in lines_of(ended.stdout) if "does not know" in line]
    assert shown == [f"{UNKNOWN}."]
    assert f"Username [{SCENARIO.username}]:" in ended.stdout
    assert "Secret (not shown; Enter keeps it):" in ended.stdout
    assert "`region`" not in ended.stdout
    assert json.loads(path.read_text())["credentials"] == {
        "username": SCENARIO.username,
        "secret": SCENARIO.secret,
        "project_id": SCENARIO.project_id,
    }


def test_init_when_the_project_is_wrong(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """Where a region knows the account, only that is said; the secret is kept unless another is typed."""
    path = tmp_path / "mixpanel.json"
    keys = [
        ("Username", SCENARIO.username),
        ("Secret", SCENARIO.secret),
        ("Project number", "999"),
        ("timezone", ""),
        ("First day", ""),
        ("has no access to project 999", ""),
        ("Secret", ""),
        ("Project number", str(SCENARIO.project_id)),
    ]
    ended = run_on_terminal(200, "init", "--config", path, *flags_for(europe, elsewhere), keys=typed(keys))
    assert ended.exit_code == 0, ended.stdout
    sentence = (
        "Mixpanel knows this service account (region EU), but it has no access to project 999: check the project "
        "number, or grant the account a role on the project."
    )
    assert [line for line in lines_of(ended.stdout) if "Mixpanel knows" in line or "does not know" in line] == [
        sentence
    ]
    assert json.loads(path.read_text())["credentials"]["project_id"] == SCENARIO.project_id


def test_init_when_nobody_can_try_again(elsewhere: Simulator, tmp_path: Path) -> None:
    """Without a terminal the first failure ends it: exit code 2, one sentence, and nothing is written."""
    path = tmp_path / "mixpanel.json"
    ended = run("init", "--config", path, *everywhere(elsewhere), environment=account(), stdin="\n" * 5)
    assert ended.exit_code == 2
    assert ended.stderr == f"mixpanel-to-duckdb: {UNKNOWN}.\n"
    assert list(tmp_path.iterdir()) == []


def test_init_when_tries_are_used_up(elsewhere: Simulator, tmp_path: Path) -> None:
    """After five tries it ends: somebody who leans on Enter does not lock the account."""
    path = tmp_path / "mixpanel.json"
    keys = [("Username", "me"), ("Secret", "wrong"), ("Project number", "1"), ("timezone", ""), ("First day", "")]
    keys += [("Username", ""), ("Secret", ""), ("Project number", "")] * 4
    ended = run_on_terminal(80, "init", "--config", path, *everywhere(elsewhere), keys=typed(keys))
    assert ended.exit_code == 2
    assert ended.stdout.count("Looking for the project") == 5
    assert list(tmp_path.iterdir()) == []


def test_init_when_mixpanel_is_out_of_reach(tmp_path: Path) -> None:
    """That is no question of credentials: exit code 1, with the address."""
    nowhere = [part for region in ("US", "EU", "IN") for part in ("--endpoint", f"{region}=http://127.0.0.1:9")]
    ended = run("init", "--config", tmp_path / "m.json", *nowhere, environment=account(), stdin="\n" * 5)
    assert ended.exit_code == 1
    assert ended.stderr.count("Can't reach Mixpanel at http://127.0.0.1:9") == 1
    assert list(tmp_path.iterdir()) == []


def test_init_when_answers_are_pasted(europe: Simulator, elsewhere: Simulator, tmp_path: Path) -> None:
    """Spaces, invisible letters and quotes around an answer are no part of it."""
    path = tmp_path / "mixpanel.json"
    keys = [
        ("Username", f"\u00a0 {SCENARIO.username}\u200b "),
        ("Secret", f' "{SCENARIO.secret}"\ufeff'),
        ("Project number", f"\u201c{SCENARIO.project_id}\u201d"),
        ("timezone", " Europe/Berlin\u00a0"),
        ("before 2023", "?"),
        ("before 2023", "perhaps"),
        ("before 2023", "N "),
        ("First day", "\u200b"),
    ]
    ended = run_on_terminal(200, "init", "--config", path, *flags_for(europe, elsewhere), keys=typed(keys))
    assert ended.exit_code == 0, ended.stdout
    shown = lines_of(ended.stdout)
    assert any(
        line.startswith("Mixpanel sends the events of older projects with local wall-clock times") for line in shown
    )
    assert "'perhaps' is neither y nor n: enter y, n, or ? for help" in shown
    document = json.loads(path.read_text())
    assert document["credentials"]["username"] == SCENARIO.username
    assert document["project_timezone"] == "Europe/Berlin"
    assert "legacy_timestamps" not in document
    assert "start_date" not in document


@pytest.mark.parametrize("columns", [40, 80])
def test_init_on_a_narrow_terminal(columns: int, elsewhere: Simulator, tmp_path: Path) -> None:
    """No line is wider than the terminal, so no word is cut."""
    # A question may be wrapped: what is typed follows the last words of it, else it is echoed in the middle.
    keys = [("Username:", "me"), ("shown):", "wrong"), ("number:", "1"), ("[UTC]:", "Mars"), ("[UTC]:", "?")]
    keys += [("[UTC]:", ""), ("ago]:", "2999-01-01"), ("ago]:", ""), ("[me]:", "\x03")]
    path = Path("mixpanel.json")
    ended = run_on_terminal(columns, "init", "--config", tmp_path / path, *everywhere(elsewhere), keys=typed(keys))
    assert ended.exit_code == 130
    assert [line for line in lines_of(ended.stdout) if len(line) > columns] == []
    assert "Project Settings" in " ".join(lines_of(ended.stdout))


# Python takes its time to turn the echo off, as it may where much else runs.
SLOW_TERMINAL = """
import select, termios
set_attributes = termios.tcsetattr

def slowly(*arguments):
    select.select((), (), (), 0.3)
    set_attributes(*arguments)

termios.tcsetattr = slowly
"""


def test_secret_is_read_from_its_first_letter(elsewhere: Simulator, tmp_path: Path) -> None:
    """What is typed as soon as the question is there is the answer, however long the terminal takes."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_TERMINAL)
    paths = os.pathsep.join(filter(None, [str(tmp_path), str(Path.cwd()), os.environ.get("PYTHONPATH")]))
    keys = typed([("Username:", SCENARIO.username), ("shown):", SCENARIO.secret), ("number:", "")])
    command: list[str | Path] = ["init", "--config", tmp_path / "mixpanel.json", *everywhere(elsewhere)]
    ended = run_on_terminal(80, *command, keys=[*keys[:2], ("number:", b"\x03")], environment={"PYTHONPATH": paths})
    assert ended.exit_code == 130
    assert SCENARIO.secret not in ended.stdout


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
