"""What a database contains after a sync: rows per table, events per day, and a typical query.

In: a read-only DuckDB connection; out: rich renderables.
"""

from __future__ import annotations

from datetime import date

import duckdb
from rich.table import Table

BAR_CELLS = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"

ROWS_A_DAY = "SELECT CAST(time AT TIME ZONE 'UTC' AS DATE) AS day, count(*) FROM events GROUP BY day ORDER BY day"
TOP_EVENTS = """
SELECT event, count(*) AS events, count(DISTINCT distinct_id) AS people,
       mode(properties->'context'->'page'->>'path') AS top_page
FROM events GROUP BY event ORDER BY events DESC LIMIT 5
"""


def rows_per_table(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> Table:
    """Return how many rows each of *tables* has."""
    table = Table("table", "rows", title="What arrived")
    table.columns[1].justify = "right"
    for name in tables:
        [(rows,)] = connection.table(name).count("*").fetchall()
        table.add_row(name, f"{rows:,}")
    return table


def rows_per_day(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return a bar chart of events per day."""
    days: list[tuple[date, int]] = connection.execute(ROWS_A_DAY).fetchall()
    most = max((rows for _, rows in days), default=0)
    table = Table("day", "events", "", title="Events per day", box=None)
    table.columns[1].justify = "right"
    for day, rows in days:
        table.add_row(str(day), f"{rows:,}", bar(rows, most))
    return table


def bar(value: int, most: int) -> str:
    """Return *value* as a bar in eighths of a cell, *most* being a full one."""
    cells, eighths = divmod(value * BAR_CELLS * 8 // max(most, 1), 8)
    return "█" * cells + (EIGHTHS[eighths] if eighths else "")


def top_events(connection: duckdb.DuckDBPyConnection) -> Table:
    """Return the most frequent events, with the page they happen on most: a property inside a property."""
    cursor = connection.execute(TOP_EVENTS)
    table = Table(*[column[0] for column in cursor.description or []], title="Top events")
    rows = cursor.fetchall()
    for column, value in zip(table.columns, rows[0] if rows else (), strict=False):
        column.justify = "right" if isinstance(value, int) else "left"
    for row in rows:
        table.add_row(*[f"{value:,}" if isinstance(value, int) else str(value) for value in row])
    return table
