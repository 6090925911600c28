"""Peak memory of the destination: the same for few and many rows, few and many states, one stream and 21.

python -m benchmarks.destination_memory [--quick] [--json FILE]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.command import run_command
from benchmarks.destination_runs import GROUP, destination, events, remove_database, run, write_messages
from benchmarks.figure import Figure


@dataclass(frozen=True, slots=True)
class Shape:
    """A sync: how many rows and states, in how many streams, written how."""

    rows: int
    states: int
    streams: int
    mode: str

    def __str__(self) -> str:
        states = "1 state" if self.states == 1 else f"{self.states:,} states"
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        return f"{self.rows:,} rows, {states}, {streams}, {self.mode}"


SHAPES = (
    Shape(100_000, 5, 1, "append"),
    Shape(1_000_000, 5, 1, "append"),
    Shape(3_000_000, 5, 1, "append"),
    Shape(3_000_000, 1, 1, "append_dedup"),
    Shape(1_000_000, 1000, 1, "append_dedup"),
    Shape(1_000_000, 5, 21, "append_dedup"),
)


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the peak memory of each shape, and its rate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shape in (replace(each, rows=each.rows // 10) if quick else each for each in SHAPES):
            rows = shape.rows
            messages = folder / "messages.jsonl"
            write_messages(messages, events(rows), rows, shape.states, shape.streams)
            remove_database(folder)
            done = run(destination(folder, "write", mode=shape.mode, streams=shape.streams), messages)
            at = rows if shape.mode == "append" else None
            yield Figure(GROUP, f"{shape}: peak memory", "MB", (done.peak_mb,), at_most=600, at=at)
            yield Figure(GROUP, f"{shape}: rate, start-up included", "rows/s", (rows / done.wall_s,), at=at)


if __name__ == "__main__":
    run_command(measure, __doc__)
