"""The command: one line when it is ready, an end when it should, a sentence when it can't."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
import requests

from mixpanel_simulator import Fault, Scenario, start_simulator
from mixpanel_simulator.command import main, make_parser, parse_scenario
from mixpanel_simulator.scenario import FIELD_HELP
from unit_tests.simulator.wire_client import basic, engage, export

COMMAND = [sys.executable, "-m", "mixpanel_simulator"]
DAY = date(2026, 1, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    """Exactly one line on stdout, whatever becomes of stdin."""
    with subprocess.Popen([*COMMAND, "--days", "2"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["pid"], ready["url"].rpartition(":")[0]) == (process.pid, "http://127.0.0.1")
        assert requests.get(ready["url"] + "/_simulator/requests", timeout=10).json() == []
        process.send_signal(number)
        assert (process.wait(10), process.stdout.read()) == (0, b"")


def test_command_ends_when_its_parent_dies() -> None:
    """Nothing is left running when a test process is killed."""
    code = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, '-m', 'mixpanel_simulator', '--parent-pid', str(os.getpid())]\n"
        "process = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "sys.stdout.write(process.stdout.readline().decode())\n"
        "sys.stdout.flush()\n"
        "os._exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    pid = json.loads(done.stdout)["pid"]
    deadline = time.monotonic() + 20
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Return whether there is such a process, of a parent that has ended: no zombie waits for it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_simulator_ends_at_once_when_a_client_hangs_on_a_stalled_answer() -> None:
    with start_simulator(Scenario(days=1)) as simulator:
        simulator.add_fault(Fault("stall"))
        address = simulator.url.removeprefix("http://").split(":")
        connection = socket.create_connection((address[0], int(address[1])))
        account = basic(simulator.scenario.username, simulator.scenario.secret)
        target = "/api/2.0/export?project_id=12345&from_date=2026-01-01&to_date=2026-01-01"
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {account}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        pid = simulator.pid
    connection.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_simulator_is_killed_when_it_does_not_end() -> None:
    with start_simulator(Scenario(days=1), stop_timeout_s=0.2) as simulator:
        os.kill(simulator.pid, signal.SIGSTOP)
        pid = simulator.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_each_field_of_the_scenario_is_a_flag(tmp_path: Path) -> None:
    """Flags go before the file; text becomes numbers, dates and truth values."""
    file = tmp_path / "scenario.json"
    file.write_text('{"seed": 3, "days": 4, "first_day": "2025-02-03", "plan": "free"}')
    flags = ["--scenario", str(file), "--days", "9", "--quotas", "--hour-s", "1.5", "--today", "2026-01-02"]
    scenario = parse_scenario(make_parser().parse_args(flags))
    assert scenario == Scenario(
        seed=3,
        days=9,
        first_day=date(2025, 2, 3),
        plan="free",
        quotas=True,
        hour_s=1.5,
        today=date(2026, 1, 2),
    )
    assert parse_scenario(make_parser().parse_args(["--no-quotas"])) == Scenario()
    help_text = make_parser().format_help()
    assert all("--" + name.replace("_", "-") in help_text for name in FIELD_HELP)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--days", "-1"], "days is -1: it must be 0 or more"),
        (["--page-size", "0"], "page_size is 0: it must be 1 or more"),
        (["--days", "many"], "Expected `int`, got `str`"),
        (["--plan", "gold"], "Invalid enum value 'gold'"),
        (["--timezone", "Mars/Olympus"], "timezone is 'Mars/Olympus': it must be a name such as Europe/Zurich"),
        (["--scenario", "/nowhere.json"], "No such file or directory: '/nowhere.json'"),
    ],
)
def test_command_says_why_a_scenario_cannot_be_simulated(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(flags)
    assert message in capsys.readouterr().err


def test_command_says_which_field_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"colour": "red"}')
    with pytest.raises(SystemExit, match="2"):
        main(["--scenario", str(file)])
    assert "a scenario has no field 'colour': see --help" in capsys.readouterr().err


def test_command_says_that_the_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
        assert f"port {port} can't be listened on" in capsys.readouterr().err
        with pytest.raises(RuntimeError, match="ended with exit code 1"), start_simulator(Scenario(), port=port):
            raise AssertionError("a simulator came up on a port that is taken")


@pytest.mark.parametrize("form", ["gzip", "identity"])
def test_bodies_are_rendered_before_the_first_request_when_told_to(form: str) -> None:
    """It changes when they are made, and not what they are."""
    plain = Scenario(days=2, profiles=15, page_size=10)
    ahead = Scenario(days=2, profiles=15, page_size=10, render_ahead=form)  # type: ignore[arg-type]  # parametrized
    answers = []
    for scenario in (plain, ahead):
        with start_simulator(scenario) as simulator:
            answers.append((export(simulator, DAY, DAY, time_in_ms="true").wire, engage(simulator).wire))
    assert answers[0] == answers[1]
    assert len(answers[0][0]) > 1_400


def test_scenario_says_where_its_days_end() -> None:
    scenario = Scenario(first_day=date(2024, 2, 28), days=3)
    assert scenario.last_day == date(2024, 3, 1)
    assert scenario.has_events_on(date(2024, 2, 29))
    assert not scenario.has_events_on(date(2024, 3, 2))


def test_credentials_are_those_of_the_service_account() -> None:
    with start_simulator(Scenario(project_id=99, username="u", secret="s")) as simulator:
        assert simulator.credentials == {
            "option_title": "Service Account",
            "username": "u",
            "secret": "s",
            "project_id": 99,
        }
        assert export(simulator, DAY, DAY).status == 200
        with pytest.raises(requests.HTTPError, match="404"):
            simulator._control("GET", "nothing")
