"""Peak memory of the destination: the same for few and many rows, few and many states, one stream and 21.

python -m benchmarks.destination_memory [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.destination_runs import destination, events, remove_database, report, run, write_messages


@dataclass(frozen=True, slots=True)
class Shape:
    """A sync: how many rows and states, in how many streams, written how."""

    rows: int
    states: int
    streams: int
    mode: str

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.states:,} states, {self.streams} streams, {self.mode}"


SHAPES = [
    Shape(rows, states, streams, mode)
    for mode in ("append", "append_dedup")
    for rows, states, streams in (
        (100_000, 5, 1),
        (1_000_000, 5, 1),
        (1_000_000, 1, 1),
        (1_000_000, 1000, 1),
        (3_000_000, 1, 1),
        (1_000_000, 5, 21),
    )
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shape in SHAPES:
            rows = shape.rows // 10 if options.quick else shape.rows
            messages = folder / "messages.jsonl"
            write_messages(messages, events(rows), rows, shape.states, shape.streams)
            remove_database(folder)
            done = run(destination(folder, "write", mode=shape.mode, streams=shape.streams), messages)
            figures.append({**asdict(shape), "rows": rows, "peak_mb": done.peak_mb, "wall_s": done.wall_s})
            report(str(shape), [("peak memory, MB", f"{done.peak_mb:.0f}"), ("seconds", f"{done.wall_s:.2f}")])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
