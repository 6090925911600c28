"""Which type each property has, by all the values that there are.

In: a connection and a table with `properties`; out: the type of each property of each event (or of all profiles). One
pass over the data. What is always an integer is BIGINT (or HUGEINT), what is always a number DOUBLE, unless a double
could not hold it; ISO times are TIMESTAMPTZ, texts VARCHAR, and what is mixed, nested or always null stays JSON.
"""
# ruff: noqa: S608  names and texts are quoted before they come into a statement

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.database.connection import quote_literal

if TYPE_CHECKING:
    import duckdb

ISO_TIME = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?"
# The end of a time that says its zone; a time without one is Mixpanel's, in UTC.
ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)$"
INTEGER = r"-?\d+"
EXACT_IN_A_DOUBLE = 2**53


def utc_time(text: str) -> str:
    """Return the SQL of *text*, an ISO time, with its zone."""
    # DuckDB before 2 reads a zone behind seconds only.
    timed = f"CASE WHEN {text}[17] = ':' THEN {text} ELSE {text}[:16] || ':00' || {text}[17:] END"
    return f"({timed} || CASE WHEN regexp_matches({text}, '{ZONE}') THEN '' ELSE 'Z' END)"


# CASE, since what is behind its conditions is only worked out where they hold: most of the time goes there.
IS_TIME = f"""
CASE WHEN type = 'VARCHAR' AND text[5] = '-' AND text[8] = '-' AND regexp_full_match(text, '{ISO_TIME}')
THEN TRY_CAST({utc_time("text")} AS TIMESTAMPTZ) IS NOT NULL ELSE false END"""
IS_WHOLE = f"""
CASE WHEN type IN ('BIGINT', 'UBIGINT') THEN true
WHEN type = 'DOUBLE' THEN regexp_full_match(text, '{INTEGER}') ELSE false END"""


def kinds_sql(table: str, event: str) -> str:
    """Return the query that says, of each property of each event, what all of its values are."""
    return f"""
SELECT event, key,
    bool_and({IS_TIME}) AS timestamptz,
    bool_and(type = 'VARCHAR') AS "varchar",
    bool_and(type = 'BOOLEAN') AS "boolean",
    bool_and(whole IS NOT NULL) AS "bigint",
    bool_and(CASE WHEN is_whole THEN TRY_CAST(text AS HUGEINT) IS NOT NULL ELSE false END) AS hugeint,
    bool_and(CASE WHEN is_whole THEN coalesce(whole BETWEEN -{EXACT_IN_A_DOUBLE} AND {EXACT_IN_A_DOUBLE}, false)
        ELSE type = 'DOUBLE' END) AS "double"
FROM (
    SELECT *, CASE WHEN is_whole THEN TRY_CAST(text AS BIGINT) END AS whole
    FROM (
        SELECT *, {IS_WHOLE} AS is_whole
        FROM (
            SELECT {event} AS event, each.key, each.type, each.atom->>'$' AS text
            FROM {table} AS data, json_each(CAST(data.properties AS JSON)) AS each
        )
    )
) WHERE type <> 'NULL' GROUP BY event, key
"""


def names_sql(table: str, event: str) -> str:
    """Return the query of every property that an event has, those that are always null too."""
    return f"""
SELECT event, coalesce(list(DISTINCT key ORDER BY key) FILTER (key IS NOT NULL), [])
FROM (
    SELECT {event} AS event, unnest(json_keys(CAST(data.properties AS JSON))) AS key FROM {table} AS data
    UNION ALL
    SELECT DISTINCT {event}, NULL FROM {table} AS data
) WHERE event IS NOT NULL GROUP BY event ORDER BY event
"""


@dataclass(frozen=True, slots=True)
class Property:
    """One property and its type."""

    name: str
    type: str

    def sql(self, properties: str = "data.properties") -> str:
        """Return the property's value as SQL; a value that is not of its type raises, and is never rounded."""
        source = f"CAST({properties} AS JSON)"
        path = quote_literal("/" + self.name.replace("~", "~0").replace("/", "~1"))
        if self.type == "JSON":
            return f"CASE WHEN json_type({source}, {path}) <> 'NULL' THEN {source}->{path} END"
        text = f"({source}->>{path})"
        if self.type in {"BIGINT", "HUGEINT"}:
            complaint = (
                f"{quote_literal(f'{self.name} is no longer {self.type}, run mixpanel-to-duckdb views: ')} || {text}"
            )
            checked = f"WHEN regexp_full_match({text}, '{INTEGER}') THEN CAST({text} AS {self.type})"
            return f"CASE WHEN {text} IS NULL THEN NULL {checked} ELSE error({complaint}) END"
        return f"CAST({utc_time(text) if self.type == 'TIMESTAMPTZ' else text} AS {self.type})"


def property_types(
    connection: duckdb.DuckDBPyConnection, table: str, event: str = "data.event"
) -> dict[str, list[Property]]:
    """Return the properties of each event in *table*, a quoted name; *event* is the SQL that tells events apart."""
    kinds = {(row[0], row[1]): row[2:] for row in connection.execute(kinds_sql(table, event)).fetchall()}
    names = connection.execute(names_sql(table, event)).fetchall()
    return {event: [Property(key, _type(kinds.get((event, key), ()))) for key in keys] for event, keys in names}


# The query's columns, the narrowest type first.
TYPES = ("TIMESTAMPTZ", "VARCHAR", "BOOLEAN", "BIGINT", "HUGEINT", "DOUBLE")


def _type(holds: tuple[bool | None, ...]) -> str:
    return next((type_ for type_, all_are in zip(TYPES, holds, strict=False) if all_are), "JSON")
