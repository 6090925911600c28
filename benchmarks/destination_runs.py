"""What the destination's benchmarks share: made-up events, runs of processes.

Events are lines of about 730 bytes, RECORD messages as the source writes them, the same for the same number.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = ["event", "time", "distinct_id", "insert_id"]
PROPERTIES: dict[str, Any] = {
    "event": {"type": "string"},
    "time": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    "distinct_id": {"type": "string"},
    "insert_id": {"type": "string"},
    "properties": {"type": "object"},
}
NAMES = ["Sign Up", "Purchase", "Page View", "Search", "Añadir al carrito"]
CITIES = ["São Paulo", "東京", "Zürich", "Oslo"]
FIRST_MS = 1_767_225_600_000  # 2026-01-01
GROUP = "destination"


@dataclass(frozen=True, slots=True)
class Run:
    """How long a process took, in seconds, with its CPU time and its peak memory in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run(command: Sequence[str], stdin: Path | None = None) -> Run:
    """Run *command* to its end, which must be good."""
    with (stdin or Path(os.devnull)).open("rb") as source:
        start_s = time.perf_counter()
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE)
        assert process.stdout is not None
        output = process.stdout.read()
        _, code, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(code)
    process.stdout.close()
    assert process.returncode == 0, output[-2000:]
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, output)


def destination(folder: Path, command: str, *, mode: str = "append", streams: int = 1, **config: Any) -> list[str]:
    """Return the command line of the destination for `events` (or `events0` and on) in *folder*."""
    paths = folder / "config.json", folder / "catalog.json"
    paths[0].write_text(json.dumps({"destination_path": str(folder / "destination.duckdb"), **config}))
    names = ["events"] if streams == 1 else [f"events{number}" for number in range(streams)]
    configured = [
        {
            "stream": {"name": name, "json_schema": {"type": "object", "properties": PROPERTIES}},
            "sync_mode": "incremental",
            "destination_sync_mode": mode,
            "primary_key": [[part] for part in KEY],
            "cursor_field": ["time"],
        }
        for name in names
    ]
    paths[1].write_text(json.dumps({"streams": configured}))
    arguments = [sys.executable, "-m", "destination_duckdb", command, "--config", str(paths[0])]
    return [*arguments, "--catalog", str(paths[1])] if command == "write" else arguments


def events(count: int, days: int = 30, seed: int = 1, emitted_at: int = 1_700_000_000_000) -> Iterator[str]:
    """Yield the `record` of *count* events in order of time over *days* days, without `stream`."""
    bits = random.Random(seed).getrandbits
    step_ms = days * 86_400_000 / count
    for number in range(count):
        day, of_day_ms = divmod(int(number * step_ms), 86_400_000)
        time_ms = FIRST_MS + day * 86_400_000 + of_day_ms
        of_day_s, millisecond = divmod(of_day_ms, 1000)
        clock = f"{of_day_s // 3600:02}:{of_day_s // 60 % 60:02}:{of_day_s % 60:02}.{millisecond:03}"
        chance = bits(96)
        user, insert_id = chance % 50_000, f"{chance >> 32:016x}"
        yield (
            f'"data":{{"event":"{NAMES[user % 5]}","time":"2026-{day // 30 + 1:02}-{day % 30 + 1:02}T{clock}Z",'
            f'"distinct_id":"user-{user:06d}",'
            f'"insert_id":"{insert_id}","properties":{{"time":{time_ms},"distinct_id":"user-{user:06d}",'
            f'"$insert_id":"{insert_id}","$browser":"Chrome","$city":"{CITIES[number % 4]}","mp_country_code":"CH",'
            f'"$current_url":"https://example.com/p/{chance % 999_983}?utm_source=news&utm_medium=mail",'
            f'"price":{chance % 9_973 / 100},"quantity":{number % 10},"items":[{{"sku":"A-{number % 999}",'
            f'"n":1,"tags":["x","y"]}},{{"sku":"A-{number % 997}","n":1,"tags":["x","y"]}}],"premium":true,'
            f'"coupon":null,"mp_processing_time_ms":{time_ms + 1500},"$os":"Mac OS X","$screen_height":1080,'
            f'"$screen_width":1920,"$lib_version":"2.47.0","$referrer":"https://www.google.com/"}}}},'
            f'"emitted_at":{emitted_at}'
        )


def write_messages(path: Path, records: Iterator[str], count: int, states: int, streams: int = 1) -> None:
    """Write RECORDs with *states* states among them, interleaved line by line, and COMPLETE for each stream."""
    names = ["events"] if streams == 1 else [f"events{number}" for number in range(streams)]
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(records, start=1):
            file.write(f'{{"type":"RECORD","record":{{"stream":"{names[number % streams]}",{record}}}}}\n')
            if states and number % (count // states) == 0:
                file.writelines(_state(name, number) for name in names)
        for name in names:
            status = {"stream_descriptor": {"name": name}, "status": "COMPLETE"}
            trace = {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": status}
            file.write(json.dumps({"type": "TRACE", "trace": trace}) + "\n")


def _state(name: str, number: int) -> str:
    stream = {"stream_descriptor": {"name": name}, "stream_state": {"rows": number}}
    return json.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": stream}}) + "\n"


def remove_database(folder: Path) -> None:
    """Remove the database of the run before."""
    for path in folder.glob("*.duckdb*"):
        path.unlink()
