"""The way to the database: open it, say what is in the way, and run transactions.

In: the Config. Out: a connection that installs and loads nothing, prints nothing and thinks in UTC. Raises
ConfigError or TransientError with one sentence: who holds the lock, what is missing, what can't be written, what is
no DuckDB file.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.errors import ConfigError, DestinationError, TransientError

_MAX_DEFAULT_THREADS = 4
_KEEP_ORDER = "SET preserve_insertion_order = true"
# DuckDB takes what stands before such a colon for the extension that is to open the rest.
_EXTENSION_PREFIX = re.compile(r"[A-Za-z0-9_]{2,}:")
_LOCK_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


@contextmanager
def open_database(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the database for writing; nobody else can until it is closed."""
    if config.is_motherduck:
        _refuse_tokenless(config)
    else:
        _refuse_other_databases(config.destination_path)
        try:
            _refuse_unwritable(Path(config.destination_path))
        except OSError as error:
            raise ConfigError(f"destination_path can't be used: {error.strerror}.") from error
    try:
        connection = duckdb.connect(config.destination_path, config=_settings(config))
    except duckdb.Error as error:
        raise _explained(error, config) from error
    try:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET max_vacuum_tasks = 0")
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside, or none of it."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A failed COMMIT has ended the transaction already, and there is nothing left to roll back then.
        with suppress(duckdb.TransactionException):
            connection.execute("ROLLBACK")
        connection.execute(_KEEP_ORDER)
        raise


@contextmanager
def any_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let rows be written in any order, which takes less time and memory, within a transaction.

    A transaction that failed takes no statement but ROLLBACK, so after an error it is transaction() that sets it back.
    """
    connection.execute("SET preserve_insertion_order = false")
    yield
    connection.execute(_KEEP_ORDER)


def reclaim_at_close(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the last checkpoint take back the room of deleted rows.

    Else it is told not to, since it also joins row groups that are not full: 1.4 of 10 s for 1,000,000 new events.
    """
    connection.execute("RESET max_vacuum_tasks")


def thread_count(config: Config) -> int:
    """Return how many threads DuckDB may use."""
    return config.threads or min(os.cpu_count() or 1, _MAX_DEFAULT_THREADS)


def _settings(config: Config) -> dict[str, str | bool | int | float | list[str]]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": config.memory_limit,
        "threads": thread_count(config),
        "custom_user_agent": "destination-duckdb",
    }
    if config.is_motherduck:
        if config.motherduck_api_key:
            settings["motherduck_token"] = config.motherduck_api_key
        return settings
    settings |= {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if config.storage_compatibility and not Path(config.destination_path).exists():
        settings["storage_compatibility_version"] = config.storage_compatibility
    return settings


def _refuse_tokenless(config: Config) -> None:
    # Without a token DuckDB would open a browser and wait for somebody to log in.
    if not config.secrets and not any(name.lower() == "motherduck_token" for name in os.environ):
        raise ConfigError(f"destination_path {config.shown_path} lies at MotherDuck: give its motherduck_api_key too.")


def _refuse_other_databases(path: str) -> None:
    if path.startswith(":memory:"):
        raise ConfigError("destination_path is :memory:, which is gone when the command ends: give a file.")
    # What follows such a prefix may hold a password, so it is not cited.
    if prefix := _EXTENSION_PREFIX.match(path):
        raise ConfigError(
            f"destination_path begins with {prefix[0]!r}, which is no file: give a path, or md:<database>."
        )


def _refuse_unwritable(path: Path) -> None:
    if path.is_dir():
        raise ConfigError(f"destination_path {path} is a directory: give the path of a file in it.")
    if path.exists() and not path.is_file():
        raise ConfigError(f"destination_path {path} is no regular file: give the path of one, or of a new one.")
    if not path.parent.is_dir():
        raise ConfigError(f"The directory {path.parent} of destination_path does not exist: create it.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"The directory {path.parent} of destination_path is not writable by this user.")
    if path.exists() and not os.access(path, os.W_OK | os.R_OK):
        raise ConfigError(f"The file {path} of destination_path is not writable by this user.")


def _explained(error: duckdb.Error, config: Config) -> DestinationError:
    text = str(error)
    path = config.shown_path
    if holder := _LOCK_HOLDER.search(text):
        return TransientError(
            f"The database {path} is in use by process {holder['pid']} ({holder['program']}): DuckDB lets only one"
            " process write. End that process, or try again later."
        )
    # It knows the files of SQLite, and would open them with an extension.
    if "not a valid DuckDB database file" in text or "sqlite_scanner" in text:
        return ConfigError(f"The file {path} is not a DuckDB database: choose another destination_path.")
    if "does not match stored checksum" in text:
        return ConfigError(f"The database {path} is damaged: restore it from a copy. DuckDB says: {text}")
    if "version number" in text:
        return ConfigError(
            f"The database {path} was written by a newer DuckDB than {duckdb.__version__}, which runs here: upgrade the"
            " package duckdb, or write the file with an older storage_compatibility."
        )
    if "not a known DuckDB version" in text:
        return ConfigError(
            f"storage_compatibility {config.storage_compatibility} is no version that DuckDB {duckdb.__version__}"
            " knows: choose one that is, such as v1.0.0."
        )
    return ConfigError(f"The database {path} can't be opened. DuckDB says: {text.splitlines()[0]}")
