"""append_dedup into small and large tables: a merge costs what the batch costs.

    python -m benchmarks.destination_merge [--quick] [--json FILE]

100,000 events of the last 5 days, half of them new, into tables of 1,000,000 and 20,000,000 events over 100 and 2,000
days; then the same again, as a lookback does. The tables are made in SQL, in the shape that the destination gives them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.destination_runs import destination, events, report, run, spread, write_messages

BATCH = 100_000
# In a process of its own: the peak memory of a process counts as that of those that it starts.
FILL = """
import sys
import duckdb
database, rows = sys.argv[1:]
connection = duckdb.connect(database)
connection.execute("SET enable_progress_bar = false")
connection.execute("SET TimeZone = 'UTC'")
connection.execute('''
    INSERT INTO events (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id,
                        event, time, distinct_id, insert_id, properties)
    SELECT uuid(), TIMESTAMPTZ '2020-01-01', '{"sync_id":0,"changes":[]}', 0, 'Page View',
           TIMESTAMPTZ '2026-01-01' - to_milliseconds(CAST(n * 8640 AS BIGINT)), 'user-' || (hash(n) % 50000),
           printf('%016x', hash(n)), json_object('n', n, '$city', 'Zürich', 'url', 'https://example.com/' || hash(n))
    FROM (SELECT $rows - i AS n FROM range($rows) AS numbers(i))''', {"rows": int(rows)})
connection.close()
"""


def prepare(folder: Path, rows: int) -> list[str]:
    """Make a table of *rows* events that end where the batch begins, and return the command that merges into it."""
    command = destination(folder, "write", mode="append_dedup")
    nothing = folder / "nothing.jsonl"
    write_messages(nothing, iter(()), 0, states=0)
    run(command, nothing)
    run([sys.executable, "-c", FILL, str(folder / "destination.duckdb"), str(rows)])
    return command


def count_rows(folder: Path) -> int:
    """Return the number of events in the table."""
    with duckdb.connect(str(folder / "destination.duckdb")) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tables of 100,000 and 1,000,000, two merges of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    sizes, repeats = ((100_000, 1_000_000), 2) if options.quick else ((1_000_000, 20_000_000), 5)
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folders = {rows: Path(name) / str(rows) for rows in sizes}
        commands: dict[int, list[str]] = {}
        for rows, folder in folders.items():
            folder.mkdir()
            commands[rows] = prepare(folder, rows)
        for repeat in range(repeats):
            for rows, folder in folders.items():
                batch = folder / "batch.jsonl"
                write_messages(batch, events(BATCH, days=5, seed=7, emitted_at=1_700_000_000_000 + repeat), BATCH, 1)
                merged = run(commands[rows], batch)
                figures.setdefault(f"{rows}_{'first' if repeat == 0 else 'again'}_s", []).append(merged.wall_s)
                figures.setdefault(f"{rows}_peak_mb", []).append(merged.peak_mb)
                assert count_rows(folder) == rows + BATCH, "a merge must not change the number of rows of a lookback"
    print_figures(figures, sizes)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def print_figures(figures: dict[str, list[float]], sizes: tuple[int, int]) -> None:
    """Print the medians, with their spread."""
    small, large = sizes
    rows = []
    for size in sizes:
        rows += [
            (f"100,000 new events into {size:,}, whole process, s", spread(figures[f"{size}_first_s"])),
            (f"the same 100,000 again into {size:,}, s", spread(figures[f"{size}_again_s"])),
            (f"peak memory into {size:,}, MB", spread(figures[f"{size}_peak_mb"], "{:.0f}".format)),
        ]
    again = [b / a for a, b in zip(figures[f"{small}_again_s"], figures[f"{large}_again_s"], strict=True)]
    first = [b / a for a, b in zip(figures[f"{small}_first_s"], figures[f"{large}_first_s"], strict=True)]
    rows += [
        (f"ratio {large:,} to {small:,}, new", spread(first)),
        (f"ratio {large:,} to {small:,}, again", spread(again)),
    ]
    report("Merging, median (smallest-largest); no merge changed the number of rows of a lookback", rows)


if __name__ == "__main__":
    main()
