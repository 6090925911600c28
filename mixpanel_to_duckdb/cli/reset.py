"""`mixpanel-to-duckdb reset`: removes streams, so that the next sync reads them from the start.

In: a database and its streams; out: an exit code and text on stdout. The destination removes them, since it owns the
tables. Raises BadArguments if a stream does not exist or nobody confirms, and SyncError if the database is in use.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from mixpanel_to_duckdb.connectors.process import DESTINATION, RunningCommand
from mixpanel_to_duckdb.connectors.stop_request import StopRequest
from mixpanel_to_duckdb.connectors.stored_state import refuse_failed, stored_state
from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, require_schema, transaction
from mixpanel_to_duckdb.database.day_rows import forget_day_rows
from mixpanel_to_duckdb.database.history import add_resets
from mixpanel_to_duckdb.database.project import Place
from mixpanel_to_duckdb.database.stream_tables import has_rejected_lines, stream_tables
from mixpanel_to_duckdb.errors import BadArguments
from mixpanel_to_duckdb.terminal.agreement import ask
from mixpanel_to_duckdb.terminal.printing import print_json
from source_mixpanel_parallel.stream_names import REJECTED_LINES


def run_reset(place: Place, streams: Sequence[str], *, yes: bool, as_json: bool) -> int:
    """Remove *streams* and print how many rows each had."""
    names = list(dict.fromkeys(streams))
    stored = stored_rows(place)
    for name in names:
        if name not in stored:
            there = ", ".join(stored) or "none"
            raise BadArguments(f"reset {name}: {place} has no such stream; its streams: {there}")
    if not yes:
        counts = ", ".join(f"{name} ({stored[name]:,} rows)" for name in names)
        ask(f"reset removes {counts} from {place.database}; the next sync reads them from the start.")
    removed = remove(place, names)
    if as_json:
        print_json([{"stream": name, "rows": rows} for name, rows in removed.items()])
    else:
        for name, rows in removed.items():
            print(f"{name}: {rows:,} rows removed")  # noqa: T201 - the command's output
    return 0


def stored_rows(place: Place) -> dict[str, int]:
    """Return how many rows each stream has; a stream whose table was dropped by hand still has a state."""
    states = json.loads(stored_state(place.database, place.schema))
    rows = {str(state["stream"]["stream_descriptor"]["name"]): 0 for state in states if state.get("stream")}
    with open_database(place.database) as connection:
        require_schema(connection, place.database, place.schema)
        tables = [table.name for table in stream_tables(connection)]
        tables += [REJECTED_LINES] if has_rejected_lines(connection) else []
        for name in tables:
            query = f"SELECT count(*) FROM {quote_identifier(name)}"  # noqa: S608 - quoted
            [(rows[name],)] = connection.execute(query).fetchall()
    return dict(sorted(rows.items()))


def remove(place: Place, streams: Sequence[str]) -> dict[str, int]:
    """Have the destination remove *streams*, record it in the history, and return how many rows they had."""
    with tempfile.TemporaryDirectory(prefix="mixpanel-to-duckdb-") as folder:
        config = Path(folder) / "duckdb.json"
        config.write_text(json.dumps({"destination_path": place.database, "schema": place.schema}), encoding="utf-8")
        named = [f"--stream={name}" for name in streams]
        answer = RunningCommand([*DESTINATION, "reset", "--config", str(config), *named], StopRequest()).answer()
    refuse_failed(answer)
    with open_database(place.database, read_only=False) as connection, transaction(connection):
        require_schema(connection, place.database, place.schema)
        forget_day_rows(connection, streams)
        add_resets(connection, place.schema, streams, datetime.now(timezone.utc))
    return {each["stream"]: each["rows"] for each in json.loads(answer.stdout)}
