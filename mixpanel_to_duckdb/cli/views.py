"""`mixpanel-to-duckdb views`: creates or updates a view per event.

In: a database; out: an exit code and text on stdout. Raises SyncError if it can't be written.
"""

from __future__ import annotations

from dataclasses import asdict

from mixpanel_to_duckdb.database.views import views_of
from mixpanel_to_duckdb.terminal.printing import print_json, print_page


def run_views(database: str, schema: str, *, as_json: bool) -> int:
    """Create or update the views and list them."""
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
