"""Names on their way into SQL: the only place where text becomes part of a statement.

In: any text that a source may call a stream, a property or a namespace. Out: a quoted identifier or literal.
Raises nothing; what DuckDB can't hold in a name (NUL, the empty name) is replaced, and names that DuckDB would
take for the same (it ignores case) are told apart by a suffix `_2`, `_3`, ….
"""

from collections.abc import Iterable


def quote_identifier(name: str) -> str:
    """Return *name* as a quoted identifier that reads as exactly this name."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return *text* as a SQL string, for the options of table functions, which take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def fold(name: str) -> str:
    """Return the form under which two names are the same to DuckDB."""
    return name.casefold()


def storable_name(name: str) -> str:
    """Return *name* as DuckDB can hold it: without NUL and lone surrogates, and not empty."""
    clean = name.replace("\x00", "_").encode("utf-8", "replace").decode("utf-8")
    return clean or "_"


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return *wanted*, or *wanted* with the first suffix that makes it differ from every *taken* name."""
    folded = {fold(name) for name in taken}
    name, number = storable_name(wanted), 1
    while fold(name) in folded:
        number += 1
        name = f"{storable_name(wanted)}_{number}"
    return name
