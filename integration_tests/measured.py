"""Processes whose covered lines count as those of the tests do, where the tests are measured.

coverage can measure every process by itself (`patch = subprocess`). Most are the source's, and its start takes twice as
long while the CDK's imports are traced; its lines count where it runs inside the tests. So a process is measured if a
test starts it through this file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "pyproject.toml"
DATA = ROOT / ".coverage"


def is_measured() -> bool:
    """Return whether coverage runs in this process."""
    coverage = sys.modules.get("coverage")
    return coverage is not None and coverage.Coverage.current() is not None


def interpreter() -> list[str]:
    """Return how a program of Python is begun: it is measured, and what it starts is not."""
    measures = ["-m", "coverage", "run", f"--rcfile={SETTINGS}", f"--data-file={DATA}"]
    return [sys.executable, *(measures if is_measured() else [])]


@contextmanager
def measured_processes() -> Iterator[None]:
    """Measure every process of Python that is started meanwhile, and what it starts."""
    with pytest.MonkeyPatch.context() as patch:
        if is_measured():
            patch.setenv("COVERAGE_PROCESS_START", str(SETTINGS))
            patch.setenv("COVERAGE_FILE", str(DATA))
        yield
