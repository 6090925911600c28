"""One command and one function that bring Mixpanel into DuckDB, by running the source and the destination.

from mixpanel_to_duckdb import sync

result = sync("mixpanel.json", "mixpanel.duckdb", on_batch_complete=print)
result.streams["events"].rows, result.failed_date_ranges
"""

from mixpanel_to_duckdb.api import sync
from mixpanel_to_duckdb.errors import AuthenticationFailed, BadArguments, QuotaUsedUp, SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress

__all__ = [
    "AuthenticationFailed",
    "BadArguments",
    "BatchProgress",
    "ExitCode",
    "ParallelFetchResult",
    "ParallelProfileResult",
    "ProfileProgress",
    "QuotaUsedUp",
    "SyncError",
    "SyncResult",
    "sync",
]
