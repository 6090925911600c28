"""The whole pipe against curl and one statement: `main.py read | destination-duckdb write`, 1,000,000 events.

    python -m benchmarks.destination_pipe [--quick] [--json FILE]

No latency. The peer downloads the same export with `curl --compressed` over one connection to a file, and loads it with
one `INSERT … SELECT FROM read_ndjson` into the columns event, time, distinct_id, insert_id, properties. Runs side by
side; the pipe's start-up (that of both processes, without events) is shown apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.command import run_command
from benchmarks.destination_runs import destination, remove_database
from benchmarks.figure import TIMES, Figure
from mixpanel_simulator import Scenario, Simulator, start_simulator

MAIN = Path(__file__).resolve().parents[1] / "main.py"
DAYS = 5
MODES = ("append", "append_dedup")
GROUP = "pipe"
LOAD = """
import sys, time
import duckdb
path, database = sys.argv[1:]
connection = duckdb.connect(database)
connection.execute("SET enable_progress_bar = false")
connection.execute("SET TimeZone = 'UTC'")
connection.execute('CREATE TABLE events (event VARCHAR, time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR,'
    ' properties JSON)')
start_s = time.perf_counter()
connection.execute('''INSERT INTO events SELECT event, make_timestamptz(CAST(p.time AS BIGINT) * 1000), p.distinct_id,
    p."$insert_id", properties FROM (SELECT event, properties, from_json(properties,
    '{"time": "BIGINT", "distinct_id": "VARCHAR", "$insert_id": "VARCHAR"}') AS p
    FROM read_ndjson(?, columns = {event: 'VARCHAR', properties: 'JSON'}))''', [path])
connection.close()
print(time.perf_counter() - start_s)
"""


def pipe_s(folder: Path, simulator: Simulator, mode: str, window_days: int = 1) -> float:
    """Return the seconds of a sync."""
    remove_database(folder)
    write = destination(folder, "write", mode=mode)
    config = folder / "source.json"
    scenario = simulator.scenario
    fields = {
        "credentials": simulator.credentials,
        "start_date": str(scenario.first_day),
        "end_date": str(scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        "window_days": window_days,
    }
    config.write_text(json.dumps(fields))
    stream = {"name": "events", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    catalog = folder / "source-catalog.json"
    configured = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": mode}
    catalog.write_text(json.dumps({"streams": [configured]}))
    read = [sys.executable, str(MAIN), "read", "--config", str(config), "--catalog", str(catalog)]
    start_s = time.perf_counter()
    source = subprocess.Popen(read, stdout=subprocess.PIPE)
    assert source.stdout is not None
    done = subprocess.run(write, stdin=source.stdout, capture_output=True, check=False)
    source.stdout.close()
    assert (source.wait(), done.returncode) == (0, 0), done.stdout[-2000:]
    return time.perf_counter() - start_s


def peer_s(folder: Path, simulator: Simulator) -> tuple[float, float]:
    """Return the seconds of the download and of the load."""
    remove_database(folder)
    export = folder / "export.jsonl"
    start_s = time.perf_counter()
    download(simulator, export, "--compressed")
    download_s = time.perf_counter() - start_s
    load = [sys.executable, "-c", LOAD, str(export), str(folder / "peer.duckdb")]
    load_s = float(subprocess.run(load, check=True, capture_output=True).stdout)
    return download_s, load_s


def answer_size_bytes(folder: Path, simulator: Simulator) -> int:
    """Return how much goes over the network for the whole export."""
    export = folder / "export.jsonl.gz"
    download(simulator, export, "--header", "Accept-Encoding: gzip")
    return export.stat().st_size


def download(simulator: Simulator, path: Path, *options: str) -> None:
    """Write the whole export to *path*, over one connection."""
    scenario = simulator.scenario
    address = f"{simulator.url}/api/2.0/export?project_id={scenario.project_id}&time_in_ms=true"
    address += f"&from_date={scenario.first_day}&to_date={scenario.last_day}"
    command = ["curl", "--silent", "--fail", "--user", f"{scenario.username}:{scenario.secret}", *options]
    subprocess.run([*command, "--output", str(path), address], check=True)


def count_rows(path: Path) -> int:
    """Return the number of events in a database."""
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of the pipe and of its peer, run in turn."""
    count, repeats = (100_000, 1) if quick else (1_000_000, 3)
    first_day = date(2026, 1, 1)
    scenario = Scenario(first_day=first_day, days=DAYS, events_per_day=count // DAYS, render_ahead="gzip")
    empty = Scenario(first_day=first_day, days=DAYS, events_per_day=0)
    with tempfile.TemporaryDirectory() as name, start_simulator(scenario) as full, start_simulator(empty) as none:
        folder = Path(name)
        runs = [_in_turn(folder, full, none, count) for _ in range(repeats)]
        stored_bytes = (folder / "destination.duckdb").stat().st_size
        answer_bytes = answer_size_bytes(folder, full)
    peer = tuple(each["curl"] + each["read_ndjson"] for each in runs)
    yield Figure(GROUP, "an event in the answer, compressed", "bytes", (answer_bytes / count,))
    yield Figure(GROUP, "an event in the database", "bytes", (stored_bytes / count,))
    for part, told in (("curl", "curl --compressed to a file"), ("read_ndjson", "one INSERT … FROM read_ndjson")):
        yield Figure(GROUP, f"{count:,} events, {told}", "s", tuple(each[part] for each in runs))
    for mode in MODES:
        whole = tuple(each[mode] for each in runs)
        apart = tuple(each[mode] - each[f"{mode} start"] for each in runs)
        ratios = tuple(each / other for each, other in zip(apart, peer, strict=True))
        yield Figure(GROUP, f"{count:,} events, source | destination, {mode}: whole processes", "s", whole)
        yield Figure(
            GROUP, f"{count:,} events, {mode}: rate, start-up apart", "rows/s", tuple(count / s for s in apart)
        )
        yield Figure(
            GROUP, f"{count:,} events, {mode}: times curl and read_ndjson, start-up apart", TIMES, ratios, at_most=1.5
        )


def _in_turn(folder: Path, full: Simulator, none: Simulator, count: int) -> dict[str, float]:
    """Return the seconds of each, and of the pipe without events."""
    seconds = dict(zip(("curl", "read_ndjson"), peer_s(folder, full), strict=True))
    assert count_rows(folder / "peer.duckdb") == count
    for mode in MODES:
        # One window: the fourth would wait for the next second of the quota, which is no start-up.
        seconds[f"{mode} start"] = pipe_s(folder, none, mode, window_days=DAYS)
        seconds[mode] = pipe_s(folder, full, mode)
        assert count_rows(folder / "destination.duckdb") == count
    return seconds


if __name__ == "__main__":
    run_command(measure, __doc__)
