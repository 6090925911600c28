"""docs/log-lines.md and the code say the same: every code with its type of failure, and every field."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest

from destination_duckdb.errors import DestinationError
from mixpanel_to_duckdb.connectors.reports import Checked
from source_mixpanel_parallel.errors import error_classes
from source_mixpanel_parallel.log_lines import FetchPlan, FetchWait
from source_mixpanel_parallel.progress import (
    BatchProgress,
    ParallelFetchResult,
    ParallelProfileResult,
    ProfileProgress,
)

PAGE = (Path(__file__).parent.parent / "docs" / "log-lines.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text under a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tables(text: str) -> list[list[list[str]]]:
    """Return the rows of each table, each a list of cells."""
    found = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in each.splitlines()[2:]] for each in found]


def destination_classes(root: type[DestinationError] = DestinationError) -> list[type[DestinationError]]:
    """Return *root* and all classes below it."""
    return [root, *(each for below in root.__subclasses__() for each in destination_classes(below))]


def test_codes_are_those_of_the_classes() -> None:
    """A class that is new, or a code that is renamed, must be in the table, and the other way round."""
    [table] = tables(section("Codes"))
    written = {(code.strip("`"), who, kind) for code, package, kind, _ in table for who in package.split(", ")}
    assert written == {
        *((each.code, "source", each.failure_type) for each in error_classes()),
        *((each.code, "destination", each.failure_type) for each in destination_classes()),
    }


@pytest.mark.parametrize(
    ("title", "number", "kind", "more"),
    [
        ("plan", 0, FetchPlan, set()),
        ("wait", 0, FetchWait, set()),
        ("progress", 0, BatchProgress, set()),
        ("progress", 1, ProfileProgress, set()),
        ("result", 0, ParallelFetchResult, {"has_failures"}),
        ("result", 1, ParallelProfileResult, {"has_failures"}),
    ],
)
def test_fields_are_those_of_the_lines(title: str, number: int, kind: type, more: set[str]) -> None:
    """Each line's table names its fields."""
    written = {name for row in tables(section(title))[number] for name in re.findall(r"`(\w+)`", row[0])}
    assert written == {each.name for each in fields(kind)} | more


def test_fields_of_check() -> None:
    """The same for `check:`."""
    [[row]] = tables(section("check"))
    assert re.findall(r"`(\w+)`", row[0]) == [each.name for each in msgspec.structs.fields(Checked)]
