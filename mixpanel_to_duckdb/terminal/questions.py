"""Asks questions on a terminal.

In: a question; out: the answer, without artifacts of copying. After a wrong answer the error is printed and the
question asked again; `?` prints help. Raises click.Abort at the end of input and on Ctrl-C.
"""

from __future__ import annotations

import getpass
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import click

from mixpanel_to_duckdb.terminal.wrapping import say, width_of, wrapped

Answer = TypeVar("Answer")
QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "\u2018": "\u2019", "«": "»"}
HELP = "?"
ROOM = 12  # for a short answer on the question's line
INVISIBLE = "Cf"  # Unicode's category of zero-width spaces, joiners, marks of direction and of byte order


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """A label, a help text, and *parse*, which raises ValueError with a sentence for a wrong answer."""

    label: str
    meaning: str
    parse: Callable[[str], Answer]


def ask(question: Question[Answer], default: str = "") -> Answer:
    """Return the answer to *question*; Enter alone is *default*."""
    while True:
        text = cleaned(_prompt(f"{question.label} [{default}]" if default else question.label, hidden=False)) or default
        if text == HELP:
            say(question.meaning)
            continue
        try:
            return question.parse(text)
        except ValueError as error:
            say(str(error))


def ask_secretly(label: str, default: str = "") -> str:
    """Return an answer that is not shown; Enter alone is *default*, which is not shown either."""
    while not (secret := cleaned(_prompt(label, hidden=True)) or default):
        say("The answer is empty: paste it again.")
    return secret


def cleaned(text: str) -> str:
    """Return *text* without surrounding spaces and quotes, and without invisible characters."""
    visible = "".join(letter for letter in text if unicodedata.category(letter) != INVISIBLE).strip()
    while len(visible) > 1 and QUOTES.get(visible[0]) == visible[-1]:
        visible = visible[1:-1].strip()
    return visible


def _prompt(label: str, *, hidden: bool) -> str:
    width = width_of(sys.stdout)
    *above, last = wrapped(f"{label}:", width and max(width - ROOM, 1))
    for line in above:
        click.echo(line)
    if hidden:
        return _hidden_answer(f"{last} ")
    return str(click.prompt(last, default="", show_default=False, prompt_suffix=" "))


def _hidden_answer(prompt: str) -> str:
    # click shows the prompt first and turns the echo off afterwards, which throws away what was typed in between.
    try:
        return getpass.getpass(prompt)
    except (EOFError, KeyboardInterrupt):
        raise click.Abort from None
