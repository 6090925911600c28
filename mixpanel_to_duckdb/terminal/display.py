"""Shows a sync while it runs: nothing, or plain lines; rich_display.py draws bars.

In: the current step, then the tally whenever it may have changed, at least four times a second. Out: text on stderr,
at most a second late.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TextIO

from mixpanel_to_duckdb.connectors.tally import StreamTally, Tally, describe
from mixpanel_to_duckdb.result import SliceProgress

# With a tick of a quarter of a second nothing shown is older than a second.
EVERY_S = 0.7


class Display(Protocol):
    """Where a sync reports its progress."""

    def begin(self, what: str) -> None:
        """Show the current step, before anything can be counted."""

    def update(self, tally: Tally, ended: SliceProgress | None = None) -> None:
        """Show *tally*; *ended* is the window or page that has just been reported."""

    def say(self, what: str) -> None:
        """Show a message immediately."""

    def close(self) -> None:
        """Restore the terminal."""


class NoDisplay:
    """Shows nothing."""

    def begin(self, what: str) -> None:
        """Show nothing."""

    def update(self, tally: Tally, ended: SliceProgress | None = None) -> None:
        """Show nothing."""

    def say(self, what: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class PlainDisplay:
    """For logs and pipes: at most one line per stream and second, and only when it has changed."""

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._out = stream or sys.stderr
        self._clock = clock
        self._shown: dict[str, str] = {}
        self._last_s: dict[str, float] = {}
        self._warnings = 0

    def begin(self, what: str) -> None:
        """Print the current step."""
        self._print(what)

    def update(self, tally: Tally, ended: SliceProgress | None = None) -> None:
        """Print what has changed; failures and warnings immediately."""
        now_s = self._clock()
        for warning in tally.warnings[self._warnings :]:
            self._print(warning)
        self._warnings = len(tally.warnings)
        if ended and ended.failed:
            self._print(describe(ended))
        for name, stream in tally.streams.items():
            text = plain_line(stream, now_s)
            due = now_s - self._last_s.get(name, 0.0) >= EVERY_S or stream.result
            if text != self._shown.get(name, "") and text and due:
                self._shown[name], self._last_s[name] = text, now_s
                self._print(text)

    def say(self, what: str) -> None:
        """Print a line."""
        self._print(what)

    def close(self) -> None:
        """Do nothing: every line is out."""

    def _print(self, text: str) -> None:
        moment = datetime.fromtimestamp(self._clock()).astimezone()
        print(f"{moment:%H:%M:%S} {text}", file=self._out, flush=True)


def plain_line(stream: StreamTally, now_s: float) -> str:
    """Return one line about a stream; empty before it has begun."""
    if not stream.total and not stream.wait_at(now_s) and not stream.result:
        return ""
    parts = [f"{stream.stream}: {count_text(stream)}", f"{stream.rows:,} rows"]
    if failed := len(stream.failures):
        parts.append(f"{failed} failed")
    if waiting := wait_text(stream, now_s):
        parts.append(waiting)
    elif left_s := seconds_left(stream, now_s):
        parts += [f"{rows_a_second(stream, now_s):,.0f} rows/s", f"about {duration_text(left_s)} left"]
    return ", ".join(parts)


def count_text(stream: StreamTally) -> str:
    """Return how many windows or pages have ended, of how many."""
    unit = "pages" if stream.is_paged else "windows"
    if stream.total:
        return f"{stream.done} of {stream.total} {unit}"
    return "done" if stream.result else "not started"


def wait_text(stream: StreamTally, now_s: float) -> str:
    """Return what a stream waits for, and until when; empty if it does not."""
    wait = stream.wait_at(now_s)
    if wait is None:
        return ""
    until = datetime.fromtimestamp(wait.until_s).astimezone()
    return f"waiting for {wait.what} until {until:%H:%M:%S}"


def started_s(stream: StreamTally) -> float:
    """Return when the stream's first request started."""
    return min(batch.started_s for batch in stream.batches)


def rows_a_second(stream: StreamTally, now_s: float) -> float:
    """Return how fast rows have come so far."""
    if not stream.batches:
        return 0.0
    span_s = stream.result.duration_s if stream.result else now_s - started_s(stream)
    return stream.rows / max(span_s, 0.001)


def seconds_left(stream: StreamTally, now_s: float) -> float:
    """Return an estimate of the remaining time, from the time so far; 0 if unknown."""
    share = stream.share_done
    if not stream.batches or share in {0.0, 1.0}:
        return 0.0
    by_rate = (now_s - started_s(stream)) * (1 - share) / share
    wait = stream.wait_at(now_s)
    return max(by_rate, wait.until_s - now_s if wait else 0.0)


def duration_text(seconds: float) -> str:
    """Return a duration for people: 4.2 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 10:  # noqa: PLR2004 - where tenths of a second still matter
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
