"""A source that goes on from any state: numbered batches of rows, each followed by a state that counts the batches.

And what a database and the destination's stdout say about where it should go on.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

import duckdb

from integration_tests.destination.destination_process import Destination, configured, lines, record, state, status

PROPERTIES = {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "text": {"type": "string"}}
APPEND = {"streams": [configured("t", PROPERTIES)]}
DEDUP = {"streams": [configured("t", PROPERTIES, "append_dedup", primary_key=[["id"], ["at"]], cursor_field=["at"])]}
REFRESH = {"streams": [configured("t", PROPERTIES, generation_id=7, minimum_generation_id=7)]}


@dataclass(frozen=True)
class ResumableSource:
    """So many batches of so many rows, with texts of up to so many characters."""

    batches: int
    rows: int
    text_length: int
    pause_s: float

    @property
    def ids(self) -> list[int]:
        """Return the ids of all its rows."""
        return self.ids_until(self.batches)

    def ids_until(self, batches: int) -> list[int]:
        """Return the ids of the rows that so many batches hold."""
        return list(range(batches * self.rows))

    def batch(self, number: int) -> bytes:
        """Return the lines of one batch and its state."""
        at = f"2026-01-{number % 28 + 1:02d}T00:00:00Z"
        rows = [
            record("t", {"id": number * self.rows + n, "at": at, "text": "x" * (n * self.text_length // self.rows)})
            for n in range(self.rows)
        ]
        return lines([*rows, state("t", {"batches": number + 1})])

    def rest(self, start: int) -> bytes:
        """Return everything from batch *start* on."""
        return b"".join(map(self.batch, range(start, self.batches))) + lines([status("t")])

    def feed(self, stdin: BinaryIO, start: int) -> None:
        """Write the rest batch by batch, with pauses, until nobody reads."""
        with contextlib.suppress(BrokenPipeError), stdin:
            for number in range(start, self.batches):
                stdin.write(self.batch(number))
                stdin.flush()
                time.sleep(self.pause_s)
            stdin.write(lines([status("t")]))


def finished(value: dict[str, Any] | None) -> int:
    """Return how many batches a state covers."""
    return 0 if value is None else int(value["batches"])


def database_state(destination: Destination) -> int:
    """Return where the database says that the source should go on."""
    if not destination.database.exists():
        return 0
    states = json.loads(destination.run("state").stdout)
    return finished(states[0]["stream"]["stream_state"] if states else None)


def echoed(stdout: bytes) -> list[int]:
    """Return the states that came out whole."""
    whole = stdout[: stdout.rfind(b"\n") + 1]
    messages = [json.loads(line) for line in whole.splitlines()]
    return [finished(each["state"]["stream"]["stream_state"]) for each in messages if each["type"] == "STATE"]


def ids(destination: Destination) -> list[int]:
    """Return the ids in the table, in order."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        return [int(row[0]) for row in connection.execute("SELECT id FROM t ORDER BY id").fetchall()]
