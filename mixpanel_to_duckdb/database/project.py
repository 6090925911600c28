"""Which project of Mixpanel the rows of a schema came from: one record per stream, in `_mixpanel_to_duckdb.projects`.

In: a config, a database, its state; out: the record, or BadArguments where the rows are those of another project. A
record binds only where something of its stream was kept: a sync that was let in nowhere leaves the schema free. Holds
no secret, nor anything made of one. Databases of release 0.1.0 have no record: the next sync makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, transaction, use_schema
from mixpanel_to_duckdb.database.history import SCHEMA
from mixpanel_to_duckdb.errors import BadArguments, SyncError
from mixpanel_to_duckdb.place import exists
from source_mixpanel_parallel.windows.finished_days import FinishedDays

if TYPE_CHECKING:
    import duckdb

NOT_FOR_OTHERS = 0o007  # what the destination denies when it makes a file
CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.projects (schema_name VARCHAR, stream VARCHAR, project_id VARCHAR, region VARCHAR);
"""
EXISTS = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'projects'"
SELECT = f"SELECT stream, project_id, region FROM {SCHEMA}.projects WHERE lower(schema_name) = lower(?)"  # noqa: S608
DELETE = f"DELETE FROM {SCHEMA}.projects WHERE lower(schema_name) = lower(?) AND stream = ?"  # noqa: S608 - our own
INSERT = f"INSERT INTO {SCHEMA}.projects VALUES (?, ?, ?, ?)"  # noqa: S608 - a name of our own


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its credentials name it; *project_id* is None where they do not, as with a project secret."""

    project_id: str | None
    region: str

    def may_be(self, other: Project) -> bool:
        """Tell whether both can be the same project, by what is known of them."""
        known = {self.project_id, other.project_id} - {None}
        return self.region == other.region and len(known) <= 1

    def __str__(self) -> str:
        return f"project {self.project_id} in {self.region}" if self.project_id else f"a project in {self.region}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sync writes: a schema of a database."""

    database: str
    schema: str

    def __str__(self) -> str:
        return f"{self.database}, schema {self.schema},"


def project_of(config: SourceConfig) -> Project:
    """Return the project that *config* reads."""
    project_id = config.fields.credentials.get("project_id")
    return Project(None if project_id is None else str(project_id), config.fields.region)


def refuse_other_project(place: Place, project: Project, finished: Mapping[str, FinishedDays]) -> None:
    """Raise BadArguments where *place* holds rows, or *finished* days, of another project."""
    if not exists(place.database):
        return
    with open_database(place.database) as connection:
        for stream, owner in _recorded(connection, place.schema).items():
            if owner.may_be(project) or not _holds(connection, place.schema, stream, finished):
                continue
            raise BadArguments(
                f"DATABASE {place} holds the {stream} of {owner}, and the config reads {project}: "
                "give another schema with --schema NAME, or another file"
            )


def record_project(place: Place, project: Project, streams: Iterable[str]) -> None:
    """Record that the rows of *streams* come from *project*, before the first of them is written."""
    is_new = not exists(place.database)
    try:
        with open_database(place.database, read_only=False) as connection, transaction(connection):
            connection.execute(CREATE)
            recorded = _recorded(connection, place.schema)
            for stream in streams:
                known = recorded.get(stream)
                is_less = known is not None and known.may_be(project) and project.project_id is None
                if known != project and not is_less:
                    connection.execute(DELETE, [place.schema, stream])
                    connection.execute(INSERT, [place.schema, stream, project.project_id, project.region])
    except SyncError:
        if exists(place.database):
            raise
        return  # no database can be made there; the destination says better why
    if is_new:
        file = Path(place.database)
        file.chmod(file.stat().st_mode & ~NOT_FOR_OTHERS)


def _recorded(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, Project]:
    [(count,)] = connection.execute(EXISTS, [SCHEMA]).fetchall()
    rows = connection.execute(SELECT, [schema]).fetchall() if count else []
    return {stream: Project(project_id, region) for stream, project_id, region in rows}


def _holds(
    connection: duckdb.DuckDBPyConnection, schema: str, stream: str, finished: Mapping[str, FinishedDays]
) -> bool:
    """Tell whether anything of *stream* was kept: finished days, be they without events, or rows."""
    if any(each.windows for days in [finished.get(stream)] if days for each in (days.latest, *days.others)):
        return True
    if not use_schema(connection, schema):
        return False
    tables = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = current_schema() AND table_name = ?"
    [(count,)] = connection.execute(tables, [stream]).fetchall()
    rows = f"SELECT 1 FROM {quote_identifier(stream)} LIMIT 1"  # noqa: S608 - quoted
    return bool(count and connection.execute(rows).fetchall())
