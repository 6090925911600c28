"""A field that a merge compares: a column, or a value within a column of JSON.

In: a column and the path below it. Out: the SQL expressions that are equal for equal keys, and that order cursors.
"""

from dataclasses import dataclass

from destination_duckdb.identifiers import quote_identifier, quote_literal
from destination_duckdb.values.column_types import Column


@dataclass(frozen=True, slots=True)
class KeyField:
    """A column, and the path to the value in its documents; empty for the column itself."""

    column: Column
    path: tuple[str, ...] = ()

    @property
    def quoted(self) -> str:
        """Return the column's name for a statement."""
        return quote_identifier(self.column.name)

    def key_value(self, table: str = "") -> str:
        """Return the expression that is equal for equal keys: JSON can spell one value in several ways."""
        if not self.column.type.is_document:
            return table + self.quoted
        # json() would round a long decimal.
        text = self._document(table)
        return f"CASE WHEN json_type({text}) = 'DOUBLE' THEN {text} ELSE json({text}) END"

    def cursor_value(self, table: str = "") -> str:
        """Return the expression that orders cursors: in a union, numbers by value, then strings; null is none."""
        if not self.column.type.is_document:
            return table + self.quoted
        document = self._document(table)
        text = f"CAST({document} AS VARCHAR)"
        number = f"TRY_CAST({text} AS DOUBLE)"
        # Past 15 digits doubles are equal where integers are not.
        integer = f"CASE WHEN regexp_full_match({text}, '-?[0-9]{{16,38}}') THEN TRY_CAST({text} AS HUGEINT) ELSE 0 END"
        return (
            f"CASE WHEN {document} IS NULL OR json_type({document}) = 'NULL' THEN NULL"
            f" WHEN {number} IS NOT NULL THEN row(0, {number}, {integer}, '')"
            f" ELSE row(1, 0.0::DOUBLE, 0::HUGEINT, {text}) END"
        )

    def _document(self, table: str) -> str:
        document = f"CAST({table}{self.quoted} AS JSON)"
        return f"json_extract({document}, {quote_literal(self._pointer)})" if self.path else document

    @property
    def _pointer(self) -> str:
        """Return the path as a JSON Pointer (RFC 6901), in which no name needs quotes."""
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in self.path)
