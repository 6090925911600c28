"""Fields of records that their schema does not name, and which are therefore not stored (airbyte 942, 18357, 4611).

In: the properties of each stream, and its rows as they arrive. Out: one sentence a stream. Every record is looked at
until there were 1,000 of the stream, then the first of each run of rows: to look at all would cost a third of the time
that a sync takes. Raises nothing: lines that can't be read are judged where they are loaded.
"""

from collections import Counter
from collections.abc import Collection, Mapping

import msgspec

from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.messages import without_oddities
from destination_duckdb.protocol.record_runs import Rows

_EVERY_RECORD_UNTIL = 1_000
_MOST_NAMES = 1_000
_SHOWN_NAMES = 20
_SHOWN_LETTERS = 60


class _Record(msgspec.Struct):
    data: dict[str, msgspec.Raw]


class _Line(msgspec.Struct):
    record: _Record


_DECODER = msgspec.json.Decoder(_Line)


class UndeclaredFields:
    """Looks at the records of all streams."""

    def __init__(self, declared: Mapping[StreamKey, Collection[str]]) -> None:
        self._declared = {key: frozenset(properties) for key, properties in declared.items()}
        self._looked_at: Counter[StreamKey] = Counter()
        self._found: dict[StreamKey, Counter[str]] = {}

    def look_at(self, rows: Rows) -> None:
        """Note the undeclared fields of some or all of these records."""
        lines = rows.block.splitlines() if self._looked_at[rows.key] < _EVERY_RECORD_UNTIL else [_first_line(rows)]
        declared = self._declared[rows.key]
        for line in lines:
            if undeclared := [name for name in _names(line) if name not in declared]:
                self._note(rows.key, undeclared)
        self._looked_at[rows.key] += len(lines)

    def sentences(self) -> list[str]:
        """Return what to tell of each stream that has such fields."""
        return [self._sentence(key, found) for key, found in self._found.items()]

    def _note(self, key: StreamKey, names: Collection[str]) -> None:
        found = self._found.setdefault(key, Counter())
        found.update(name for name in names if name in found or len(found) < _MOST_NAMES)

    def _sentence(self, key: StreamKey, found: Counter[str]) -> str:
        shown = [f"{name[:_SHOWN_LETTERS]} (in {count:,})" for name, count in found.most_common(_SHOWN_NAMES)]
        more = f" and {len(found) - len(shown):,} more" if len(found) > len(shown) else ""
        fields = "1 field is" if len(found) == 1 else f"{len(found):,} fields are"
        looked_at = self._looked_at[key]
        records = "1 record" if looked_at == 1 else f"{looked_at:,} records"
        return (
            f"Stream {key}: {fields} not in its json_schema and not stored: {', '.join(shown)}{more}. Looked at"
            f" {records}."
        )


def _first_line(rows: Rows) -> bytes:
    return rows.block[: rows.block.index(b"\n")]


def _names(line: bytes) -> list[str]:
    for text in (line, without_oddities(line)):
        try:
            return list(_DECODER.decode(text).record.data)
        except (msgspec.MsgspecError, RecursionError):
            continue
    return []
