"""The connection: opening the database, transactions, and the settings that loads need.

In: the Config. Out: a connection that prints nothing and whose session time zone is UTC. Raises ConfigError or
TransientError with one sentence: who holds the lock, what is missing, what can't be written, what is not a DuckDB file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from destination_duckdb.config import MEGABYTE, Config
from destination_duckdb.database.kinds import kind_of

_MAX_DEFAULT_THREADS = 4
_KEEP_ORDER = "SET preserve_insertion_order = true"
_LARGE_LINE_BYTES = 16 * MEGABYTE
# Measured: an array of short numbers takes the most, twice in buffers and more than ten times parsed and written.
_TIMES_ITS_TEXT = 20
_BASE_MIB = 256
# Measured: 2,000 columns of mixed types need 600 to 900 MiB.
_MANY_COLUMNS = 400
_COLUMN_KIB = 350


@contextmanager
def open_database(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the database for writing; nobody else can until it is closed."""
    kind = kind_of(config)
    kind.refuse_unusable()
    try:
        connection = kind.connect(
            {
                "memory_limit": config.memory_limit,
                "threads": _thread_count(config),
                "custom_user_agent": "destination-duckdb",
            }
        )
    except duckdb.Error as error:
        raise kind.explained(error) from error
    try:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET max_vacuum_tasks = 0")
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit everything that happens inside, or nothing."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After a failed COMMIT there is no transaction left to roll back.
        with suppress(duckdb.TransactionException):
            connection.execute("ROLLBACK")
        connection.execute(_KEEP_ORDER)
        raise


@contextmanager
def any_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let rows be written in any order within a transaction, which takes less time and memory.

    A failed transaction accepts nothing but ROLLBACK, so after an error transaction() resets it.
    """
    connection.execute("SET preserve_insertion_order = false")
    yield
    connection.execute(_KEEP_ORDER)


def reclaim_at_close(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the last checkpoint reclaim the space of deleted rows.

    By default it does not, since it would also merge row groups that are not full: 1.4 of 10 s for 1,000,000 events.
    """
    connection.execute("RESET max_vacuum_tasks")


@contextmanager
def enough_memory(
    connection: duckdb.DuckDBPyConnection, config: Config, longest_line_bytes: int, column_count: int
) -> Iterator[None]:
    """Run a load under settings that its longest line and its widest table fit.

    Each thread of DuckDB's JSON reader has buffers of twice the longest line, and a parsed value takes several times
    its text. Each expression has vectors of 2,048 values, whatever the number of rows. So a huge record or a wide table
    gets one thread and, where the configured one is lower, a higher limit.
    """
    if longest_line_bytes <= _LARGE_LINE_BYTES and column_count <= _MANY_COLUMNS:
        yield
        return
    use_one_thread(connection)
    needed_mib = _BASE_MIB + longest_line_bytes * _TIMES_ITS_TEXT // MEGABYTE + column_count * _COLUMN_KIB // 1024
    if needed_mib > config.memory_limit_mib:
        connection.execute(f"SET memory_limit = '{needed_mib}MiB'")
    try:
        yield
    finally:
        connection.execute(f"SET memory_limit = '{config.memory_limit}'")
        connection.execute(f"SET threads = {_thread_count(config)}")


def use_one_thread(connection: duckdb.DuckDBPyConnection) -> None:
    """Make loads take less memory and more time."""
    connection.execute("SET threads = 1")


def _thread_count(config: Config) -> int:
    return config.threads or min(os.cpu_count() or 1, _MAX_DEFAULT_THREADS)
