"""Where the tables are: a database, which is a file or at MotherDuck, and a schema of it."""

from __future__ import annotations

import shlex
from pathlib import Path

DEFAULT_SCHEMA = "main"
MOTHERDUCK = "md:"


def exists(database: str) -> bool:
    """Tell whether *database* was written before; of one at MotherDuck it is assumed."""
    return database.startswith(MOTHERDUCK) or Path(database).exists()


def as_arguments(database: str, schema: str) -> str:
    """Return how a command names the database and, where it is not the default, the schema."""
    return shlex.join([database, *(["--schema", schema] if schema != DEFAULT_SCHEMA else [])])
