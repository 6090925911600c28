"""Which days to ask for, in which windows, and which are finished: the cursor of a stream of events.

The state is that of windows/finished_days.py, kept under a lock: windows are emitted whole in any order.

Custom because the CDK's cursor keeps one date where the manifest makes it: after a failed window everything behind it
would be read again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.config.filters import Filters
from source_mixpanel_parallel.emission.emitted_slice_cursor import EmittedSliceCursor
from source_mixpanel_parallel.errors import BadState, Stopped
from source_mixpanel_parallel.log_lines import FetchPlan
from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots
from source_mixpanel_parallel.rate_limits.limits import EXPORT_HOURLY_REQUESTS
from source_mixpanel_parallel.traced import traced
from source_mixpanel_parallel.windows.date_windows import DateWindow
from source_mixpanel_parallel.windows.finished_days import FinishedDays, NotOurState
from source_mixpanel_parallel.windows.plan_duration import estimated_s
from source_mixpanel_parallel.windows.planner import SECONDS_A_DAY, WindowPlan, over_budget, plan_windows, waiting_h

logger = logging.getLogger("airbyte")


def announce_long_plans(plans: Mapping[str, WindowPlan]) -> None:
    """Say, before any request, that all *plans* by stream need more requests than the hour's quota holds."""
    requests = sum(len(plan.windows) for plan in plans.values())
    if over_budget(requests):
        logger.warning(
            f"{', '.join(plans)}: {requests} requests are needed, and Mixpanel allows {EXPORT_HOURLY_REQUESTS} an "
            f"hour: this read will wait about {waiting_h(requests)} h. Use a larger window_days, or leave it unset."
        )


@dataclass
class FinishedRangesCursor(EmittedSliceCursor):
    """Plans the windows of one read and keeps its state; `slots` bounds how many windows are under way."""

    stream_name: str
    cursor_field: str
    stream_state: Mapping[str, Any]
    slots: ConnectionSlots
    context: ReadContext
    plan: WindowPlan = field(init=False)
    _filters: Filters = field(init=False)
    _finished: FinishedDays = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        settings = self.context.settings
        wanted = DateWindow(settings.start_date, settings.end_date)
        self._filters = Filters.from_json(settings.filters[self.stream_name])
        finished = self._from_state()
        days = finished.missing(wanted, settings.lookback_days, self._filters)
        if finished.latest.filters != self._filters:
            self._announce_days_read_again(finished.read_before(wanted, self._filters))
        self.plan = plan_windows(days, settings.window_days, settings.num_workers, settings.newest_first)
        self.slots.provide(self.plan.connections)
        # What is read again is open again until it is emitted: a crash on the way leaves a gap, not a claim.
        self._finished = finished.reopened(days, self._filters)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Yield one slice a window, each when a connection is free for it."""
        for index, window in enumerate(self.plan.windows):
            self.slots.acquire()
            if self.context.stop.is_set():
                left = f"{window} and the following days"
                raise traced(Stopped(f"{self.stream_name}: the sync was stopped before requesting {left}"))
            yield StreamSlice(
                partition={},
                cursor_slice={"from_date": str(window.from_date), "to_date": str(window.to_date)},
                extra_fields={"window": window, "batch_index": index},
            )

    @property
    def optional_parameters(self) -> dict[str, str]:
        """What narrows the stream, as request parameters of the API; only what is set."""
        parameters = {}
        filters = self.context.settings.filters[self.stream_name]
        if events := filters.get("events"):
            parameters["event"] = json.dumps(events)
        if where := filters.get("where"):
            parameters["where"] = where
        return parameters

    @property
    def fetch_plan(self) -> FetchPlan:
        """The windows of this read."""
        windows, connections = self.plan.windows, self.plan.connections
        duration_s = estimated_s((window.days for window in windows), connections, SECONDS_A_DAY)
        return FetchPlan(self.stream_name, "window", len(windows), self.plan.days, len(windows), round(duration_s, 1))

    def release(self) -> None:
        """Note that a slice's reading has ended, however it ended."""
        self.slots.release()

    def finish(self, window: DateWindow) -> Mapping[str, Any]:
        """Note that *window* was emitted whole; return the state that now holds."""
        with self._lock:
            self._finished = self._finished.with_finished(window, self.context.settings.today, self._filters)
            return self.state

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The stream's state, as JSON."""
        return self._finished.as_json()

    def _from_state(self) -> FinishedDays:
        try:
            return FinishedDays.from_json(self.stream_state)
        except NotOurState as error:
            raise BadState(
                f"the state of stream {self.stream_name} is not one of this connector ({error}): reset the stream"
            ) from error

    def _announce_days_read_again(self, windows: Sequence[DateWindow]) -> None:
        if days := sum(window.days for window in windows):
            logger.warning(
                f"{self.stream_name}: `events` or `where` have changed since the last sync: {days:,} days that were "
                "read before are read again, because the earlier filters excluded other events"
            )

    @property
    def field(self) -> CursorField:
        """The cursor field, for the catalog."""
        return CursorField(self.cursor_field)
