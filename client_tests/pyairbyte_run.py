"""Runs of PyAirbyte: what it is given, and how it ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client_tests.environments import client_program, offline, our_program

PROGRAM = Path(__file__).with_name("pyairbyte_program.py")
TIMEOUT_S = 300


@dataclass(frozen=True)
class PyAirbyte:
    """PyAirbyte with all that it keeps in one directory."""

    directory: Path

    @property
    def cache(self) -> Path:
        """Return the cache's file."""
        return self.directory / "cache.duckdb"

    @property
    def database(self) -> Path:
        """Return the file that the destination writes."""
        return self.directory / "destination.duckdb"

    def read(self, config: Mapping[str, Any], streams: tuple[str, ...] = ("events", "profiles")) -> dict[str, Any]:
        """Read into the cache and return what PyAirbyte counted; raise RuntimeError with its error."""
        return self._run(config, streams)

    def write(self, config: Mapping[str, Any], streams: tuple[str, ...] = ("events", "profiles")) -> dict[str, Any]:
        """Read into the destination and return what PyAirbyte counted; raise RuntimeError with its error."""
        destination = str(our_program("destination-duckdb"))
        return self._run(
            config, streams, destination=destination, destination_config={"destination_path": str(self.database)}
        )

    def sample(self, config: Mapping[str, Any], count: int) -> list[str]:
        """Return the names of the first events; raise RuntimeError with PyAirbyte's error."""
        return list(self._run(config, ("events",), sample=count)["sample"])

    def _run(self, config: Mapping[str, Any], streams: tuple[str, ...], **more: Any) -> dict[str, Any]:
        task = {
            "source": str(our_program("source-mixpanel-parallel")),
            "config": config,
            "streams": streams,
            "cache": str(self.cache),
            **more,
        }
        own = {"AIRBYTE_PROJECT_DIR": str(self.directory), "AIRBYTE_LOGGING_ROOT": str(self.directory / "logs")}
        ended = subprocess.run(
            [client_program("pyairbyte", "python"), PROGRAM],
            input=json.dumps(task),
            env=offline(**own),
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        if ended.returncode != 0 or "Exception ignored" in ended.stderr:
            raise RuntimeError(ended.stderr)
        return dict(json.loads(ended.stdout.splitlines()[-1]))
