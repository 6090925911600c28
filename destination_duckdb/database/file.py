"""A database in a DuckDB file.

Opening it takes DuckDB's lock on it, so only one process writes. Rows are spooled in a directory beside it, which the
same lock guards. Extensions are neither installed nor loaded.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.database.kind import Settings
from destination_duckdb.errors import ConfigError, DatabaseLocked, DestinationError

# DuckDB takes the part before such a colon for the extension that is to open the rest.
_EXTENSION_PREFIX = re.compile(r"[A-Za-z0-9_]{2,}:")
_LOCK_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file, which may not exist yet."""

    config: Config

    @property
    def shown_path(self) -> str:
        """Return the path."""
        return self.config.destination_path

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the MotherDuck token, which a configuration may contain though it is of no use here."""
        return (self.config.motherduck_api_key,) if self.config.motherduck_api_key else ()

    @property
    def spool_path(self) -> Path | None:
        """Return a path beside the file."""
        return Path(self.config.destination_path + ".spool")

    @property
    def has_growing_row_ids(self) -> bool:
        """Return True: DuckDB numbers the rows of a file in the order of their insertion."""
        return True

    def is_missing(self) -> bool:
        """Return whether the file does not exist."""
        return not Path(self.config.destination_path).exists()

    def refuse_unusable(self) -> None:
        """Refuse what is not a file, and what this user can't write."""
        _refuse_other_databases(self.config.destination_path)
        try:
            _refuse_unwritable(Path(self.config.destination_path))
        except OSError as error:
            raise ConfigError(f"destination_path can't be used: {error.strerror}.") from error

    def connect(self, settings: Settings) -> duckdb.DuckDBPyConnection:
        """Open the file, or create it in the configured storage format."""
        settings = settings | {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        if self.config.storage_compatibility and self.is_missing():
            settings["storage_compatibility_version"] = self.config.storage_compatibility
        return duckdb.connect(self.config.destination_path, config=settings)

    def explained(self, error: duckdb.Error) -> DestinationError:
        """Name the process that holds the lock, or what is wrong with the file."""
        text = str(error)
        path = self.config.destination_path
        if holder := _LOCK_HOLDER.search(text):
            return DatabaseLocked(
                f"The database {path} is in use by process {holder['pid']} ({holder['program']}): DuckDB lets only one"
                " process write. End that process, or try again later."
            )
        # DuckDB recognises the files of SQLite, and would open them with an extension.
        if "not a valid DuckDB database file" in text or "sqlite_scanner" in text:
            return ConfigError(f"The file {path} is not a DuckDB database: choose another destination_path.")
        if "does not match stored checksum" in text:
            return ConfigError(f"The database {path} is damaged: restore it from a copy. DuckDB says: {text}")
        if "version number" in text:
            return ConfigError(
                f"The database {path} was written by a newer DuckDB than {duckdb.__version__}, which runs here:"
                " upgrade the package duckdb, or write the file with an older storage_compatibility."
            )
        if "not a known DuckDB version" in text:
            return ConfigError(
                f"storage_compatibility {self.config.storage_compatibility} is not a version that DuckDB"
                f" {duckdb.__version__} supports: choose another, such as v1.0.0."
            )
        return ConfigError(f"The database {path} can't be opened. DuckDB says: {text.splitlines()[0]}")


def _refuse_other_databases(path: str) -> None:
    if path.startswith(":memory:"):
        raise ConfigError("destination_path is :memory:, which is lost when the command ends: give a file.")
    # What follows such a prefix may contain a password, so it is not cited.
    if prefix := _EXTENSION_PREFIX.match(path):
        raise ConfigError(
            f"destination_path begins with {prefix[0]!r}, which is not a file: give a path, or md:<database>."
        )


def _refuse_unwritable(path: Path) -> None:
    if path.is_dir():
        raise ConfigError(f"destination_path {path} is a directory: give the path of a file in it.")
    if path.exists() and not path.is_file():
        raise ConfigError(f"destination_path {path} is not a regular file: give the path of a file.")
    if not path.parent.is_dir():
        raise ConfigError(f"The directory {path.parent} of destination_path does not exist: create it.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"The directory {path.parent} of destination_path is not writable by this user.")
    if path.exists() and not os.access(path, os.W_OK | os.R_OK):
        raise ConfigError(f"The file {path} of destination_path is not writable by this user.")
