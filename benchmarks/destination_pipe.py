"""The whole pipe against curl and one statement: `main.py read | destination-duckdb write`, 1,000,000 events.

    python -m benchmarks.destination_pipe [--quick] [--json FILE]

No latency. The peer downloads the same export with `curl --compressed` over one connection to a file, and loads it with
one `INSERT … SELECT FROM read_ndjson` into the columns event, time, distinct_id, insert_id, properties. Runs side by
side; the pipe's start-up (that of both processes, without events) is shown apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.destination_runs import destination, remove_database, report, spread
from mixpanel_simulator import Scenario, Simulator, start_simulator

MAIN = Path(__file__).resolve().parents[1] / "main.py"
DAYS = 5
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


def pipe_s(folder: Path, simulator: Simulator, mode: str) -> tuple[float, float]:
    """Return the seconds of a sync, and the CPU seconds of both processes."""
    remove_database(folder)
    write = destination(folder, "write", mode=mode)
    config = folder / "source.json"
    scenario = simulator.scenario
    fields = {
        "credentials": simulator.credentials,
        "start_date": str(scenario.first_day),
        "end_date": str(scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        "window_days": 1,
    }
    config.write_text(json.dumps(fields))
    stream = {"name": "events", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    catalog = folder / "source-catalog.json"
    configured = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": mode}
    catalog.write_text(json.dumps({"streams": [configured]}))
    read = [sys.executable, str(MAIN), "read", "--config", str(config), "--catalog", str(catalog)]
    before = os.times()
    start_s = time.perf_counter()
    source = subprocess.Popen(read, stdout=subprocess.PIPE)
    assert source.stdout is not None
    done = subprocess.run(write, stdin=source.stdout, capture_output=True, check=False)
    source.stdout.close()
    assert (source.wait(), done.returncode) == (0, 0), done.stdout[-2000:]
    wall_s, after = time.perf_counter() - start_s, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, cpu_s


def peer_s(folder: Path, simulator: Simulator) -> tuple[float, float]:
    """Return the seconds of the download and of the load."""
    remove_database(folder)
    scenario = simulator.scenario
    address = f"{simulator.url}/api/2.0/export?project_id={scenario.project_id}&time_in_ms=true"
    address += f"&from_date={scenario.first_day}&to_date={scenario.last_day}"
    export = folder / "export.jsonl"
    command = ["curl", "--silent", "--fail", "--compressed", "--user", f"{scenario.username}:{scenario.secret}"]
    start_s = time.perf_counter()
    subprocess.run([*command, "--output", str(export), address], check=True)
    download_s = time.perf_counter() - start_s
    load = [sys.executable, "-c", LOAD, str(export), str(folder / "peer.duckdb")]
    load_s = float(subprocess.run(load, check=True, capture_output=True).stdout)
    return download_s, load_s


def count_rows(path: Path) -> int:
    """Return the number of events in a database."""
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 events and one run of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    count, repeats = (100_000, 1) if options.quick else (1_000_000, 3)
    figures: dict[str, list[float]] = {}
    first_day = date(2026, 1, 1)
    scenario = Scenario(first_day=first_day, days=DAYS, events_per_day=count // DAYS, render_ahead="gzip")
    empty = Scenario(first_day=first_day, days=DAYS, events_per_day=0)
    with tempfile.TemporaryDirectory() as name, start_simulator(scenario) as full, start_simulator(empty) as none:
        folder = Path(name)
        for _ in range(repeats):
            download_s, load_s = peer_s(folder, full)
            figures.setdefault("curl_s", []).append(download_s)
            figures.setdefault("read_ndjson_s", []).append(load_s)
            assert count_rows(folder / "peer.duckdb") == count
            for mode in ("append", "append_dedup"):
                start_s, _ = pipe_s(folder, none, mode)
                wall_s, cpu_s = pipe_s(folder, full, mode)
                assert count_rows(folder / "destination.duckdb") == count
                figures.setdefault(f"{mode}_startup_s", []).append(start_s)
                figures.setdefault(f"{mode}_s", []).append(wall_s)
                figures.setdefault(f"{mode}_cpu_s", []).append(cpu_s)
                figures.setdefault(f"{mode}_ratio", []).append((wall_s - start_s) / (download_s + load_s))
    print_figures(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def print_figures(figures: dict[str, list[float]]) -> None:
    """Print the medians, with their spread."""
    rows = [
        ("curl --compressed to a file, s", spread(figures["curl_s"])),
        ("one INSERT … SELECT FROM read_ndjson, s", spread(figures["read_ndjson_s"])),
    ]
    for mode in ("append", "append_dedup"):
        rows += [
            (f"pipe, {mode}: seconds, whole processes", spread(figures[f"{mode}_s"])),
            (f"pipe, {mode}: of them start-up", spread(figures[f"{mode}_startup_s"])),
            (f"pipe, {mode}: CPU seconds of both processes", spread(figures[f"{mode}_cpu_s"])),
            (f"pipe, {mode}: ratio, start-up apart", spread(figures[f"{mode}_ratio"])),
        ]
    report("The whole pipe, median (smallest-largest)", rows)


if __name__ == "__main__":
    main()
