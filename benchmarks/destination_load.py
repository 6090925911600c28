"""The destination against DuckDB's own INSERT … SELECT FROM read_ndjson: the same file into the same typed table.

    python -m benchmarks.destination_load [--quick] [--json FILE]

1,000,000 events with typed columns and `properties` as JSON, from a file on stdin, 5 states; runs side by side,
start-up apart (that of a sync without rows; for the peer, that of Python and the connection).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.destination_runs import destination, events, remove_database, report, run, spread, write_messages

PEER = """
import sys, time
import duckdb
path, database = sys.argv[1:]
connection = duckdb.connect(database)
connection.execute("SET enable_progress_bar = false")
connection.execute("SET TimeZone = 'UTC'")
connection.execute('CREATE TABLE events (_airbyte_raw_id UUID, _airbyte_extracted_at TIMESTAMPTZ, _airbyte_meta JSON,'
    ' _airbyte_generation_id BIGINT, event VARCHAR, time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR,'
    ' properties JSON)')
start_s = time.perf_counter()
connection.execute('''INSERT INTO events SELECT uuid(), make_timestamptz(record.emitted_at * 1000), '{"changes":[]}', 0,
    record.data.event, record.data.time, record.data.distinct_id, record.data.insert_id, record.data.properties
    FROM read_ndjson(?, columns = {type: 'VARCHAR', record: 'STRUCT(emitted_at BIGINT, data STRUCT(event VARCHAR,
    time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR, properties JSON))'}) WHERE type = 'RECORD' ''', [path])
connection.close()
print(time.perf_counter() - start_s)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 events and one run of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    count, repeats = (100_000, 1) if options.quick else (1_000_000, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        messages, nothing = folder / "messages.jsonl", folder / "nothing.jsonl"
        write_messages(messages, events(count), count, states=5)
        write_messages(nothing, iter(()), 0, states=0)
        figures = measure(folder, messages, nothing, count, repeats)
    print_figures(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def measure(folder: Path, messages: Path, nothing: Path, count: int, repeats: int) -> dict[str, list[float]]:
    """Return the figures of each run, of all three in turn."""
    figures: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        figures.setdefault(name, []).append(value)

    for _ in range(repeats):
        remove_database(folder)
        peer = run([sys.executable, "-c", PEER, str(messages), str(folder / "peer.duckdb")])
        note("peer_s", float(peer.output))
        note("peer_peak_mb", peer.peak_mb)
        for mode in ("append", "append_dedup"):
            remove_database(folder)
            command = destination(folder, "write", mode=mode)
            start_s = run(command, nothing).wall_s
            ours = run(command, messages)
            note(f"{mode}_startup_s", start_s)
            note(f"{mode}_s", ours.wall_s - start_s)
            note(f"{mode}_cpu_us_per_row", ours.cpu_s / count * 1e6)
            note(f"{mode}_peak_mb", ours.peak_mb)
            note(f"{mode}_rows_per_s", count / (ours.wall_s - start_s))
            note(f"{mode}_ratio", (ours.wall_s - start_s) / float(peer.output))
    return figures


def print_figures(figures: dict[str, list[float]]) -> None:
    """Print the medians, with their spread."""
    rows = [("DuckDB's INSERT … SELECT FROM read_ndjson, s", spread(figures["peer_s"]))]
    for mode in ("append", "append_dedup"):
        rows += [
            (f"{mode}: seconds, start-up apart", spread(figures[f"{mode}_s"])),
            (f"{mode}: ratio to DuckDB's own", spread(figures[f"{mode}_ratio"])),
            (f"{mode}: rows/s", spread(figures[f"{mode}_rows_per_s"], "{:,.0f}".format)),
            (f"{mode}: CPU, µs a row", spread(figures[f"{mode}_cpu_us_per_row"])),
            (f"{mode}: peak memory, MB", spread(figures[f"{mode}_peak_mb"], "{:.0f}".format)),
            (f"{mode}: start-up, s", spread(figures[f"{mode}_startup_s"])),
        ]
    report(f"Loading, median (smallest-largest) of {len(figures['peer_s'])}", rows)


if __name__ == "__main__":
    main()
