"""When each request ran, packed into lanes: concurrent requests are drawn one above the other.

In: a result; out: `Timeline`. Pure. A window that was requested more than once is one bar, from its first request to
its end, with the pauses in between marked in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mixpanel_to_duckdb.result import SliceProgress, SyncResult, Wait, place_of


@dataclass(frozen=True, slots=True)
class Bar:
    """One window or page, or a pause that belongs to none; times are seconds since the sync began."""

    stream: str
    place: str
    start_s: float
    end_s: float
    batch: SliceProgress | None
    waits: tuple[Wait, ...] = ()


@dataclass(slots=True)
class Lane:
    """Bars that follow each other."""

    bars: list[Bar] = field(default_factory=list)

    @property
    def end_s(self) -> float:
        """When its last bar ends."""
        return self.bars[-1].end_s if self.bars else float("-inf")


@dataclass(frozen=True, slots=True)
class StreamLanes:
    """One stream: its lanes, and the waits for a quota that held all of it."""

    stream: str
    lanes: tuple[Lane, ...]
    quota_waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All streams with requests; *at_once* is the largest number of requests that ran together."""

    duration_s: float
    streams: tuple[StreamLanes, ...]
    at_once: int


def timeline(result: SyncResult) -> Timeline:
    """Return the timeline of one sync."""
    began_s = result.started_at.timestamp()
    streams = []
    for name in result.streams:
        batches = [batch for batch in result.batches if batch.stream == name]
        waits = [wait for wait in result.waits if wait.stream == name]
        lanes = _packed(_bars(name, batches, waits, began_s))
        quota = tuple(wait for wait in waits if wait.place is None)
        if lanes or quota:
            streams.append(StreamLanes(name, tuple(lanes), quota))
    return Timeline(max(result.duration_s, 0.001), tuple(streams), most_at_once(result.batches))


def _bars(name: str, batches: Sequence[SliceProgress], waits: Sequence[Wait], began_s: float) -> list[Bar]:
    bars: list[Bar] = []
    shown: set[Wait] = set()
    for batch in batches:
        end_s = batch.started_s + batch.duration_s
        own = tuple(w for w in waits if w.place == place_of(batch) and batch.started_s <= w.at_s <= end_s)
        shown.update(own)
        bars.append(Bar(name, place_of(batch), batch.started_s - began_s, end_s - began_s, batch, own))
    # Tries of a window that was split afterwards: its parts are reported, the window itself is not.
    for wait in waits:
        if wait.place is not None and wait not in shown:
            start_s = wait.at_s - began_s
            bars.append(Bar(name, wait.place, start_s, start_s + wait.wait_s, None, (wait,)))
    return sorted(bars, key=lambda bar: (bar.start_s, bar.end_s))


def _packed(bars: Sequence[Bar]) -> list[Lane]:
    """Put each bar into the first lane that is free when it starts."""
    lanes: list[Lane] = []
    for bar in bars:
        lane = next((lane for lane in lanes if lane.end_s <= bar.start_s), None)
        if lane is None:
            lane = Lane()
            lanes.append(lane)
        lane.bars.append(bar)
    return lanes


def most_at_once(batches: Sequence[SliceProgress]) -> int:
    """Return how many windows and pages were under way together, at most."""
    steps = [(batch.started_s, 1) for batch in batches]
    steps += [(batch.started_s + batch.duration_s, -1) for batch in batches]
    most = running = 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


def tick_s(duration_s: float, ticks: int = 6) -> float:
    """Return a round number of seconds between marks, so that there are about *ticks* of them."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400):
        if duration_s / step <= ticks:
            return float(step)
    return 28800.0
