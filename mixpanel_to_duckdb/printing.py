"""Prints what a command found: a JSON document, or renderables on stdout.

Texts are printed as one line each, whatever the terminal's width, so that commands in them can be copied.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(document: Mapping[str, Any] | list[Any]) -> None:
    """Print one JSON document, all of it: with PYTHONUNBUFFERED set, print would take a short write for a whole one."""
    sys.stdout.flush()
    with open(sys.stdout.fileno(), "wb", closefd=False) as stdout:
        stdout.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def print_page(parts: Iterable[RenderableType]) -> None:
    """Print renderables, in order."""
    from rich.console import Console  # noqa: PLC0415 - when it is needed
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))
