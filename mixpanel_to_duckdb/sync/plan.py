"""What a sync would ask for, without asking: windows, requests, their share of the hour's quota, the time it takes.

In: the checked config, the state and the history of the database, if there is one; out: `SyncPlan`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mixpanel_to_duckdb.config.source_config import SourceConfig
from source_mixpanel_parallel.rate_limits.limits import EXPORT_HOURLY_REQUESTS, PLANNED_CONNECTIONS
from source_mixpanel_parallel.windows.date_windows import DateWindow
from source_mixpanel_parallel.windows.finished_days import FinishedDays
from source_mixpanel_parallel.windows.plan_duration import estimated_s
from source_mixpanel_parallel.windows.planner import SECONDS_A_DAY, plan_windows


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """The windows of one stream of events, in the order of their requests."""

    stream: str
    windows: tuple[DateWindow, ...]
    connections: int

    @property
    def days(self) -> int:
        """How many days all windows hold."""
        return sum(window.days for window in self.windows)


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """The plan of one sync: at most `connections` exports run concurrently, `page_connections` pages.

    `paged_streams` holds how many pages each of them had last time; None where nobody knows yet.
    """

    streams: tuple[StreamPlan, ...]
    connections: int
    paged_streams: Mapping[str, int | None]
    page_connections: int
    seconds_a_day: float
    is_measured: bool

    @property
    def requests(self) -> int:
        """How many export requests it takes."""
        return sum(len(stream.windows) for stream in self.streams)

    @property
    def share_of_the_hour(self) -> float:
        """How much of the hour's quota for exports that is; more than 1 means waiting."""
        return self.requests / EXPORT_HOURLY_REQUESTS

    @property
    def duration_s(self) -> float:
        """About how long the exports take, quota waits included."""
        days = [window.days for stream in self.streams for window in stream.windows]
        return estimated_s(days, self.connections, self.seconds_a_day)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as a JSON document."""
        return {
            "requests": self.requests,
            "share_of_the_hour": round(self.share_of_the_hour, 3),
            "estimated_s": round(self.duration_s, 1),
            "seconds_a_day": round(self.seconds_a_day, 3),
            "streams": {
                stream.stream: {
                    "days": stream.days,
                    "requests": len(stream.windows),
                    "connections": stream.connections,
                    "windows": [[str(window.from_date), str(window.to_date)] for window in stream.windows],
                }
                for stream in self.streams
            },
            "paged_streams": dict(self.paged_streams),
        }


def sync_plan(
    config: SourceConfig,
    chosen: Sequence[str],
    finished: Mapping[str, FinishedDays],
    seconds_a_day: float | None = None,
    pages: Mapping[str, int] = MappingProxyType({}),
) -> SyncPlan:
    """Return the plan of a sync of the *chosen* streams."""
    fields = config.fields
    wanted = DateWindow(config.from_date, config.to_date)
    streams = []
    for name in config.event_streams:
        if name in chosen:
            days = finished.get(name, FinishedDays()).missing(wanted, fields.lookback_days, config.filters(name))
            plan = plan_windows(days, fields.window_days, fields.num_workers, fields.order == "newest_first")
            streams.append(StreamPlan(name, plan.windows, plan.connections))
    connections = min(fields.num_workers or PLANNED_CONNECTIONS, sum(stream.connections for stream in streams)) or 1
    return SyncPlan(
        streams=tuple(streams),
        connections=connections,
        paged_streams={name: pages.get(name) for name in config.paged_streams if name in chosen},
        page_connections=fields.profile_workers,
        seconds_a_day=seconds_a_day or SECONDS_A_DAY,
        is_measured=seconds_a_day is not None,
    )
