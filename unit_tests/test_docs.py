"""The documents name commands, options and files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from mixpanel_to_duckdb.cli.commands import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
OPERATING = (ROOT / "docs" / "operating.md").read_text()
COMMAND = re.compile(r"mixpanel-to-duckdb ((?:sync|plan|status|views|reset|init) [^|>&\n`]*)")
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")


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
