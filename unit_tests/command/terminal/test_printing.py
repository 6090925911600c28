"""What a command prints on terminals of any width: words stay whole, commands can be copied, nothing is cut off."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.terminal.printing import print_page
from mixpanel_to_duckdb.terminal.wrapping import cells, wrapped

RETRY = "To read what failed: mixpanel-to-duckdb sync mixpanel.duckdb --retry-failed"


def printed(*parts: Text | Table, width: int, is_terminal: bool = True) -> list[str]:
    """Return the lines of *parts* as a terminal of *width* cells shows them, without trailing spaces."""
    file = io.StringIO()
    print_page(parts, Console(file=file, width=width, force_terminal=is_terminal, color_system=None))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def streams() -> Table:
    """Return a table such as the summary's."""
    table = Table(Column("stream"), Column("rows", justify="right"), Column("read", justify="right"), "failed")
    table.add_row("events", "30,000", "1,209 windows", Text("3", "red"))
    table.add_row("profiles", "5,000", "", "")
    return table


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 40, ["short"]),
        (RETRY, None, [RETRY]),
        (RETRY, 80, [RETRY]),
        (RETRY, 60, ["To read what failed:", "mixpanel-to-duckdb sync mixpanel.duckdb --retry-failed"]),
        (
            RETRY,
            40,
            ["To read what failed:", "mixpanel-to-duckdb sync \\", "    mixpanel.duckdb --retry-failed"],
        ),
        (
            "Go on: mixpanel-to-duckdb sync 'my own database.duckdb'",
            40,
            ["Go on:", "mixpanel-to-duckdb sync \\", "    'my own database.duckdb'"],
        ),
        ("one two three", 7, ["one two", "three"]),
        ("  one two three", 7, ["  one", "  two", "  three"]),
        ("see " + "x" * 30 + " there", 20, ["see", "x" * 30, "there"]),
        ("日本語 日本語 日本語", 13, ["日本語 日本語", "日本語"]),
        ("one two\nthree four", 9, ["one two", "three", "four"]),
        ("", 9, [""]),
    ],
)
def test_wrapped(text: str, width: int | None, lines: list[str]) -> None:
    """Lines break between words, and a command gets lines of its own that a shell takes as one."""
    assert wrapped(text, width) == lines


@pytest.mark.parametrize("width", range(1, 120))
def test_wrapped_at_any_width(width: int) -> None:
    """No word is lost or cut, and only single words are wider than the terminal."""
    lines = wrapped(RETRY, width)
    assert " ".join(lines).replace(" \\", "").split() == RETRY.split()
    assert all(cells(line) <= width or len(line.replace("\\", "").split()) == 1 for line in lines)


def test_page_when_a_table_fits() -> None:
    """It is a table."""
    assert printed(streams(), width=80)[1] == "┃ stream   ┃   rows ┃          read ┃ failed ┃"


def test_page_when_a_table_does_not_fit() -> None:
    """Each row is a block: nothing is cut off, and cells that are empty are left out."""
    assert printed(streams(), width=40) == [
        "events",
        "  rows    30,000",
        "  read    1,209 windows",
        "  failed  3",
        "profiles",
        "  rows    5,000",
    ]


def test_page_when_a_sentence_does_not_fit() -> None:
    """It breaks between words and keeps its style; without a terminal it is one line."""
    text = Text.assemble(("events", "red"), " one window could not be read and more than that")
    assert printed(text, width=30) == ["events one window could not be", "read and more than that"]
    assert printed(text, width=30, is_terminal=False) == [text.plain]
    file = io.StringIO()
    print_page([text], Console(file=file, width=30, force_terminal=True, color_system="standard"))
    assert file.getvalue().startswith("\x1b[31mevents\x1b[0m one window")
