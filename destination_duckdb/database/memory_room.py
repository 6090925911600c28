"""Memory for what DuckDB's JSON reader needs: it grows with the longest line and with the threads.

In: a connection, the configured limits and the longest line of a load. Out: settings under which that load fits, for as
long as it takes. Each thread reads into buffers of twice the longest line, and a parsed value takes several times its
text: a huge record gets one thread and a higher limit. Raises nothing of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from destination_duckdb.config import MEGABYTE, Config
from destination_duckdb.database.connection import thread_count

_LARGE_LINE_BYTES = 16 * MEGABYTE
# Measured: an array of short numbers takes the most, twice in buffers and more than ten times parsed and written.
_TIMES_ITS_TEXT = 20
_BASE_MIB = 256


@contextmanager
def room_for(connection: duckdb.DuckDBPyConnection, config: Config, longest_line_bytes: int) -> Iterator[None]:
    """Give a load with such a line what it needs."""
    if longest_line_bytes <= _LARGE_LINE_BYTES:
        yield
        return
    use_one_thread(connection)
    connection.execute(f"SET memory_limit = '{_BASE_MIB + longest_line_bytes * _TIMES_ITS_TEXT // MEGABYTE}MiB'")
    try:
        yield
    finally:
        connection.execute(f"SET memory_limit = '{config.memory_limit}'")
        connection.execute(f"SET threads = {thread_count(config)}")


def use_one_thread(connection: duckdb.DuckDBPyConnection) -> None:
    """Let loads take less memory and more time."""
    connection.execute("SET threads = 1")
