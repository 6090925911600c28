"""Systems that lack something: Windows is refused in a sentence; elsewhere what only Linux has is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import run, write_config
from mixpanel_simulator import Scenario, start_simulator

MAIN = Path(__file__).resolve().parents[1] / "main.py"
WINDOWS = """
import sys
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
    sys.modules[name] = None
"""
NO_LINUX = """
import builtins, ctypes, fcntl, os, pathlib, select
for module, names in {
    fcntl: ["F_GETPIPE_SZ", "F_SETPIPE_SZ"],
    select: ["PIPE_BUF", "epoll"],
    os: ["copy_file_range", "eventfd", "memfd_create", "O_TMPFILE", "pidfd_open", "posix_fadvise", "posix_fallocate",
         "sched_getaffinity", "sched_setaffinity", "sendfile", "splice"],
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)

def getattr_of_library(self, name, found=ctypes.CDLL.__getattr__):
    if name in {"mallopt", "malloc_trim", "prctl"}:
        raise AttributeError(name)
    return found(self, name)

def without_proc(opened):
    def open_other(path, *arguments, **options):
        if str(path).startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return opened(path, *arguments, **options)
    return open_other

ctypes.CDLL.__getattr__ = getattr_of_library
builtins.open, os.open = without_proc(builtins.open), without_proc(os.open)
pathlib.Path(__file__).with_name(f"{os.getpid()}.started").touch()
"""
PROGRAMS = {
    "source-mixpanel-parallel": [str(MAIN), "spec"],
    "destination-duckdb": ["-m", "destination_duckdb", "spec"],
    "mixpanel-to-duckdb": ["-m", "mixpanel_to_duckdb", "--version"],
    "mixpanel_simulator": ["-m", "mixpanel_simulator"],
}


def started_with(folder: Path, module: str) -> dict[str, str]:
    """Return what lets every Python process run *module* before anything else."""
    (folder / "sitecustomize.py").write_text(module)
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))}


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_on_windows(tmp_path: Path, program: str) -> None:
    """It ends with a sentence that says what to do, not with the name of a missing module."""
    done = subprocess.run(
        [sys.executable, *PROGRAMS[program]],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | started_with(tmp_path, WINDOWS),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{program} runs on Linux and macOS; on Windows use WSL (Windows Subsystem for Linux), which `wsl --install`"
        " sets up.\n"
    )


def test_sync_without_what_only_linux_has(tmp_path: Path) -> None:
    """Source, destination and command do without: pipes keep their size, memory goes back, and all rows arrive."""
    place = tmp_path / "site"
    place.mkdir()
    scenario = Scenario(days=3, events_per_day=200, profiles=20)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator)
        environment = started_with(place, NO_LINUX)
        ended = run("sync", tmp_path / "m.duckdb", "--config", config, environment=environment)
    assert ended.exit_code == 0, ended.stderr
    assert len(list(place.glob("*.started"))) >= 3  # each of them was without
    with duckdb.connect(str(tmp_path / "m.duckdb"), read_only=True) as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM profiles)").fetchall()
    assert counts == [(600, 20)]
