"""Rows from a spool file into a table: one statement, at the speed of DuckDB's JSON reader.

In: a file of RECORD lines and the table they belong to. The fast way reads the lines as they came; the exact way
reads what exact_lines made of them. Raises MisfitError where the fast way met a value that it might round or guess, a
namespace that its beginning did not show, or JSON that DuckDB's reader does not take: the transaction is lost then,
and the caller tries again with the exact way.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from destination_duckdb.config import MEGABYTE
from destination_duckdb.identifiers import fold, quote_identifier, quote_literal
from destination_duckdb.input.spool import SpoolDirectory, full_disk_named
from destination_duckdb.protocol.catalog import StreamPlan, SyncMode
from destination_duckdb.tables.table import EXTRACTED_AT, GENERATION_ID, META, RAW_ID, Table
from destination_duckdb.values.column_types import Column
from destination_duckdb.values.exact_lines import ExactReader
from destination_duckdb.values.exact_values import exact_cast
from destination_duckdb.values.plain_values import misfit, plain_value

_MIN_OBJECT_BYTES = MEGABYTE
_GLOB = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


class MisfitError(Exception):
    """The fast way can't load these rows exactly."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of a stream go."""

    plan: StreamPlan
    table: Table
    columns: Sequence[Column]
    is_stage: bool


@dataclass(frozen=True, slots=True)
class RowsFile:
    """A file of lines, and how long the longest can be."""

    path: Path
    longest_line_bytes: int


def has_plain_names(target: Target) -> bool:
    """Return whether DuckDB's reader can tell the stream's properties apart at all."""
    names = [column.property_name for column in target.columns]
    told_apart = len({fold(name) for name in names}) == len(names)
    return told_apart and "" not in names and not any("\x00" in name for name in names)


def load_plain(connection: duckdb.DuckDBPyConnection, target: Target, into: str, rows: RowsFile) -> None:
    """Insert *rows* into the table *into*, or raise MisfitError."""
    with misfits_told():
        connection.execute(_insert_into(into, _plain_select(target, rows)))


def passes(connection: duckdb.DuckDBPyConnection, target: Target, rows: RowsFile) -> bool:
    """Return whether the fast way takes *rows*; call it outside of a transaction, which a misfit would end."""
    names, query = _plain_select(target, rows)
    try:
        with misfits_told():
            connection.execute(f"CREATE OR REPLACE TEMP TABLE _airbyte_probe ({names}) AS {query}")
    except MisfitError:
        return False
    connection.execute("DROP TABLE temp._airbyte_probe")
    return True


def load_exact(
    connection: duckdb.DuckDBPyConnection, target: Target, into: str, rows: RowsFile, spool: SpoolDirectory
) -> None:
    """Insert *rows* into the table *into*, value by value."""
    exact = _exact_file(target, rows.path, spool.new_file())
    connection.execute(_insert_into(into, _exact_select(target, exact)))
    spool.give_back(exact.path)


@contextmanager
def misfits_told() -> Iterator[None]:
    """Turn what DuckDB raises for values and JSON that are not plain into a MisfitError."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise MisfitError(str(error)) from error


def _exact_file(target: Target, source: Path, path: Path) -> RowsFile:
    is_dedup = target.plan.sync_mode is SyncMode.APPEND_DEDUP
    reader = ExactReader(target.plan.key, target.columns, target.plan.primary_key if is_dedup else ())
    longest_line_bytes = 0
    with source.open("rb") as lines, full_disk_named(path), path.open("wb") as file:
        for line in lines:
            row = reader.read(line)
            longest_line_bytes = max(longest_line_bytes, len(row))
            file.write(row)
    return RowsFile(path, longest_line_bytes)


def _plain_select(target: Target, rows: RowsFile) -> tuple[str, str]:
    fields = [f"{quote_identifier(each.property_name)} {each.type.value.plain.read_as}" for each in target.columns]
    data = f"STRUCT({', '.join(fields)})" if fields else "JSON"
    record = f"STRUCT(stream VARCHAR, namespace VARCHAR, emitted_at BIGINT, meta JSON, data {data})"
    values = [
        plain_value(each.type, f"struct_extract(record.data, {quote_literal(each.property_name)})")
        for each in target.columns
    ]
    changes = "coalesce(nullif(CAST(json_extract(record.meta, '$.changes') AS VARCHAR), 'null'), '[]')"
    changes = f"CASE WHEN record.meta IS NULL THEN NULL ELSE {changes} END"
    namespace = "NULL" if target.plan.key.namespace is None else quote_literal(target.plan.key.namespace)
    test = (
        f"record.data IS NOT NULL AND record.emitted_at IS NOT NULL AND record.stream ="
        f" {quote_literal(target.plan.key.name)} AND nullif(record.namespace, '') IS NOT DISTINCT FROM {namespace}"
    )
    where = f"CASE WHEN {test} THEN true ELSE {misfit()} END"
    return _select(target, _read(rows, {"record": record}), values, "record.emitted_at", changes, where)


def _exact_select(target: Target, rows: RowsFile) -> tuple[str, str]:
    values = [exact_cast(column.type, f"v[{number}]") for number, column in enumerate(target.columns, start=1)]
    read = _read(rows, {"v": "VARCHAR[]", "e": "BIGINT", "c": "VARCHAR"})
    return _select(target, read, values, "e", "c", "true")


def _insert_into(into: str, select: tuple[str, str]) -> str:
    names, query = select
    return f"INSERT INTO {into} ({names}) {query}"


def _select(
    target: Target, read: str, values: Sequence[str], emitted_at: str, changes: str, where: str
) -> tuple[str, str]:
    """Return the names of the columns, and the query that gives them."""
    meta_start = quote_literal('{"sync_id":' + str(target.plan.sync_id) + ',"changes":')
    expressions = {
        RAW_ID: "uuidv7()",
        EXTRACTED_AT: f"make_timestamptz({emitted_at} * 1000)",
        # Without changes it is a constant, which is parsed once and not once a row.
        META: f"coalesce(CAST({meta_start} || {changes} || '}}' AS JSON), CAST({meta_start} || '[]}}' AS JSON))",
        GENERATION_ID: str(target.plan.generation_id),
    }
    expressions |= {column.name: value for column, value in zip(target.columns, values, strict=True)}
    names = ", ".join(map(quote_identifier, expressions))
    return names, f"SELECT {', '.join(expressions.values())} FROM {read} WHERE {where}"


def _read(rows: RowsFile, columns: dict[str, str]) -> str:
    """Return the table function that reads *rows*; DuckDB takes no parameters in its options.

    Unless told that each line is a record, it parses 20,000 of them beforehand to find out.
    """
    path = quote_literal(str(rows.path).translate(_GLOB))
    options = ", ".join(f"{quote_identifier(name)}: {quote_literal(kind)}" for name, kind in columns.items())
    size = max(rows.longest_line_bytes, _MIN_OBJECT_BYTES)
    known = "records = true, compression = 'uncompressed'"
    return f"read_ndjson({path}, columns = {{{options}}}, {known}, maximum_object_size = {size})"
