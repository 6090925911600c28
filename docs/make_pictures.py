"""`make pictures`: the README's pictures, made by the real command on a simulated Mixpanel.

Out: sync.svg, a terminal session as it was recorded, and report.png, the report of a sync in which a day failed and a
quota had to be waited for, as Chromium shows it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import sys
import tempfile
import termios
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from docs.terminal_recording import animated_svg, screens, standing
from integration_tests.command.browser import browse
from integration_tests.command.command_run import COMMAND, run, write_config
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

HERE = Path(__file__).resolve().parent
COLUMNS, ROWS = 100, 30
LETTER_S, PAUSE_S = 0.045, 0.9
DAYS = 90
FLAGS = ["--last", "90d", "--window-days", "3", "--workers", "8"]
REPORT_SIZE = (1180, 1398)
MOST_BYTES = 300_000

Chunk = tuple[float, bytes]


def main(output: Path) -> int:
    """Make both pictures in the folder *output*."""
    first_day = datetime.now(timezone.utc).date() - timedelta(days=DAYS)
    with tempfile.TemporaryDirectory() as folder:
        record_session(Path(folder), first_day, output / "sync.svg")
    with tempfile.TemporaryDirectory() as folder:
        shoot_report(Path(folder), first_day, output / "report.png")
    for name in ("sync.svg", "report.png"):
        size = (output / name).stat().st_size
        print(f"{output / name}: {size:,} bytes")  # noqa: T201 - the script's output
        if size > MOST_BYTES:
            raise SystemExit(f"{output / name} is larger than {MOST_BYTES:,} bytes")
    return 0


def record_session(folder: Path, first_day: date, picture: Path) -> None:
    """Record a plan, a sync and a look at what came."""
    scenario = Scenario(
        first_day=first_day,
        days=DAYS,
        events_per_day=1_500,
        profiles=12_000,
        latency_per_day_s=0.6,
        latency_per_page_s=0.9,
        quotas=True,
    )
    with start_simulator(scenario) as simulator:
        write_config(folder, simulator).rename(folder / "mixpanel.json")
        chunks: list[Chunk] = [(0.0, b"")]
        for arguments in (["sync", "mixpanel.duckdb", *FLAGS], ["status", "mixpanel.duckdb"]):
            type_line(chunks, f"mixpanel-to-duckdb {' '.join(arguments)}")
            run_recorded(chunks, folder, arguments)
        chunks.append((chunks[-1][0] + 0.3, prompt()))
    frames = standing(screens(chunks))
    while len(svg := animated_svg(frames, COLUMNS, "mixpanel-to-duckdb").encode()) > MOST_BYTES:
        # A slow machine shows more screens of the same sync.
        frames = [*frames[:-1:2], frames[-1]]
    picture.write_bytes(svg)


def prompt() -> bytes:
    """Return a shell's prompt."""
    return b"\x1b[1;35m$\x1b[0m "


def type_line(chunks: list[Chunk], line: str) -> None:
    """Type *line* behind a prompt, letter by letter."""
    at_s = chunks[-1][0] + PAUSE_S
    chunks.append((at_s, prompt()))
    at_s += PAUSE_S
    for start in range(0, len(line), 3):
        at_s += 3 * LETTER_S
        chunks.append((at_s, line[start : start + 3].encode()))
    chunks.append((at_s + 0.2, b"\r\n"))


def run_recorded(chunks: list[Chunk], folder: Path, arguments: list[str]) -> None:
    """Run the command on a terminal, and note what it shows and when."""
    began_s, offset_s = time.monotonic(), chunks[-1][0]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        os.execve(sys.executable, [*COMMAND, *arguments], environment)  # noqa: S606 - our own command
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    pending = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the terminal is gone with its last process
            break
        if not chunk:
            break
        pending += chunk
        whole = pending.rfind(b"\n") + 1 if not _is_whole(pending) else len(pending)
        chunks.append((offset_s + time.monotonic() - began_s, pending[:whole]))
        pending = pending[whole:]
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)} failed")


def _is_whole(text: bytes) -> bool:
    """Tell whether *text* ends neither within a letter nor within a control sequence."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return b"\x1b" not in text[-8:] or text[-1:].isalpha()


def shoot_report(folder: Path, first_day: date, picture: Path) -> None:
    """Sync the first half, then all of it, with a day that fails and a quota that is used up; shoot the report."""
    scenario = Scenario(
        first_day=first_day,
        days=DAYS,
        events_per_day=1_500,
        profiles=9_000,
        latency_per_day_s=0.35,
        latency_per_page_s=0.8,
        quotas=True,
    )
    database, page = folder / "mixpanel.duckdb", folder / "report.html"
    with start_simulator(scenario) as simulator:
        config = write_config(folder, simulator)
        half = str(first_day + timedelta(days=DAYS // 3))
        expect(0, "sync", database, "--config", config, "--to", half, "--streams", "events", "--quiet")
        simulator.reset_quota()
        add_faults(simulator, first_day)
        expect(1, "sync", database, "--config", config, "--report", page, "--quiet", "--window-days", "4")
    text = page.read_text(encoding="utf-8").replace(str(database), database.name)
    page.write_text(text, encoding="utf-8")
    width, height = REPORT_SIZE
    browse(page, folder / "profile", f"--screenshot={picture}", f"--window-size={width},{height}")


def add_faults(simulator: Simulator, first_day: date) -> None:
    """Let a day fail for good, an answer be cut once, and the rate be limited for a while."""
    simulator.add_fault(Fault("status", path="export", day=first_day + timedelta(days=52), times=None))
    simulator.add_fault(Fault("cut_gzip", path="export", day=first_day + timedelta(days=70), times=1))
    simulator.add_fault(Fault("rate_limited", path="engage", page=3, which="concurrent", retry_after_s=2.0))


def expect(exit_code: int, *arguments: str | Path) -> None:
    """Run the command and insist on how it ends."""
    ended = run(*arguments)
    if ended.exit_code != exit_code:
        raise SystemExit(json.dumps([ended.exit_code, ended.stdout, ended.stderr]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE))
