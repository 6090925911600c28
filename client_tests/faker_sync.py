"""Syncs of Airbyte's source-faker into our destination: through one pipe, where `tee` keeps what the source printed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from client_tests.environments import client_program, offline, our_program

TIMEOUT_S = 300
PIPE = 'set -o pipefail; "$0" read "${@:4}" | tee "$3" | "$1" write --config duckdb.json --catalog catalog.json > "$2"'


class Mode(NamedTuple):
    """One of the platform's sync modes, as the configured catalog tells it."""

    source: str
    destination: str
    keeps_earlier: bool


# The platform tells overwriting from the generations: the earlier ones are to go.
MODES = {
    "full_refresh_overwrite": Mode("full_refresh", "overwrite", False),
    "full_refresh_overwrite_dedup": Mode("full_refresh", "append_dedup", False),
    "full_refresh_append": Mode("full_refresh", "append", True),
    "incremental_append": Mode("incremental", "append", True),
    "incremental_append_dedup": Mode("incremental", "append_dedup", True),
}


@dataclass(frozen=True)
class FakerSync:
    """source-faker and a database, with all files in one directory."""

    directory: Path

    @property
    def database(self) -> Path:
        """Return the file that the destination writes."""
        return self.directory / "faker.duckdb"

    def run(self, mode: Mode, generation: int, config: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Sync the three streams and return the RECORD messages that the source printed."""
        self._write("faker.json", config)
        self._write("duckdb.json", {"destination_path": str(self.database)})
        self._write("catalog.json", self._catalog(mode, generation))
        files = ["--config", "faker.json", "--catalog", "catalog.json"]
        if mode.source == "incremental" and self.database.exists():
            destination = [our_program("destination-duckdb"), "state", "--config", "duckdb.json"]
            (self.directory / "state.json").write_bytes(self._output(destination))
            files += ["--state", "state.json"]
        programs = [client_program("source-faker", "source-faker"), our_program("destination-duckdb")]
        self._output(["bash", "-c", PIPE, *programs, "echoed.jsonl", "printed.jsonl", *files])
        printed = [json.loads(line) for line in (self.directory / "printed.jsonl").read_text().splitlines()]
        return [message["record"] for message in printed if message["type"] == "RECORD"]

    def echoed_states(self) -> list[dict[str, Any]]:
        """Return the states that the destination echoed in the last sync."""
        lines = (self.directory / "echoed.jsonl").read_text().splitlines()
        return [message["state"] for message in map(json.loads, lines) if message["type"] == "STATE"]

    def _catalog(self, mode: Mode, generation: int) -> dict[str, Any]:
        command = [client_program("source-faker", "source-faker"), "discover", "--config", "faker.json"]
        [catalog] = [
            m["catalog"] for m in map(json.loads, self._output(command).splitlines()) if m["type"] == "CATALOG"
        ]
        return {"streams": [_configured(stream, mode, generation) for stream in catalog["streams"]]}

    def _output(self, command: list[Any]) -> bytes:
        environment = offline(PYTHONWARNINGS="ignore")
        done = subprocess.run(
            command, cwd=self.directory, env=environment, check=False, capture_output=True, timeout=TIMEOUT_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _write(self, name: str, document: Any) -> None:
        (self.directory / name).write_text(json.dumps(document))


def _configured(stream: Mapping[str, Any], mode: Mode, generation: int) -> dict[str, Any]:
    return {
        "stream": stream,
        "sync_mode": mode.source,
        "destination_sync_mode": mode.destination,
        "cursor_field": stream["default_cursor_field"],
        "primary_key": stream["source_defined_primary_key"],
        "generation_id": generation,
        "minimum_generation_id": 0 if mode.keeps_earlier else generation,
        "sync_id": generation,
    }
