"""What flags, the config and the environment say, and which of them wins, seen in what Mixpanel is asked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integration_tests.command.command_run import (
    CTRL_C,
    asked_days,
    content,
    ended,
    lines_of,
    run,
    run_on_terminal,
    started,
    write_config,
)
from integration_tests.noon import noon
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from mixpanel_to_duckdb import SyncResult, sync

SCENARIO = Scenario(days=8, events_per_day=20, profiles=30, page_size=10, latency_per_day_s=0.2)
NOBODY = {"MIXPANEL_USERNAME": "nobody", "MIXPANEL_SECRET": "nothing", "MIXPANEL_PROJECT_ID": "1"}


@pytest.fixture(scope="module")
def project() -> Iterator[Simulator]:
    """Run a project."""
    with start_simulator(SCENARIO) as running:
        yield running


@pytest.fixture
def simulator(project: Simulator) -> Simulator:
    """Return the project, as if nobody had asked it yet."""
    project.clear_faults()
    project.clear_requests()
    return project


class HostRecorder:
    """A proxy that writes down which hosts are wanted, and lets nobody through."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.first = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            with connection:
                line = connection.recv(65536).split(b"\r\n")[0].decode()
                self.hosts.append(line.split()[1])
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            self.first.set()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def recorder() -> Iterator[HostRecorder]:
    """Run a recorder."""
    running = HostRecorder()
    try:
        yield running
    finally:
        running.close()


@pytest.mark.parametrize(
    ("variables", "fields", "flags", "host"),
    [
        ({"MIXPANEL_REGION": "EU"}, {}, [], "data-eu.mixpanel.com:443"),
        ({"MIXPANEL_REGION": "eu"}, {"region": "IN"}, [], "data-in.mixpanel.com:443"),
        ({"MIXPANEL_REGION": "EU"}, {"region": "IN"}, ["--region", "us"], "data.mixpanel.com:443"),
    ],
)
def test_region(
    simulator: Simulator,
    tmp_path: Path,
    variables: dict[str, str],
    fields: dict[str, Any],
    flags: list[str],
    host: str,
) -> None:
    """The region chooses Mixpanel's address: the environment's, the config's before it, the flag's before both."""
    config = write_config(tmp_path, simulator, endpoints=None, **fields)
    with recorder() as proxy:
        variables = {**variables, "HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "NO_PROXY": "", "no_proxy": ""}
        wrapper = ["env", *(f"{name}={value}" for name, value in variables.items())]
        command: list[str | Path] = ["sync", tmp_path / "m.duckdb", "--config", config, "--streams", "events", *flags]
        with started(*command, wrapper=wrapper) as process:
            proxy.first.wait(60)
            os.killpg(process.pid, signal.SIGINT)
            assert ended(process).exit_code == 130
    assert set(proxy.hosts) == {host}


def test_config_wins_over_the_environment(simulator: Simulator, tmp_path: Path) -> None:
    """Credentials of the file are used, whatever the environment says; without the file's, the environment's are."""
    config = write_config(tmp_path, simulator)
    command = ["sync", str(tmp_path / "m.duckdb"), "--config", str(config), "--streams", "profiles", "--quiet"]
    assert run(*command, environment=NOBODY).exit_code == 0
    write_config(tmp_path, simulator, credentials={"username": SCENARIO.username, "secret": SCENARIO.secret})
    found = run(*command, environment={**NOBODY, "MIXPANEL_PROJECT_ID": str(SCENARIO.project_id)})
    assert (found.exit_code, found.stderr) == (0, "")
    write_config(tmp_path, simulator, credentials=None)
    unknown = {**NOBODY, "MIXPANEL_PROJECT_ID": str(SCENARIO.project_id)}  # another project would be refused before
    assert run(*command, environment=unknown).exit_code == 2


def test_project_that_is_not_the_accounts(simulator: Simulator, tmp_path: Path) -> None:
    """An account that may not read the project ends with exit code 2, too."""
    config = write_config(tmp_path, simulator, credentials={**simulator.credentials, "project_id": 999})
    refused = run("sync", tmp_path / "m.duckdb", "--config", config, "--quiet")
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") >= 1


@pytest.mark.dates
def test_last_and_workers(tmp_path: Path) -> None:
    """--last counts days up to today, over the config's; --workers is how many requests run at once."""
    now = noon()
    project = Scenario(timezone=now.zone, legacy_timestamps=True, events_per_day=5, latency_per_day_s=0.5)
    with start_simulator(replace(project, first_day=now.today - timedelta(days=9), days=10)) as simulator:
        config = write_config(tmp_path, simulator, project_timezone=now.zone, legacy_timestamps=True)
        command = ["sync", str(tmp_path / "m.duckdb"), "--config", str(config), "--streams", "events", "--quiet"]
        for workers, last, days in (("1", "3d", 3), ("3", "1w", 7)):
            simulator.clear_requests()
            flags = ["--last", last, "--window-days", "1", "--workers", workers, "--full-refresh"]
            assert run(*command, *flags).exit_code == 0
            wanted = [str(now.today - timedelta(days=ago)) for ago in range(days - 1, -1, -1)]
            assert sorted(asked_days(simulator)) == [(day, day) for day in wanted]
            assert max(entry.running for entry in simulator.requests()) == int(workers)


def test_progress_where_there_is_no_terminal(simulator: Simulator, tmp_path: Path) -> None:
    """Lines by default and with plain, bars with rich, nothing with none and --quiet; the summary is on stdout."""
    config = write_config(tmp_path, simulator)
    command = ["sync", str(tmp_path / "m.duckdb"), "--config", str(config), "--streams", "events"]
    said = {kind: run(*command, "--progress", kind) for kind in ("auto", "plain", "rich", "none")}
    assert {kind: each.exit_code for kind, each in said.items()} == dict.fromkeys(said, 0)
    for kind in ("auto", "plain"):
        lines = said[kind].stderr.splitlines()
        assert "starting the connectors" in lines[0]
        assert "events: 0 of " in lines[1]
        assert lines[-1].endswith(" windows, 160 rows" if kind == "auto" else " windows, 100 rows")
        assert "\x1b" not in said[kind].stderr
    assert "━" in said["rich"].stderr
    assert "\x1b" in said["rich"].stderr
    assert said["none"].stderr == ""
    assert all(each.stdout.startswith("Done: ") for each in said.values())
    quiet = run(*command, "--quiet")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_progress_on_terminals(simulator: Simulator, tmp_path: Path) -> None:
    """Bars by default, within 40 columns; lines where they are asked for."""
    config = write_config(tmp_path, simulator)
    command = ["sync", str(tmp_path / "m.duckdb"), "--config", str(config), "--streams", "events"]
    bars = run_on_terminal(40, *command)
    assert bars.exit_code == 0
    assert any(line.startswith("events ") and "━" in line for line in lines_of(bars.stdout))
    plain = run_on_terminal(40, *command, "--progress", "plain")
    assert "━━━━" not in plain.stdout.partition("Done")[0]
    assert "events: 0 of " in plain.stdout


def test_quiet_says_what_failed(simulator: Simulator, tmp_path: Path) -> None:
    """Errors are said, on stderr."""
    simulator.add_fault(Fault("status", path="engage", status=402, times=None))
    config = write_config(tmp_path, simulator)
    failed = run("sync", tmp_path / "m.duckdb", "--config", config, "--quiet")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "profiles: page 0 could not be read" in failed.stderr


@pytest.mark.dates
def test_quota_wait_on_a_narrow_terminal(tmp_path: Path) -> None:
    """What waits for a quota says so, and until when; Ctrl-C ends the wait at once."""
    scenario = Scenario(days=4, events_per_day=5, quotas=True, export_hour_limit=2, retry_after_s=3000.0)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=1)
        command = ["sync", str(tmp_path / "m.duckdb"), "--config", str(config), "--streams", "events"]
        stopped = run_on_terminal(60, *command, keys=[("quota until", CTRL_C)])
    assert stopped.exit_code == 130
    waits = [line for line in lines_of(stopped.stdout) if line.startswith("events waiting for ")]
    now_s = time.time()
    ahead = {f"{datetime.fromtimestamp(now_s + s).astimezone():%H:%M:%S}" for s in range(2_800, 3_001)}
    assert waits[-1].rpartition("until ")[2].strip() in ahead


def test_json_is_the_functions_result(simulator: Simulator, tmp_path: Path) -> None:
    """One document on stdout, equal to what the function returns; a callback for each window and page."""
    simulator.add_fault(Fault("status", path="export", day=SCENARIO.last_day, times=None))
    config = write_config(tmp_path, simulator, window_days=4)
    said = run("sync", tmp_path / "command.duckdb", "--config", config, "--json")
    called: list[object] = []
    result = sync(config, tmp_path / "function.duckdb", on_batch_complete=called.append)
    assert said.exit_code == result.exit_code == 1
    assert without_times(said.document) == without_times(result.as_json())
    assert result.failed_date_ranges == [("2026-01-08", "2026-01-08")]
    assert len(called) == counted(result) == len(said.document["batches"])
    assert content(tmp_path / "command.duckdb") == content(tmp_path / "function.duckdb")


def test_function_in_a_notebook(simulator: Simulator, tmp_path: Path) -> None:
    """It runs where an event loop runs already, and in a thread, and takes a text for a list, and days as dates."""
    config = json.loads(write_config(tmp_path, simulator).read_text())

    async def cell() -> SyncResult:
        return sync(config, tmp_path / "m.duckdb", streams="events", from_date=datetime(2026, 1, 2, 3))  # noqa: DTZ001

    async def other_cell() -> SyncResult:
        return await asyncio.to_thread(
            sync, config, tmp_path / "m.duckdb", streams=["events"], to_date=date(2026, 1, 1), events="Sign Up,Search"
        )

    assert asyncio.run(cell()).rows == 7 * 20
    asyncio.run(other_cell())
    assert json.loads(simulator.requests()[-1].params["event"]) == ["Sign Up", "Search"]


def counted(result: SyncResult) -> int:
    """Return successful + failed of all streams."""
    document = result.as_json()["streams"].values()
    return sum(value for stream in document for name, value in stream.items() if name in COUNTS)


COUNTS = {"successful_batches", "failed_batches", "successful_pages", "failed_pages"}
TIMES = {"database", "started_at", "started_s", "duration_s", "at_s", "bytes", "cumulative_rows"}


def without_times(value: Any) -> Any:
    """Return a document without what differs from sync to sync; lists in an order of their own."""
    if isinstance(value, dict):
        return {name: without_times(each) for name, each in value.items() if name not in TIMES}
    if isinstance(value, (list, tuple)):
        return sorted((without_times(each) for each in value), key=repr)
    return value
