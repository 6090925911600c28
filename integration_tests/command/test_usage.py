"""What is wrong with the arguments is said at once: exit code 3, no request, nothing heavy imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from integration_tests.command.command_run import lines_of, run, run_on_terminal
from mixpanel_to_duckdb.run import NAME

# Arguments, and a part of the sentence that answers them. Nothing listens where the config points.
WRONG: list[tuple[list[str], str]] = [
    ([], "Usage: mixpanel-to-duckdb"),
    (["fetch"], "No such command 'fetch'"),
    (["sync"], "Missing argument 'DATABASE'"),
    (["sync", "m.duckdb", "--no-such-flag"], "No such option"),
    (["sync", "m.duckdb", "--progress", "loud"], "'loud' is not one of"),
    (["sync", "m.duckdb", "--workers", "many"], "'many' is not a valid integer"),
    (["sync", "m.duckdb", "--workers", "101"], "--workers 101: choose a number from 1 to 100"),
    (["sync", "m.duckdb", "--window-days", "0"], "--window-days 0"),
    (["sync", "m.duckdb", "--from", "yesterday"], "--from 'yesterday' is not a date"),
    (["sync", "m.duckdb", "--to", "2999-01-01"], "--to 2999-01-01 has not begun"),
    (["sync", "m.duckdb", "--last", "month"], "--last 'month' is not a number of days"),
    (["sync", "m.duckdb", "--streams", "cohorts"], "--streams cohorts: there is no such stream"),
    (["sync", "m.duckdb", "--events", "A,,B"], "has an empty name"),
    (["sync", "m.duckdb", "--reread"], "--reread needs the days to read again"),
    (["sync", "m.duckdb", "--full-refresh", "--where", "1 == 1"], "--full-refresh can't be combined with --where"),
    (
        ["sync", "m.duckdb", "--full-refresh", "--last", "3d", "--streams", "profiles"],
        "profiles are always read completely",
    ),
    (
        ["sync", "m.duckdb", "--reread", "--last", "3d", "--streams", "events,profiles"],
        "leave profiles out and sync it separately",
    ),
    (["sync", "m.duckdb", "--reread", "--last", "3d", "--streams", "rejected_lines"], "needs a stream of events"),
    (["sync", "m.duckdb", "--region", "AU"], "'AU' is unknown: choose US, EU or IN"),
    (["sync", "m.duckdb", "--config", "misspelt.json"], "misspelt.json: there is no field start_dat: did you mean sta"),
    (["plan", "--config", "misspelt.json"], "misspelt.json: there is no field start_dat: did you mean start_date?"),
    (["plan", "--config", "soon.json"], "soon.json: start_date 'soon' is not a date: write it as 2026-01-31"),
    (["sync", "m.duckdb", "--config", "none.json"], "--config none.json can't be read"),
    (["sync", "m.duckdb", "--report", "no/r.html"], "--report no/r.html: the folder"),
    (["sync", "no/m.duckdb"], "DATABASE no/m.duckdb: the folder"),
    (["sync", "mixpanel.json"], "DATABASE mixpanel.json is not a DuckDB database"),
    (["views", "mixpanel.json"], "DATABASE mixpanel.json is not a DuckDB database"),
    (["plan", "none.duckdb"], "no such file"),
    (["status", "none.duckdb"], "no such file"),
    (["views", "none.duckdb"], "no such file"),
    (["reset", "none.duckdb", "events"], "no such file"),
    (["reset", "none.duckdb"], "Missing argument 'STREAM...'"),
]
IN_ONE_PROCESS = """
import contextlib, io, json, sys
from mixpanel_to_duckdb.run import main
ends = []
for arguments in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = main(arguments)
    ends.append([code, said.getvalue()])
heavy = {"airbyte_cdk", "duckdb", "requests", "rich", "aiohttp"} & sys.modules.keys()
json.dump([ends, sorted(heavy)], sys.stdout)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a config whose addresses lead nowhere."""
    account = {"username": "etl", "secret": "s", "project_id": 7}
    nowhere = {"export": "http://127.0.0.1:1", "query": "http://127.0.0.1:1"}
    config = {"credentials": account, "endpoints": nowhere}
    (tmp_path / "mixpanel.json").write_text(json.dumps(config))
    (tmp_path / "misspelt.json").write_text(json.dumps({**config, "start_dat": "2026-01-01"}))
    (tmp_path / "soon.json").write_text(json.dumps({**config, "start_date": "soon"}))
    return tmp_path


def test_wrong_arguments(folder: Path) -> None:
    """Each ends with exit code 3 and a sentence, before anything heavy is imported or written."""
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS],
        input=json.dumps([arguments for arguments, _ in WRONG]),
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
    )
    ends, heavy = json.loads(done.stdout)
    for (arguments, sentence), (code, said) in zip(WRONG, ends, strict=True):
        assert (code, sentence in said) == (3, True), (arguments, said)
    assert heavy == []
    assert sorted(path.name for path in folder.iterdir()) == ["misspelt.json", "mixpanel.json", "soon.json"]


def test_wrong_arguments_as_a_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's exit code is 3, click's own 2 means authentication here."""
    monkeypatch.chdir(folder)
    ended = run("sync", "m.duckdb", "--workers", "0")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert ended.stderr == "mixpanel-to-duckdb: --workers 0: choose a number from 1 to 100\n"


def test_help_and_version() -> None:
    """Help has examples and exit codes; the version is the package's; the console script is the same program."""
    assert run("--version").stdout == f"mixpanel-to-duckdb, version {metadata.version('mixpanel-to-duckdb')}\n"
    for arguments, example in [
        (["--help"], "mixpanel-to-duckdb init"),
        (["sync", "--help"], "mixpanel-to-duckdb sync mixpanel.duckdb --last 4w"),
        (["plan", "-h"], "mixpanel-to-duckdb plan --from 2025-01-01"),
    ]:
        ended = run(*arguments)
        assert ended.exit_code == 0
        assert example in ended.stdout.partition("Examples:")[2]
    scripts = metadata.entry_points(group="console_scripts", name="mixpanel-to-duckdb")
    assert {script.value for script in scripts} == {"mixpanel_to_duckdb.run:main"}


LIGHT = """
import sys
from mixpanel_to_duckdb.run import main
code = main(sys.argv[1:])
assert not {"airbyte_cdk", "duckdb", "requests", "rich", "aiohttp"} & sys.modules.keys(), "something heavy"
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["--version"], 0), (["--help"], 0), (["sync", "--help"], 0), (["completion", "bash"], 0), (["sync"], 3)],
)
def test_nothing_heavy_is_imported(arguments: list[str], exit_code: int) -> None:
    """What needs no request is answered before anything heavy is imported."""
    done = subprocess.run([sys.executable, "-c", LIGHT, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stderr


# In a shell of its own: the printed script, a line as it was typed, and what the shell would offer.
IN_BASH = """
eval "$(mixpanel-to-duckdb completion bash)"
COMP_WORDS=(mixpanel-to-duckdb sync m.duckdb --streams events,) COMP_CWORD=4 COMPREPLY=()
_mixpanel_to_duckdb_completion mixpanel-to-duckdb
printf '%s\n' "${COMPREPLY[@]}"
"""
IN_ZSH = """
autoload -U compinit && compinit -u
eval "$(mixpanel-to-duckdb completion zsh)"
words=(mixpanel-to-duckdb sync m.duckdb --streams events,) CURRENT=5
compadd() { print -l -- ${(P)@[-1]} }
_mixpanel_to_duckdb_completion
"""
IN_FISH = """
mixpanel-to-duckdb completion fish | source
complete --do-complete 'mixpanel-to-duckdb sync m.duckdb --streams events,'
"""


@pytest.mark.parametrize(("shell", "script"), [("bash", IN_BASH), ("zsh", IN_ZSH), ("fish", IN_FISH)])
def test_completion_in_a_shell(shell: str, script: str, tmp_path: Path) -> None:
    """The script that `completion` prints makes the shell offer the streams that are not named yet."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here: apt-get install {shell}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.split() == ["events,profiles", "events,rejected_lines"], done.stderr


def test_completion_is_documented() -> None:
    """Help and README say how, for each shell."""
    said = run("completion", "--help").stdout
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    for shell in ("bash", "zsh", "fish"):
        assert f"mixpanel-to-duckdb completion {shell}" in said
        assert f"mixpanel-to-duckdb completion {shell}" in readme


def test_completion() -> None:
    """The shells are told commands, options and streams."""
    assert "complete -o nosort -F" in run("completion", "bash").stdout
    assert "compdef _mixpanel_to_duckdb_completion mixpanel-to-duckdb" in run("completion", "zsh").stdout
    assert "complete --no-files --command mixpanel-to-duckdb" in run("completion", "fish").stdout
    for words, position, wanted in [
        ("mixpanel-to-duckdb st", "1", ["plain,status"]),
        ("mixpanel-to-duckdb sync m.duckdb --full", "3", ["plain,--full-refresh"]),
        (
            "mixpanel-to-duckdb sync m.duckdb --streams events,",
            "4",
            ["plain,events,profiles", "plain,events,rejected_lines"],
        ),
    ]:
        environment = {"_MIXPANEL_TO_DUCKDB_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": position}
        assert run(environment=environment).stdout.splitlines() == wanted


# As in an environment where the simulator's extra is not installed.
WITHOUT_AIOHTTP = """
import runpy, sys
sys.modules["aiohttp"] = None
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("arguments", "way"),
    [
        (["mixpanel_to_duckdb", "demo"], "pipx inject mixpanel-to-duckdb aiohttp"),
        (["mixpanel_simulator", "--help"], "pip install aiohttp"),
    ],
)
def test_simulator_that_is_not_installed(arguments: list[str], way: str, tmp_path: Path) -> None:
    """One sentence says what is missing and how to get it, in a checkout and elsewhere."""
    command = [sys.executable, "-c", WITHOUT_AIOHTTP, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "needs aiohttp, which comes with the extra `simulator`" in done.stderr
    assert way in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_config_from_stdin(folder: Path) -> None:
    """`--config -` is stdin."""
    ended = run("plan", "--config", "-", "--json", stdin=(folder / "mixpanel.json").read_text())
    assert "events" in ended.document["streams"]
    wrong = run("plan", "--config", "-", stdin='{"regoin": "EU"}')
    assert (wrong.exit_code, wrong.stderr) == (3, f"{NAME}: stdin: there is no field regoin: did you mean region?\n")


@pytest.mark.parametrize("columns", [40, 80])
def test_narrow_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Plans and errors break between words; a table that has no room becomes a block a row."""
    monkeypatch.chdir(folder)
    plan = run_on_terminal(columns, "plan", "--config", "mixpanel.json")
    shown = lines_of(plan.stdout)
    assert [line for line in shown if len(line) > columns or "…" in line] == []
    assert "unknown until page 0" in plan.stdout
    assert ("  requests    unknown until page 0" in shown) == (columns == 40)
    for arguments in (["plan", "--config", "misspelt.json"], ["plan", "--region", "AU"]):
        lines = lines_of(run_on_terminal(columns, *arguments).stdout)
        assert [line for line in lines if len(line) > columns] == []
        assert "choose US, EU or IN" in " ".join(lines) or "did you mean start_date?" in " ".join(lines)


def test_output_that_nobody_reads(folder: Path) -> None:
    """A reader that has gone is no reason for a traceback."""
    command = f"{sys.executable} -m mixpanel_to_duckdb plan --config mixpanel.json --json | true"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert "Traceback" not in done.stderr
