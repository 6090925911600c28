"""Prints a command's output on stdout: a JSON document or renderables.

On a terminal, sentences wrap between words, and a table wider than the terminal is printed as one block per row, so
that nothing is cut off. Elsewhere each sentence is one line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.terminal.wrapping import GOES_ON, lines_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text


def print_json(document: Mapping[str, Any] | list[Any]) -> None:
    """Print one JSON document completely: with PYTHONUNBUFFERED set, print would ignore a short write."""
    sys.stdout.flush()
    with open(sys.stdout.fileno(), "wb", closefd=False) as stdout:
        stdout.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def print_page(parts: Iterable[RenderableType], console: Console | None = None) -> None:
    """Print renderables, in order."""
    from rich.console import Console  # noqa: PLC0415 - when it is needed
    from rich.measure import Measurement  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = console or Console()
    unlimited = console.options.update(max_width=10_000)
    for part in parts:
        if isinstance(part, Text):
            _print_text(console, part)
        elif isinstance(part, Table) and Measurement.get(console, unlimited, part).maximum > console.width:
            for line in stacked(part):
                _print_text(console, line)
        else:
            console.print(part)


def stacked(table: Table) -> Iterator[Text]:
    """Yield *table* as one block per row: the first column, then a line for each other column."""
    from rich.text import Text  # noqa: PLC0415 - when it is needed

    labels = [str(column.header) for column in table.columns]
    width = max(map(len, labels[1:]), default=0)
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        first, *others = [cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells]
        yield Text.assemble((first.plain, "bold"))
        for label, cell in zip(labels[1:], others, strict=True):
            if cell.plain:
                yield Text(f"  {label:<{width}}  ").append_text(cell)


def _print_text(console: Console, text: Text) -> None:
    from rich.text import Text  # noqa: PLC0415 - when it is needed

    if not console.is_terminal:
        console.print(text, soft_wrap=True)
        return
    for part in text.split("\n", allow_blank=True):
        for line in lines_of(part.plain, console.width):
            piece = Text(line.indent, part.style).append_text(part[line.start : line.end])
            console.print(piece.append(GOES_ON) if line.goes_on else piece, soft_wrap=True)
