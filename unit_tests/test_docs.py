"""The documents name commands, options, fields and files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from destination_duckdb.config_check import checked_fields
from docs import config_page
from mixpanel_to_duckdb.cli.commands import cli
from source_mixpanel_parallel.config.check import check_config

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
