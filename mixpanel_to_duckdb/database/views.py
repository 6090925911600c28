"""A view per event, whose columns are the event's properties, and one of all profiles.

In: a connection that may write; out: the views that were made or brought up to date. Names are remembered in the
database: they stay as they are when new events and properties come. Touches no view or table of anybody else. Raises
duckdb.Error.
"""
# ruff: noqa: S608  names and texts are quoted before they come into a statement

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.database.connection import (
    open_database,
    quote_identifier,
    quote_literal,
    require_schema,
    transaction,
)
from mixpanel_to_duckdb.database.history import SCHEMA
from mixpanel_to_duckdb.database.property_types import Property, property_types
from mixpanel_to_duckdb.database.stream_tables import StreamTable, stream_tables

if TYPE_CHECKING:
    import duckdb

CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.views (table_name VARCHAR, event VARCHAR, view_name VARCHAR);
CREATE TABLE IF NOT EXISTS {SCHEMA}.view_columns (view_name VARCHAR, property VARCHAR, column_name VARCHAR);
ALTER TABLE {SCHEMA}.views ADD COLUMN IF NOT EXISTS schema_name VARCHAR DEFAULT 'main';
ALTER TABLE {SCHEMA}.view_columns ADD COLUMN IF NOT EXISTS schema_name VARCHAR DEFAULT 'main';
"""
OF_EVENTS, OF_PROFILES = ("time", "distinct_id", "insert_id"), ("distinct_id", "last_seen")
# Properties that stand in front of every view as columns already.
COLUMNS_ALREADY = {"time", "distinct_id", "$insert_id", "$distinct_id", "$last_seen"}


@dataclass(frozen=True, slots=True)
class View:
    """One view: its name, whose it is, and how many properties it has."""

    name: str
    table: str
    event: str
    properties: int


def update_views(connection: duckdb.DuckDBPyConnection) -> list[View]:
    """Create or update all views of the current schema, in one transaction."""
    with transaction(connection):
        connection.execute(CREATE)
        return [view for table in stream_tables(connection) for view in _views_of(connection, table)]


def _views_of(connection: duckdb.DuckDBPyConnection, table: StreamTable) -> Iterable[View]:
    source = quote_identifier(table.name)
    if table.is_events:
        for event, properties in property_types(connection, source).items():
            name = _view_name(connection, table.name, event, f"{slug(table.name)}_{slug(event)}")
            where = f" WHERE data.event = {quote_literal(event)}"
            yield _create(connection, View(name, table.name, event, len(properties)), OF_EVENTS, properties, where)
    else:
        properties = property_types(connection, source, "''").get("", [])
        name = _view_name(connection, table.name, "", f"{slug(table.name)}_wide")
        yield _create(connection, View(name, table.name, "", len(properties)), OF_PROFILES, properties, "")


def _create(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    own: tuple[str, ...],
    properties: list[Property],
    where: str,
) -> View:
    named = [each for each in properties if each.name not in COLUMNS_ALREADY]
    names = _column_names(connection, view.name, own, [each.name for each in named])
    columns = [f"data.{quote_identifier(name)}" for name in own]
    columns += [f"{each.sql()} AS {quote_identifier(names[each.name])}" for each in named]
    connection.execute(
        f"CREATE OR REPLACE VIEW {quote_identifier(view.name)} AS "
        f"SELECT {', '.join(columns)} FROM {quote_identifier(view.table)} AS data{where}"
    )
    return View(view.name, view.table, view.event, len(named))


def slug(event: str) -> str:
    """Return *event* as a part of a name that needs no quotes: lower case, letters, digits and underscores."""
    return re.sub(r"\W+", "_", event.casefold()).strip("_") or "unnamed"


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return *wanted*, or the first of wanted_2, wanted_3, … that is not *taken*, whatever the case."""
    folded = {name.casefold() for name in taken}
    name, number = wanted, 1
    while name.casefold() in folded:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _view_name(connection: duckdb.DuckDBPyConnection, table: str, event: str, wanted: str) -> str:
    known = connection.execute(
        f"SELECT view_name FROM {SCHEMA}.views WHERE schema_name = current_schema() AND table_name = ? AND event = ?",
        [table, event],
    ).fetchone()
    if known:
        return str(known[0])
    taken = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() "
        f"UNION SELECT view_name FROM {SCHEMA}.views WHERE schema_name = current_schema()"
    ).fetchall()
    name = free_name(wanted, [row[0] for row in taken])
    connection.execute(f"INSERT INTO {SCHEMA}.views VALUES (?, ?, ?, current_schema())", [table, event, name])
    return name


def _column_names(
    connection: duckdb.DuckDBPyConnection, view: str, own: tuple[str, ...], properties: list[str]
) -> dict[str, str]:
    rows = connection.execute(
        f"SELECT property, column_name FROM {SCHEMA}.view_columns"
        " WHERE schema_name = current_schema() AND view_name = ?",
        [view],
    ).fetchall()
    names: dict[str, str] = dict(rows)
    for name in properties:
        if name not in names:
            names[name] = free_name(name.replace("\x00", "_") or "_", [*own, *names.values()])
            connection.execute(
                f"INSERT INTO {SCHEMA}.view_columns VALUES (?, ?, ?, current_schema())",
                [view, name, names[name]],
            )
    return names


def views_of(database: str, schema: str) -> list[View]:
    """Make or update all views of a schema of *database*, and return them."""
    with open_database(database, read_only=False) as connection:
        require_schema(connection, database, schema)
        return update_views(connection)
