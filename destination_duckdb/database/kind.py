"""What a kind of database decides: everything that differs between a file, MotherDuck and further kinds.

Each kind is one file beside this one; kinds.py chooses by destination_path. The rest of the package sees only this
interface and never asks which kind it has.
"""

from pathlib import Path
from typing import Protocol

import duckdb

from destination_duckdb.errors import DestinationError

Settings = dict[str, str | bool | int | float | list[str]]


class DatabaseKind(Protocol):
    """One database, as its kind sees it."""

    @property
    def shown_path(self) -> str:
        """Return the path as messages may cite it."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no message may contain."""
        ...

    @property
    def spool_path(self) -> Path | None:
        """Return a directory for temporary files that the lock on the database guards, or None."""
        ...

    @property
    def has_growing_row_ids(self) -> bool:
        """Return whether new rows of a table always get higher row ids than old ones."""
        ...

    def is_missing(self) -> bool:
        """Return whether the database certainly does not exist yet; opening it would create it."""
        ...

    def refuse_unusable(self) -> None:
        """Raise ConfigError where the configuration can't lead to a database, before anything is opened."""
        ...

    def connect(self, settings: Settings) -> duckdb.DuckDBPyConnection:
        """Open the database with these settings and its own; make it the current database of the connection."""
        ...

    def explained(self, error: duckdb.Error) -> DestinationError:
        """Return *error*, which connect() raised, as one sentence with the next step."""
        ...
