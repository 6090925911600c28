"""Which days to ask for, in which windows, and which are finished: the cursor of a stream of events.

State: {"finished_ranges": [["2026-01-01", "2026-01-31"], ...], "read_through": "2026-01-31", "asked": {...}}.
A day counts as finished when a window with it was emitted whole, and the day was over when it was read. `asked` is the
filter that was in force; ranges finished under another filter say nothing, so they are dropped.

Custom because the CDK's cursor keeps one date where the manifest makes it: after a failed window everything behind it
would be read again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_mixpanel_parallel.components.connection_slots import ConnectionSlots
from source_mixpanel_parallel.components.traced import traced
from source_mixpanel_parallel.date_windows import ONE_DAY, DateWindow, merge, subtract
from source_mixpanel_parallel.errors import ConfigError, SliceFailed
from source_mixpanel_parallel.settings import Settings
from source_mixpanel_parallel.window_planner import HOURLY_REQUESTS, WindowPlan, over_budget, plan_windows, waiting_h

logger = logging.getLogger("airbyte")


def announce_long_plans(plans: Mapping[str, WindowPlan]) -> None:
    """Say, before any request, that all *plans* by stream need more requests than the hour's quota holds."""
    requests = sum(len(plan.windows) for plan in plans.values())
    if over_budget(requests):
        logger.warning(
            f"{', '.join(plans)}: {requests} requests are needed, and Mixpanel allows {HOURLY_REQUESTS} an hour: "
            f"this read will wait about {waiting_h(requests)} h. A larger window_days, or none, needs fewer."
        )


@dataclass
class FinishedRangesCursor(Cursor):
    """Plans the windows of one read and keeps its state; `slots` bounds how many windows are under way."""

    stream_name: str
    cursor_field: str
    settings: Settings
    stream_state: Mapping[str, Any]
    asked: Mapping[str, Any]
    slots: ConnectionSlots
    stop: threading.Event
    plan: WindowPlan = field(init=False)
    _finished: list[DateWindow] = field(init=False)
    _read_through: date | None = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._finished, self._read_through = self._from_state()
        days = self._days_to_read()
        settings = self.settings
        self.plan = plan_windows(days, settings.window_days, settings.num_workers, settings.newest_first)
        self.slots.provide(self.plan.connections)
        # What is read again is open again until it is emitted: a crash on the way leaves a gap, not a claim.
        self._finished = subtract(self._finished, days)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Yield one slice a window, each when a connection is free for it."""
        for index, window in enumerate(self.plan.windows):
            self.slots.acquire()
            if self.stop.is_set():
                left = f"{window} and what comes after it"
                raise traced(SliceFailed(f"{self.stream_name}: the sync was stopped before {left} was asked for"))
            yield StreamSlice(
                partition={},
                cursor_slice={"from_date": str(window.from_date), "to_date": str(window.to_date)},
                extra_fields={"window": window, "batch_index": index},
            )

    @property
    def optional_parameters(self) -> dict[str, str]:
        """The request parameters that are sent only where they are set, as the API wants them."""
        parameters = dict(self.settings.project_parameters)
        if events := self.asked.get("events"):
            parameters["event"] = json.dumps(events)
        if where := self.asked.get("where"):
            parameters["where"] = where
        return parameters

    def release(self) -> None:
        """Note that a slice's reading has ended, however it ended."""
        self.slots.release()

    def finish(self, window: DateWindow) -> Mapping[str, Any]:
        """Note that *window* was emitted whole; return the state that now holds."""
        with self._lock:
            yesterday = self.settings.today - ONE_DAY
            if window.from_date <= yesterday:
                over = DateWindow(window.from_date, min(window.to_date, yesterday))
                self._finished = merge([*self._finished, over])
                self._read_through = max(self._read_through or over.to_date, over.to_date)
            return self.state

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The stream's state, as JSON."""
        ranges = [[str(window.from_date), str(window.to_date)] for window in self._finished]
        state: dict[str, Any] = {"finished_ranges": ranges}
        if self._read_through:
            state["read_through"] = str(self._read_through)
        if self.asked:
            state["asked"] = dict(self.asked)
        return state

    def _days_to_read(self) -> list[DateWindow]:
        wanted = DateWindow(self.settings.start_date, self.settings.end_date)
        missing = subtract([wanted], self._finished)
        if self._read_through and self.settings.lookback_days:
            first = self._read_through - timedelta(days=self.settings.lookback_days - 1)
            again = DateWindow(first, self._read_through)
            outside = subtract([again], [wanted])
            missing += subtract([again], outside)
        return merge(missing)

    def _from_state(self) -> tuple[list[DateWindow], date | None]:
        state = self.stream_state
        if all(name.startswith("__ab_") for name in state):  # the CDK's and the platform's own marks
            return [], None
        try:
            asked = dict(state.get("asked") or {})
            ranges = [
                DateWindow(date.fromisoformat(first), date.fromisoformat(last))
                for first, last in state["finished_ranges"]
            ]
            through = state.get("read_through")
            read_through = date.fromisoformat(through) if through else None
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"the state of stream {self.stream_name} is not one of this connector ({error!r}): reset the stream"
            ) from error
        if asked != dict(self.asked):
            logger.warning(
                f"{self.stream_name}: `events` or `where` have changed since the last sync, so all days are read again"
            )
            return [], None
        return merge(ranges), read_through

    @property
    def field(self) -> CursorField:
        """The cursor field, for the catalog."""
        return CursorField(self.cursor_field)

    def observe(self, record: Record) -> None:
        """Do nothing: a window counts when it is emitted, not record by record."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: `finish` is called by the thread that has written the window."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Do nothing: the source emits a state before the stream's last status, which the CDK would put after it."""

    def should_be_synced(self, record: Record) -> bool:
        """Every record of a window belongs to it."""
        return True
