"""append_dedup into small and large tables: a merge costs what the batch costs.

    python -m benchmarks.destination_merge [--quick] [--json FILE]

100,000 events of the last 5 days into tables of 1,000,000 and 20,000,000 events over 100 and 2,000
days; then the same again, as a lookback does. The tables are made in SQL, in the shape that the destination gives them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.command import run_command
from benchmarks.destination_runs import GROUP, Run, destination, events, run, write_messages
from benchmarks.figure import TIMES, Figure

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


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of the small and of the large table, merged in turn."""
    sizes, repeats = ((100_000, 1_000_000), 2) if quick else ((1_000_000, 20_000_000), 4)
    runs: dict[int, list[Run]] = {rows: [] for rows in sizes}
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
                runs[rows].append(run(commands[rows], batch))
                assert count_rows(folder) == rows + BATCH, "a merge must not change the number of rows of a lookback"
    yield from figures(runs)


def figures(runs: dict[int, list[Run]]) -> Iterator[Figure]:
    """Yield what the first merge and those of the same events again took, and how the tables compare."""
    for rows, each in runs.items():
        first, *again = (merged.wall_s for merged in each)
        yield Figure(GROUP, f"{BATCH:,} new events merged into {rows:,}, whole process", "s", (first,))
        yield Figure(GROUP, f"the same {BATCH:,} merged again into {rows:,}", "s", tuple(again))
        peaks = tuple(merged.peak_mb for merged in each)
        yield Figure(GROUP, f"merging into {rows:,}: peak memory", "MB", peaks, at_most=600)
    small, large = runs.values()
    ratios = tuple(b.wall_s / a.wall_s for a, b in zip(small, large, strict=True))
    yield Figure(GROUP, "merging into the large table, times the small", TIMES, ratios, at_most=1.5)


if __name__ == "__main__":
    run_command(measure, __doc__)
