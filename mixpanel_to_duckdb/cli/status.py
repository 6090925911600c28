"""`mixpanel-to-duckdb status`: shows what a database contains.

In: its path; out: an exit code and text on stdout. Raises SyncError if it can't be read.
"""

from __future__ import annotations

from mixpanel_to_duckdb.cli.status_page import status_page
from mixpanel_to_duckdb.connectors.stored_state import stored_state
from mixpanel_to_duckdb.database.status import database_status
from mixpanel_to_duckdb.terminal.printing import print_json, print_page


def run_status(database: str, schema: str, *, as_json: bool) -> int:
    """Print the status of one schema."""
    status = database_status(database, stored_state(database, schema), schema)
    if as_json:
        print_json(status.as_json())
    else:
        print_page(status_page(status))
    return 0
