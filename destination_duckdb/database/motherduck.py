"""A database at MotherDuck: `md:<database>`.

Needs a token, from the configuration or the environment. Rows are spooled in the system's temporary directory,
since there is no local file to put them next to. DuckDB installs MotherDuck's extension by itself.
"""

import os
from dataclasses import dataclass

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.database.kind import Settings
from destination_duckdb.errors import ConfigError, DestinationError


@dataclass(frozen=True, slots=True)
class MotherDuck:
    """A remote database."""

    config: Config

    @property
    def shown_path(self) -> str:
        """Return the path without its parameters, one of which may be a token."""
        return self.config.destination_path.partition("?")[0]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the tokens: that of the configuration and those among the path's parameters."""
        parameters = [part.partition("=") for part in self.config.destination_path.partition("?")[2].split("&")]
        tokens = [value for name, _, value in parameters if "token" in name.lower()]
        return tuple(secret for secret in (self.config.motherduck_api_key, *tokens) if secret)

    @property
    def spool_path(self) -> None:
        """Return None: a remote database has no directory."""

    @property
    def has_growing_row_ids(self) -> bool:
        """Return False: nothing is known about the row ids of a remote table."""
        return False

    def is_missing(self) -> bool:
        """Return False: only opening it would show."""
        return False

    def refuse_unusable(self) -> None:
        """Refuse a path without a token: DuckDB would open a browser and wait for somebody to log in."""
        if not self.secrets and not any(name.lower() == "motherduck_token" for name in os.environ):
            raise ConfigError(
                f"destination_path {self.shown_path} is a MotherDuck database: set motherduck_api_key too."
            )

    def connect(self, settings: Settings) -> duckdb.DuckDBPyConnection:
        """Open the database."""
        if self.config.motherduck_api_key:
            settings = settings | {"motherduck_token": self.config.motherduck_api_key}
        return duckdb.connect(self.config.destination_path, config=settings)

    def explained(self, error: duckdb.Error) -> DestinationError:
        """Cite DuckDB."""
        return ConfigError(f"The database {self.shown_path} can't be opened. DuckDB says: {str(error).splitlines()[0]}")
