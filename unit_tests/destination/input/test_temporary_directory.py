"""Directories for temporary files without a database beside them: private, removed, and never another's."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from destination_duckdb.input.spool import open_spool

HOLDER = """
import sys
from destination_duckdb.input.temporary_directory import locked_directory
with locked_directory() as path:
    print(path, flush=True)
    sys.stdin.read()
"""


def holder(directory: Path) -> subprocess.Popen[str]:
    """Return a process that holds a directory until its stdin ends, or it is killed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(directory), "PYTHONPATH": str(Path.cwd())},
    )


def test_open_spool_when_others_were_killed_or_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left is removed by the next start; a living one's stays, and so do other files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "destination-duckdb-note").write_text("not ours")
    with holder(tmp_path) as killed, holder(tmp_path) as living:
        assert killed.stdout is not None
        assert living.stdout is not None
        left, held = Path(killed.stdout.readline().strip()), Path(living.stdout.readline().strip())
        (left / "1.jsonl").write_text("{}")
        killed.kill()
        killed.wait()
        with open_spool(None) as spool:
            assert stat.S_IMODE(spool.path.stat().st_mode) == 0o700
            spool.new_file()
            assert (left.exists(), held.exists()) == (False, True)
        living.communicate("")
    assert {path.name for path in tmp_path.iterdir()} == {"destination-duckdb-note"}
