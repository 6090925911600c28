"""`state`: the states that the database holds, as a state file that `read --state` takes.

In: the Config. Out: a JSON array, one state an item; empty where there is no database yet, which is not made then.
Raises what opening the database raises.
"""

from pathlib import Path

import msgspec

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database
from destination_duckdb.tables.state_table import StateTable
from destination_duckdb.tables.table import existing_columns


def state_file(config: Config) -> bytes:
    """Return the states."""
    if not config.is_motherduck and not Path(config.destination_path).exists():
        return b"[]"
    with open_database(config) as connection:
        table = StateTable(connection, config.schema)
        return msgspec.json.encode(table.states() if existing_columns(connection, table.table) else [])
