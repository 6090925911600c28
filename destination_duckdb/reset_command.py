"""`reset`: removes streams, so that the next sync reads them from the start.

In: the Config, and which streams. Out: a JSON array, one object a stream, with the rows that its table had. All
streams are removed in one transaction: table, unfinished refreshes, state, and what is remembered of them. Raises
ConfigError for a stream that does not exist, and what opening the database raises.
"""

from collections.abc import Sequence

import msgspec

from destination_duckdb.config import Config
from destination_duckdb.database.connection import open_database, transaction
from destination_duckdb.database.kinds import kind_of
from destination_duckdb.errors import ConfigError
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.protocol.catalog import StreamKey


def reset_streams(config: Config, keys: Sequence[StreamKey]) -> bytes:
    """Remove the streams and return what they had."""
    kind = kind_of(config)
    if kind.is_missing():
        raise ConfigError(f"The database {kind.shown_path} does not exist yet, so there is nothing to reset.")
    with open_database(config) as connection, transaction(connection):
        tables = StreamTables(connection, config)
        return msgspec.json.encode(
            [{"namespace": key.namespace, "stream": key.name, "rows": tables.remove(key)} for key in keys]
        )
