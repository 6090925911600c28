"""One run of the source as a process, its output drained as fast as it comes: seconds, CPU, memory, and its reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAIN = Path(__file__).resolve().parents[1] / "main.py"
PROGRESS = b'"message":"progress: '


@dataclass(frozen=True, slots=True)
class SourceProcess:
    """How a run ended; *read_s* counts from the first request to the last byte, *reports* are its progress lines."""

    rows: int
    read_s: float
    process_s: float
    cpu_s: float
    peak_mb: float
    reports: tuple[Mapping[str, Any], ...]
    stdout_bytes: int


def run_source_process(config: Mapping[str, Any], stream: str, sync_mode: str, destination_mode: str) -> SourceProcess:
    """Run `main.py read` for one stream; raise RuntimeError if it fails."""
    supported = {"name": stream, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    configured = {"stream": supported, "sync_mode": sync_mode, "destination_sync_mode": destination_mode}
    with tempfile.TemporaryDirectory() as folder:
        path, catalog = Path(folder) / "config.json", Path(folder) / "catalog.json"
        path.write_text(json.dumps(config))
        catalog.write_text(json.dumps({"streams": [configured]}))
        return _run([sys.executable, str(MAIN), "read", "--config", str(path), "--catalog", str(catalog)])


def _run(command: list[str]) -> SourceProcess:
    started_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    chunks = _Chunks(process.stdout.fileno())
    reports = tuple(_reports(chunks))
    ended_s = time.time()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the source failed with exit code {process.returncode}")
    return SourceProcess(
        rows=sum(report["rows"] for report in reports),
        read_s=ended_s - min(report["started_s"] for report in reports),
        process_s=time.monotonic() - started_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        reports=reports,
        stdout_bytes=chunks.size_bytes,
    )


class _Chunks:
    """What comes out of a descriptor, counted."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := os.read(self._descriptor, 1 << 20):
            self.size_bytes += len(chunk)
            yield chunk


def _reports(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Read everything; yield the progress reports in it. Looks for them with one search a chunk."""
    tail = b""
    for chunk in chunks:
        window = tail + chunk if tail else chunk
        tail = window[window.rfind(b"\n") + 1 :]
        end = len(window) - len(tail)
        position = window.find(PROGRESS, 0, end)
        while position >= 0:
            stop = window.find(b"\n", position)
            line = window[window.rfind(b"\n", 0, position) + 1 : stop]
            yield json.loads(json.loads(line)["log"]["message"].removeprefix("progress: "))
            position = window.find(PROGRESS, stop, end)
