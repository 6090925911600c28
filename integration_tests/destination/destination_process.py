"""The destination as a process: what goes in, what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 120


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return every line of stdout, which all must be messages."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def states(self) -> list[bytes]:
        """Return the echoed states as they came."""
        return [line for line in self.stdout.splitlines() if json.loads(line)["type"] == "STATE"]

    @property
    def error(self) -> str | None:
        """Return the one error message, if there is one."""
        errors = [each["trace"]["error"]["message"] for each in self.messages if each["type"] == "TRACE"]
        assert len(errors) <= 1
        return errors[0] if errors else None


@dataclass(frozen=True)
class Destination:
    """A configured destination with files of its own."""

    directory: Path
    config: Mapping[str, Any]

    @property
    def database(self) -> Path:
        """Return the file that it writes."""
        return Path(self.config["destination_path"])

    def arguments(self, command: str, catalog: Mapping[str, Any] | None = None) -> list[str]:
        """Return the command line of *command*, with its files written."""
        config = self.directory / "config.json"
        config.write_text(json.dumps(self.config))
        arguments = [sys.executable, "-m", "destination_duckdb", command]
        if command != "spec":
            arguments += ["--config", str(config)]
        if catalog is not None:
            path = self.directory / "catalog.json"
            path.write_text(json.dumps(catalog))
            arguments += ["--catalog", str(path)]
        return arguments

    def run(self, command: str, catalog: Mapping[str, Any] | None = None, stdin: bytes = b"") -> Outcome:
        """Run *command* to its end."""
        return self.call(self.arguments(command, catalog), stdin)

    def call(self, arguments: Sequence[str], stdin: bytes = b"") -> Outcome:
        """Run a command line to its end."""
        done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def write(self, catalog: Mapping[str, Any], messages: Sequence[Mapping[str, Any] | bytes]) -> Outcome:
        """Run `write` on *messages*; those that are bytes go in as they are."""
        return self.run("write", catalog, lines(messages))


def lines(messages: Sequence[Mapping[str, Any] | bytes]) -> bytes:
    """Return messages as the lines of a source."""
    encoded = [each if isinstance(each, bytes) else json.dumps(each, ensure_ascii=False).encode() for each in messages]
    return b"".join(line + b"\n" for line in encoded)


def record(stream: str, data: Mapping[str, Any], emitted_at: int = 1_700_000_000_000, **more: Any) -> dict[str, Any]:
    """Return a RECORD message."""
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": emitted_at, **more}}


def state(stream: str, value: Any, namespace: str | None = None) -> dict[str, Any]:
    """Return a STATE message of one stream."""
    descriptor = {"name": stream} | ({} if namespace is None else {"namespace": namespace})
    return {
        "type": "STATE",
        "state": {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": value}},
    }


def status(stream: str, word: str = "COMPLETE", namespace: str | None = None) -> dict[str, Any]:
    """Return a STREAM_STATUS message."""
    descriptor = {"name": stream} | ({} if namespace is None else {"namespace": namespace})
    detail = {"stream_descriptor": descriptor, "status": word}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": detail}}


def configured(name: str, properties: Mapping[str, Any], mode: str = "append", **more: Any) -> dict[str, Any]:
    """Return one stream of a configured catalog; `namespace` goes where the protocol wants it."""
    stream: dict[str, Any] = {"name": name, "json_schema": {"type": "object", "properties": properties}}
    if "namespace" in more:
        stream["namespace"] = more.pop("namespace")
    return {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": mode, **more}
