"""`mixpanel-to-duckdb views`: a view per event, made or brought up to date.

In: a database; out: an exit code and text on stdout. Raises SyncError where it can't be written.
"""

from __future__ import annotations

from dataclasses import asdict

from mixpanel_to_duckdb.database import open_database, require_schema
from mixpanel_to_duckdb.printing import print_json, print_page
from mixpanel_to_duckdb.views import View, update_views


def views_of(database: str, schema: str) -> list[View]:
    """Make or update all views of a schema of *database*, and return them."""
    with open_database(database, read_only=False) as connection:
        require_schema(connection, database, schema)
        return update_views(connection)


def run_views(database: str, schema: str, *, as_json: bool) -> int:
    """Make or update the views, and print which there are."""
    views = views_of(database, schema)
    if as_json:
        print_json([asdict(view) for view in views])
        return 0
    from rich.table import Column, Table  # noqa: PLC0415 - when it is needed

    table = Table(Column("view"), Column("of"), Column("columns of properties", justify="right"))
    for view in views:
        table.add_row(view.name, view.event or view.table, f"{view.properties:,}")
    print_page([table])
    return 0
