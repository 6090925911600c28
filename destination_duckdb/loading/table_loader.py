"""Rows from a spool file into a table: one statement, at the speed of DuckDB's JSON reader.

In: a Segment of RECORD lines and their table. The fast path reads the lines as they came; the exact path reads what
exact_lines made of them. Raises MisfitError where the fast path found a value that it might round or guess, a namespace
that the beginning of the line did not show, or JSON that DuckDB's reader does not accept. The transaction is lost then,
and the caller tries again with the exact path.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from destination_duckdb.config import MEGABYTE
from destination_duckdb.identifiers import claim_name, fold, quote_identifier, quote_literal
from destination_duckdb.input.spool import Segment, SpoolDirectory, naming_full_disk
from destination_duckdb.protocol.catalog import StreamKey, WritePlan
from destination_duckdb.tables.table import EXTRACTED_AT, GENERATION_ID, META, RAW_ID, Table
from destination_duckdb.values.column_types import Column
from destination_duckdb.values.emitted_at import microseconds_sql
from destination_duckdb.values.exact_lines import ExactReader
from destination_duckdb.values.exact_values import exact_cast
from destination_duckdb.values.plain_values import misfit, plain_value

_MIN_OBJECT_BYTES = MEGABYTE
_PROBE = "temp.main._airbyte_probe"
_GLOB = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


class MisfitError(Exception):
    """The fast path can't load these rows of a stream exactly."""

    def __init__(self, key: StreamKey, reason: str) -> None:
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of a stream go."""

    plan: WritePlan
    table: Table
    columns: Sequence[Column]
    is_stage: bool


def has_plain_names(target: Target) -> bool:
    """Return whether DuckDB's reader can address each of the stream's properties by name."""
    names = [column.property_name for column in target.columns]
    is_distinct = len({fold(name) for name in names}) == len(names)
    return is_distinct and "" not in names and not any("\x00" in name for name in names)


def load(
    connection: duckdb.DuckDBPyConnection, target: Target, into: str, segment: Segment, spool: SpoolDirectory
) -> None:
    """Insert the rows of *segment* into the table *into*, by the path that the segment is marked with."""
    if segment.is_exact:
        path, longest_line_bytes = _exact_file(target, segment.path(), spool.new_file())
        connection.execute(_insert_into(into, _exact_select(target, path, longest_line_bytes)))
        spool.give_back(path)
        return
    with raising_misfit(target.plan.key):
        connection.execute(_insert_into(into, _plain_select(target, segment)))


def takes_fast_path(connection: duckdb.DuckDBPyConnection, target: Target, segment: Segment) -> bool:
    """Return whether the fast path loads *segment*; call it outside of a transaction, which a misfit would end."""
    names, query = _plain_select(target, segment)
    try:
        with raising_misfit(target.plan.key):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {_PROBE} ({names}) AS {query}")
    except MisfitError:
        return False
    connection.execute(f"DROP TABLE {_PROBE}")
    return True


@contextmanager
def raising_misfit(key: StreamKey) -> Iterator[None]:
    """Turn DuckDB's errors about values and JSON that are not plain into a MisfitError."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise MisfitError(key, str(error)) from error


def _exact_file(target: Target, source: Path, path: Path) -> tuple[Path, int]:
    """Write what exact_lines makes of *source* to *path*; return it with the length of its longest line."""
    reader = ExactReader(target.plan.key, target.columns, [path[0] for path in target.plan.primary_key])
    longest_line_bytes = 0
    with source.open("rb") as lines, naming_full_disk(path), path.open("wb") as file:
        for line in lines:
            row = reader.read(line)
            longest_line_bytes = max(longest_line_bytes, len(row))
            file.write(row)
    return path, longest_line_bytes


def _plain_select(target: Target, segment: Segment) -> tuple[str, str]:
    fields = [f"{quote_identifier(each.property_name)} {each.type.value.plain.read_as}" for each in target.columns]
    data = f"STRUCT({', '.join(fields)})" if fields else "JSON"
    record = f"STRUCT(stream VARCHAR, namespace VARCHAR, emitted_at DOUBLE, meta JSON, data {data})"
    namespace = "NULL" if target.plan.key.namespace is None else quote_literal(target.plan.key.namespace)
    test = (
        f"record.data IS NOT NULL AND record.emitted_at IS NOT NULL AND record.stream ="
        f" {quote_literal(target.plan.key.name)} AND nullif(record.namespace, '') IS NOT DISTINCT FROM {namespace}"
    )
    taken = {fold(each.property_name) for each in target.columns}
    emitted_at, meta = (quote_identifier(claim_name(name, taken)) for name in ("emitted_at", "meta"))
    # The properties become columns once: an expression for each within the record costs the square of their number.
    properties = ", unnest(record.data)" if fields else ""
    rows = (
        f"(SELECT record.emitted_at AS {emitted_at}, record.meta AS {meta}{properties}"
        f" FROM {_read(segment.path(), segment.longest_block_bytes, {'record': record})}"
        f" WHERE CASE WHEN {test} THEN true ELSE {misfit()} END)"
    )
    values = [plain_value(each.type, quote_identifier(each.property_name)) for each in target.columns]
    changes = f"coalesce(nullif(CAST(json_extract({meta}, '$.changes') AS VARCHAR), 'null'), '[]')"
    changes = f"CASE WHEN {meta} IS NULL THEN NULL ELSE {changes} END"
    return _select(target, rows, values, microseconds_sql(emitted_at, misfit()), changes)


def _exact_select(target: Target, path: Path, longest_line_bytes: int) -> tuple[str, str]:
    values = [exact_cast(column.type, f"v[{number}]") for number, column in enumerate(target.columns, start=1)]
    read = _read(path, longest_line_bytes, {"v": "VARCHAR[]", "e": "BIGINT", "c": "VARCHAR"})
    return _select(target, read, values, "e", "c")


def _insert_into(into: str, select: tuple[str, str]) -> str:
    names, query = select
    return f"INSERT INTO {into} ({names}) {query}"


def _select(target: Target, rows: str, values: Sequence[str], extracted_us: str, changes: str) -> tuple[str, str]:
    """Return the names of the columns, and the query for their values."""
    meta_start = quote_literal('{"sync_id":' + str(target.plan.sync_id) + ',"changes":')
    expressions = {
        RAW_ID: "uuidv7()",
        EXTRACTED_AT: f"make_timestamptz({extracted_us})",
        # Without changes it is a constant, which is parsed once instead of once a row.
        META: f"coalesce(CAST({meta_start} || {changes} || '}}' AS JSON), CAST({meta_start} || '[]}}' AS JSON))",
        GENERATION_ID: str(target.plan.generation_id),
    }
    expressions |= {column.name: value for column, value in zip(target.columns, values, strict=True)}
    names = ", ".join(map(quote_identifier, expressions))
    return names, f"SELECT {', '.join(expressions.values())} FROM {rows}"


def _read(path: Path, longest_line_bytes: int, columns: dict[str, str]) -> str:
    """Return the table function that reads the lines in *path*; DuckDB takes no parameters in its options.

    Without records = true it parses 20,000 lines beforehand to find out whether each is a record.
    """
    file = quote_literal(str(path).translate(_GLOB))
    options = ", ".join(f"{quote_identifier(name)}: {quote_literal(kind)}" for name, kind in columns.items())
    size = max(longest_line_bytes, _MIN_OBJECT_BYTES)
    known = "records = true, compression = 'uncompressed'"
    return f"read_ndjson({file}, columns = {{{options}}}, {known}, maximum_object_size = {size})"
