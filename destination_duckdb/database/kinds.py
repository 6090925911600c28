"""Which kind of database a configuration names: by the beginning of destination_path, a file where nothing matches."""

from collections.abc import Callable, Mapping

from destination_duckdb.config import Config
from destination_duckdb.database.file import DatabaseFile
from destination_duckdb.database.kind import DatabaseKind
from destination_duckdb.database.motherduck import MotherDuck

_BY_PREFIX: Mapping[str, Callable[[Config], DatabaseKind]] = {
    "md:": MotherDuck,
    "motherduck:": MotherDuck,
}


def kind_of(config: Config) -> DatabaseKind:
    """Return the database that *config* names; nothing is opened."""
    for prefix, kind in _BY_PREFIX.items():
        if config.destination_path.startswith(prefix):
            return kind(config)
    return DatabaseFile(config)
