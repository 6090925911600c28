"""Asks for confirmation before rows are removed.

In: a sentence that names the rows; out: nothing, if confirmed. Raises BadArguments if stdin is not a terminal, and
click.Abort if the answer is no.
"""

from __future__ import annotations

import sys

import click

from mixpanel_to_duckdb.errors import BadArguments


def refuse(sentence: str) -> None:
    """Refuse: without a terminal, confirmation must be given in advance."""
    raise BadArguments(f"{sentence} To remove them, add --yes (in Python: yes=True)")


def ask(sentence: str) -> None:
    """Ask on the terminal; refuse if there is none."""
    if not sys.stdin.isatty():
        refuse(sentence)
    click.confirm(f"{sentence}\nRemove them?", abort=True, err=True)
