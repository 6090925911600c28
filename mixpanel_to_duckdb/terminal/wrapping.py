r"""Wraps sentences for a terminal, so that commands in them can still be copied.

In: text and a width; out: the pieces of each line. A command at the end of a sentence gets separate lines, continued
with a backslash as in a shell. A word longer than a line, such as a path, is left to the terminal. Output that is not
a terminal gets one line per sentence.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import click

COMMAND = re.compile(r"(?<=: )mixpanel-to-duckdb \S.*$")
WORD = re.compile(r"\S+")
SHELL_WORD = re.compile(r"(?:'[^']*'|[^\s'])+")
INDENT = "    "
GOES_ON = " \\"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text: *indent*, the text from *start* to *end*, and whether a command continues after it."""

    start: int
    end: int
    indent: str = ""
    goes_on: bool = False


def lines_of(text: str, width: int) -> Iterator[Line]:
    """Yield the lines of *text*; only a word longer than *width* exceeds it."""
    if cells(text) <= width:
        yield Line(0, len(text))
        return
    found = COMMAND.search(text)
    command = found.start() if found else len(text)
    margin = text[: len(text) - len(text.lstrip())]
    words = [match.span() for match in WORD.finditer(text, 0, command)]
    for start, end in _filled(text, words, width - len(margin)):
        yield Line(start, end, margin)
    words = [match.span() for match in SHELL_WORD.finditer(text, command)]
    spans = list(_filled(text, words, width - len(INDENT) - len(GOES_ON)))
    if spans and cells(text[command:]) <= width:
        spans = [(command, len(text))]
    for index, (start, end) in enumerate(spans):
        yield Line(start, end, INDENT if index else "", goes_on=index < len(spans) - 1)


def wrapped(text: str, width: int | None) -> list[str]:
    """Return the lines of *text* for a terminal of *width* cells; None means no terminal."""
    if width is None:
        return [text]
    return [
        f"{line.indent}{part[line.start : line.end]}{GOES_ON if line.goes_on else ''}"
        for part in text.split("\n")
        for line in lines_of(part, width)
    ]


def width_of(stream: TextIO) -> int | None:
    """Return how many cells wide the terminal behind *stream* is; None if there is none."""
    try:
        if not stream.isatty():
            return None
        columns = os.environ.get("COLUMNS", "")
        return (int(columns) if columns.isdecimal() else 0) or os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # a stream without a file, or closed
        return None


def say(text: str, *, err: bool = False) -> None:
    """Print *text* on stdout or stderr, wrapped if that is a terminal."""
    width = width_of(sys.stderr if err else sys.stdout)
    for line in wrapped(text, width):
        click.echo(line, err=err)


def cells(text: str) -> int:
    """Return how many cells of a terminal *text* takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _filled(text: str, words: list[tuple[int, int]], width: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each line, filled with as many words as fit."""
    begin = None
    last = 0
    for start, end in words:
        if begin is not None and cells(text[begin:end]) > width:
            yield begin, last
            begin = None
        begin, last = start if begin is None else begin, end
    if begin is not None:
        yield begin, last
