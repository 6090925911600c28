"""The question whether rows may be removed, and who can answer it.

In: a sentence that says which rows; out: nothing, if that is wanted. Raises BadArguments where nobody can be asked,
and click.Abort where the answer is no.
"""

from __future__ import annotations

import sys

import click

from mixpanel_to_duckdb.errors import BadArguments


def refuse(sentence: str) -> None:
    """Take silence for a no: a program must say beforehand that it agrees."""
    raise BadArguments(f"{sentence} To remove them, add --yes (in Python: yes=True)")


def ask(sentence: str) -> None:
    """Ask on the terminal; where there is none, refuse."""
    if not sys.stdin.isatty():
        refuse(sentence)
    click.confirm(f"{sentence}\nRemove them?", abort=True, err=True)
