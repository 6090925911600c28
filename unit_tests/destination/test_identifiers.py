"""Names on their way into SQL, the hostile ones among them."""

from __future__ import annotations

import duckdb
from hypothesis import example, given
from hypothesis import strategies as st

from destination_duckdb.identifiers import fold, free_name, quote_identifier, quote_literal, storable_name

HOSTILE = [
    '"; DROP TABLE kept; --',
    "'; DROP TABLE kept; --",
    'a"b',
    "a'b",
    "a\\",
    "--",
    "/*",
    "$1",
    "?",
    "{x}",
    "%s",
    "",
    "\x00",
    "select",
    "a.b",
    "\ud800",
    "\n",
]
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=40))


@given(name=NAMES)
@example(name='x" INT); DROP TABLE kept; CREATE TABLE y("')
def test_quote_identifier_when_the_name_is_hostile(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """A table and a column of any name are made under exactly this name, and nothing else happens."""
    storable = storable_name(name)
    table = quote_identifier(free_name(storable, ["kept"]))
    database.execute("BEGIN; CREATE TABLE kept (id INTEGER)")
    try:
        database.execute(f"CREATE TABLE {table} ({quote_identifier(storable)} INTEGER)")
        tables = database.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_oid").fetchall()
        columns = database.execute(f"DESCRIBE {table}").fetchall()
    finally:
        database.execute("ROLLBACK")
    assert tables == [("kept",), (free_name(storable, ["kept"]),)]
    assert [column[0] for column in columns] == [storable]


@given(text=NAMES.map(storable_name))
def test_quote_literal_when_the_text_is_hostile(database: duckdb.DuckDBPyConnection, text: str) -> None:
    """A literal is the text, whatever it holds."""
    assert database.execute(f"SELECT {quote_literal(text)}").fetchall() == [(text,)]


@given(names=st.lists(NAMES, max_size=12))
def test_free_name_when_names_collide(names: list[str]) -> None:
    """Every name gets one of its own, that DuckDB does not take for another."""
    given_names: list[str] = []
    for name in names:
        given_names.append(free_name(name, given_names))
    assert len({fold(name) for name in given_names}) == len(names)


def test_free_name_when_only_case_differs() -> None:
    """The second gets the suffix _2, the third _3; what is taken already is passed over."""
    assert free_name("foo", ["Foo"]) == "foo_2"
    assert free_name("FOO", ["Foo", "foo_2"]) == "FOO_3"
    assert free_name("foo_2", ["Foo", "foo_2"]) == "foo_2_2"
    assert free_name("", []) == "_"
