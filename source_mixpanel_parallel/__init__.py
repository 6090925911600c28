"""Airbyte source for Mixpanel: events in parallel windows of days, profiles in parallel pages.

Public here: the windows and the reports, none of which import the CDK. The connector itself is
`source_mixpanel_parallel.source.SourceMixpanelParallel`; its command is `source-mixpanel-parallel`.
"""

from source_mixpanel_parallel.date_windows import DateWindow, split_date_range
from source_mixpanel_parallel.progress import (
    BatchProgress,
    ParallelFetchResult,
    ParallelProfileResult,
    ProfileProgress,
)

__all__ = [
    "BatchProgress",
    "DateWindow",
    "ParallelFetchResult",
    "ParallelProfileResult",
    "ProfileProgress",
    "split_date_range",
]
