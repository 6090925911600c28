"""The command decides by typed lines and codes: nothing in it looks for words in a log line or an error's sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "mixpanel_to_duckdb"
# What holds a sentence for people.
PROSE = {"message", "error", "errors", "problem", "reason", "text", "warnings", "internal_message"}
SEARCHES = {"startswith", "endswith", "find", "rfind", "index", "count", "partition", "rpartition"}
# Patterns for what a person has written, for names of events and for a shell's quotes.
MAY_USE_PATTERNS = {"demo.py", "options.py", "views.py", "wrapping.py"}
# The word before a typed line, the code before an internal message, and the character that DuckDB's names can't hold.
MAY_SEARCH = {
    ("reports.py", "text.startswith(prefix)"),
    ("messages.py", "self.internal_message.partition(': ')"),
    ("connection.py", "'\\x00' not in text"),
}


def searches(source: str) -> Iterator[str]:
    """Yield each expression of *source* that looks for words in a sentence."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in SEARCHES and is_prose(node.func.value):
                yield ast.unparse(node)
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for operator, right in zip(node.ops, sides[1:], strict=True):
                if isinstance(operator, ast.In | ast.NotIn) and is_prose(right):
                    yield ast.unparse(node)


def is_prose(node: ast.expr) -> bool:
    """Tell whether *node* stands for a sentence, such as `error.message`, `str(error)` or `(check.problem or "")`."""
    if isinstance(node, ast.Attribute):
        return node.attr in PROSE
    if isinstance(node, ast.Name):
        return node.id in PROSE
    if isinstance(node, ast.BoolOp):
        return any(is_prose(value) for value in node.values)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "str" and any(is_prose(each) for each in node.args)
    return False


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_words_are_looked_for(path: Path) -> None:
    """No search in a sentence, and no pattern but for a person's own input."""
    source = path.read_text(encoding="utf-8")
    assert {found for found in searches(source) if (path.name, found) not in MAY_SEARCH} == set()
    imported = {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert "re" not in imported or path.name in MAY_USE_PATTERNS


@pytest.mark.parametrize(
    "source",
    [
        'any(mark in error.message for mark in ("a", "b"))',
        '"402" in str(error)',
        '(check.problem or "").startswith("Can\'t reach")',
        'log.message.partition("waiting")',
        '"used up" not in wait.reason',
    ],
)
def test_a_search_is_found(source: str) -> None:
    """What this program once did would be found."""
    assert len(list(searches(source))) == 1
