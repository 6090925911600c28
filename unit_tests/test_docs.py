"""The documents name commands, options, fields and files that exist."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import pytest

from destination_duckdb.config_check import checked_fields
from docs import config_page
from mixpanel_to_duckdb.cli.commands import cli
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.replacement import KeptDays, Replacement
from mixpanel_to_duckdb.result import ErrorReport, SyncResult, Wait
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.config.check import check_config
from source_mixpanel_parallel.progress import StreamReadResult

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
OPERATING = (DOCS / "operating.md").read_text()
COMMAND = re.compile(r"mixpanel-to-duckdb ((?:sync|plan|status|views|reset|init) [^|>&\n`]*)")
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")
OUTSIDE_CREDENTIALS = [part for part in config_page.source_parts() if "`credentials`" not in (part.title or "")]
CREDENTIALS = {"username": "u", "secret": "s", "project_id": 1}


@pytest.mark.parametrize("line", sorted(set(COMMAND.findall(OPERATING))))
def test_commands_of_operating_parse(line: str) -> None:
    """Each command line is one that the program's own parser takes."""
    name, *arguments = shlex.split(line.partition(" # ")[0].removesuffix('",'))
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    command.make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_the_config_page_is_current() -> None:
    """docs/config.md is what its generator makes of the two specs."""
    written = (DOCS / "config.md").read_text(encoding="utf-8")
    assert written == config_page.page(), f"docs/config.md is out of date: run {config_page.COMMAND}"


def nested(place: str, value: Any) -> dict[str, Any]:
    """Return the config that has *value* at *place*, such as profiles.where or event_streams[].name."""
    name, _, rest = place.partition(".")
    inner = nested(rest, value) if rest else value
    if name.endswith("[]"):
        return {name.removesuffix("[]"): [{"name": "more", **inner}]}
    return {name: inner}


def fields_of(parts: list[config_page.Part]) -> list[Any]:
    """Return the fields that have an example, each as a parameter of a test."""
    fields = [field for part in parts for field in part.fields]
    return [pytest.param(field, id=field.place) for field in fields if field.example is not None]


@pytest.mark.parametrize("field", fields_of(OUTSIDE_CREDENTIALS))
def test_examples_of_the_source_are_valid(field: config_page.Field) -> None:
    """The source takes each example."""
    check_config({"credentials": CREDENTIALS, **nested(field.place, field.example)})


@pytest.mark.parametrize("field", fields_of(config_page.destination_parts()))
def test_examples_of_the_destination_are_valid(field: config_page.Field) -> None:
    """The destination takes each example."""
    checked_fields({"destination_path": "mixpanel.duckdb", field.place: field.example})


def tables_of(page: str, title: str) -> list[set[str]]:
    """Return, for each table under a heading, the names in backticks of its first column."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [
        {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)(?:\([a-z]*\))?`", row.split("|")[1])}
        for table in tables
    ]


@pytest.mark.parametrize(
    ("title", "number", "kind", "more"),
    [
        ("streams", 0, ParallelFetchResult, {"has_failures"}),
        ("streams", 1, ParallelProfileResult, {"has_failures"}),
        ("streams", 2, StreamReadResult, {"has_failures"}),
        ("batches", 0, BatchProgress, set()),
        ("batches", 1, ProfileProgress, set()),
        ("waits", 0, Wait, set()),
        ("replacements", 0, Replacement, set()),
        ("replacements", 1, KeptDays, set()),
        ("SyncResult", 1, ErrorReport, set()),
    ],
)
def test_fields_of_the_result(title: str, number: int, kind: type, more: set[str]) -> None:
    """Each table of the page on the result names the fields of its dataclass."""
    assert tables_of("sync-result.md", title)[number] == {each.name for each in fields(kind)} | more


def test_the_result_itself() -> None:
    """The page names every field of the document, and everything public of SyncResult."""
    result = SyncResult("m.duckdb", ExitCode.DONE, datetime(2026, 1, 11, tzinfo=timezone.utc), 1.0)
    assert tables_of("sync-result.md", "Document") == [set(result.as_json())]
    public = {name for name in dir(SyncResult) if not name.startswith("_")}
    assert tables_of("sync-result.md", "SyncResult")[0] == public - {"with_error", "with_replacements"}
