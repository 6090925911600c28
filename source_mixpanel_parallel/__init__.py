"""Airbyte source for Mixpanel: events in parallel windows of days, profiles in parallel pages.

Public here: the windows and the reports, none of which import the CDK; and the connector itself,
`SourceMixpanelParallel`, which does when it is accessed. Its command is `source-mixpanel-parallel`.
"""

from typing import Any

from source_mixpanel_parallel.log_lines import FetchPlan, FetchWait
from source_mixpanel_parallel.progress import (
    BatchProgress,
    ParallelFetchResult,
    ParallelProfileResult,
    ProfileProgress,
    StreamReadResult,
)
from source_mixpanel_parallel.windows.date_windows import DateWindow, split_date_range

__all__ = [
    "BatchProgress",
    "DateWindow",
    "FetchPlan",
    "FetchWait",
    "ParallelFetchResult",
    "ParallelProfileResult",
    "ProfileProgress",
    "StreamReadResult",
    "split_date_range",
]


def __getattr__(name: str) -> Any:
    """Import the connector where `airbyte-cdk connector test` looks for it; the rest does not pay for the CDK."""
    if name == "SourceMixpanelParallel":
        from source_mixpanel_parallel.source import SourceMixpanelParallel  # noqa: PLC0415 - see above

        return SourceMixpanelParallel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
