"""Shows a sync while it runs as a bar per stream, on a terminal of any width.

Redraws four times a second, so that times are updated between messages.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.connectors.tally import StreamTally, Tally, describe
from mixpanel_to_duckdb.result import SliceProgress
from mixpanel_to_duckdb.terminal.display import count_text, duration_text, rows_a_second, seconds_left, wait_text

TIMES_A_SECOND = 4
# Terminal widths from which more columns are shown.
WIDE, MIDDLE = 96, 64


class RichDisplay:
    """A bar per stream; failures are printed above."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, force_terminal=True)
        self._bars = Bars()
        self._live = Live(self._bars, console=self._console, refresh_per_second=TIMES_A_SECOND, transient=True)
        self._warnings = 0

    def begin(self, what: str) -> None:
        """Show a spinner with *what* is being done."""
        self._bars.beginning = what
        self._live.start()

    def update(self, tally: Tally, ended: SliceProgress | None = None) -> None:
        """Show *tally*; print failures and warnings immediately."""
        self._bars.tally = tally
        for warning in tally.warnings[self._warnings :]:
            self._console.print(Text(warning, "yellow"))
        self._warnings = len(tally.warnings)
        if ended and ended.failed:
            self._console.print(Text(describe(ended), "red"))

    def say(self, what: str) -> None:
        """Print a line above the bars."""
        self._console.print(Text(what, "yellow"))

    def close(self) -> None:
        """Remove the bars: the summary takes their place."""
        self._live.stop()


class Bars:
    """The bars, drawn for the terminal's width."""

    def __init__(self) -> None:
        self.tally: Tally | None = None
        self.beginning = ""
        self._spinner = Spinner("dots")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw every stream that has begun; before that, the current step."""
        begun = [stream for stream in self.tally.streams.values() if _has_begun(stream)] if self.tally else []
        if not begun:
            self._spinner.update(text=Text(self.beginning, no_wrap=True, overflow="ellipsis"))
            yield self._spinner
            return
        yield from bars(begun, options.max_width, time.time())


def bars(streams: list[StreamTally], width: int, now_s: float) -> Iterator[Table]:
    """Yield the table of bars for a terminal that is *width* cells wide."""
    columns = [Column(no_wrap=True, style="bold"), Column(ratio=1, min_width=5)]
    facts = 4 if width >= WIDE else 2 if width >= MIDDLE else 1
    columns += [Column(no_wrap=True, justify="right") for _ in range(facts)]
    table = Table.grid(*columns, padding=(0, 1), expand=True)
    for stream in streams:
        cells = _cells(stream, now_s)[: len(columns) - 2] if width >= MIDDLE else [_shortest(stream, now_s)]
        table.add_row(stream.stream, _bar(stream), *cells)
    yield table
    for stream in streams:
        if waiting := wait_text(stream, now_s):
            line = Table.grid(Column(no_wrap=True, overflow="ellipsis"))
            line.add_row(Text(f"{stream.stream} {waiting}", "yellow"))
            yield line


def _bar(stream: StreamTally) -> ProgressBar:
    style = "red" if stream.failures else "green"
    return ProgressBar(total=1.0, completed=stream.share_done, complete_style=style, finished_style=style)


def _cells(stream: StreamTally, now_s: float) -> list[Text]:
    left_s = seconds_left(stream, now_s)
    left = "done" if stream.result else f"{duration_text(left_s)} left" if left_s else ""
    return [
        Text(count_text(stream)),
        Text(f"{stream.rows:,} rows", "cyan"),
        Text(f"{rows_a_second(stream, now_s):,.0f} rows/s", "dim"),
        Text(left, "green" if stream.result else ""),
    ]


def _shortest(stream: StreamTally, now_s: float) -> Text:
    left_s = seconds_left(stream, now_s)
    return Text(duration_text(left_s) if left_s else f"{stream.done}/{stream.total}")


def _has_begun(stream: StreamTally) -> bool:
    return bool(stream.total or stream.waits or stream.rows)
