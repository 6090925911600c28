"""Quoting: the only place where a string becomes part of a SQL statement.

In: any string that a source may use as the name of a stream, a property or a namespace. Out: a quoted identifier or
literal. Raises nothing. What DuckDB can't store in a name (NUL, the empty name) is replaced, and names that DuckDB
treats as equal (it ignores case) get a suffix `_2`, `_3`, ….
"""

import string
from collections.abc import Iterable

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def quote_identifier(name: str) -> str:
    """Return *name* as a quoted identifier for exactly this name."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return *text* as a SQL string, for places that take no parameters, such as options of table functions."""
    return "'" + text.replace("'", "''") + "'"


def fold(name: str) -> str:
    """Return the form in which two names are equal where DuckDB treats them as equal: it ignores the case of ASCII."""
    return name.translate(_LOWER)


def fold_sql(name: str) -> str:
    """Return the SQL expression that folds *name*, an expression; lower() would fold other letters too."""
    return f"translate({name}, '{string.ascii_uppercase}', '{string.ascii_lowercase}')"


def storable_name(name: str) -> str:
    """Return *name* as DuckDB can store it: without NUL and lone surrogates, and not empty."""
    clean = name.replace("\x00", "_").encode("utf-8", "replace").decode("utf-8")
    return clean or "_"


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return *wanted*, with the first suffix that makes it differ from every *taken* name where it must."""
    return claim_name(wanted, {fold(name) for name in taken})


def claim_name(wanted: str, folded: set[str]) -> str:
    """Do the same for names that are *folded*, and add the new one to them."""
    name, number = storable_name(wanted), 1
    while fold(name) in folded:
        number += 1
        name = f"{storable_name(wanted)}_{number}"
    folded.add(fold(name))
    return name
