"""The destination against DuckDB's own INSERT … SELECT FROM read_ndjson: the same file into the same typed table.

    python -m benchmarks.destination_load [--quick] [--json FILE]

1,000,000 events with typed columns and `properties` as JSON, from a file on stdin, 5 states; runs side by side,
start-up apart (that of a sync without rows; for the peer, that of Python and the connection).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command import run_command
from benchmarks.destination_runs import GROUP, destination, events, remove_database, run, write_messages
from benchmarks.figure import TIMES, Figure

MODES = ("append", "append_dedup")

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


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of both modes and of the peer, run in turn."""
    count, repeats = (100_000, 1) if quick else (1_000_000, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        messages, nothing = folder / "messages.jsonl", folder / "nothing.jsonl"
        write_messages(messages, events(count), count, states=5)
        write_messages(nothing, iter(()), 0, states=0)
        runs = [_in_turn(folder, messages, nothing) for _ in range(repeats)]
    peer = tuple(each["peer"] for each in runs)
    yield Figure(GROUP, f"{count:,} events, INSERT … SELECT FROM read_ndjson", "s", peer)
    for mode in MODES:
        seconds = tuple(each[mode] for each in runs)
        rates = tuple(count / each for each in seconds)
        ratios = tuple(each / other for each, other in zip(seconds, peer, strict=True))
        yield Figure(GROUP, f"{count:,} events from a file, {mode}", "s", seconds)
        yield Figure(GROUP, f"{count:,} events from a file, {mode}: rate", "rows/s", rates)
        yield Figure(GROUP, f"{count:,} events from a file, {mode}: times the peer", TIMES, ratios, at_most=1.5)


def _in_turn(folder: Path, messages: Path, nothing: Path) -> dict[str, float]:
    """Return the seconds of the peer and of each mode, start-up apart."""
    remove_database(folder)
    seconds = {"peer": float(run([sys.executable, "-c", PEER, str(messages), str(folder / "peer.duckdb")]).output)}
    for mode in MODES:
        remove_database(folder)
        command = destination(folder, "write", mode=mode)
        start_s = run(command, nothing).wall_s
        seconds[mode] = run(command, messages).wall_s - start_s
    return seconds


if __name__ == "__main__":
    run_command(measure, __doc__)
