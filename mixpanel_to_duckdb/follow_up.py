"""What is made of a sync that has ended: views of the data, a page on the sync.

In: the result and what was asked for; out: views in the database, a file, and the result, with an error where one of
them could not be made. Raises BadArguments, before the sync, for a report that can't be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixpanel_to_duckdb.errors import BadArguments, ExitCode, SyncError
from mixpanel_to_duckdb.options import exists
from mixpanel_to_duckdb.result import SyncResult


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was asked for; *report* is the page's path."""

    report: Path | None = None
    views: bool = False

    def __post_init__(self) -> None:
        if self.report and not self.report.absolute().parent.is_dir():
            raise BadArguments(f"--report {self.report}: the folder {self.report.absolute().parent} does not exist")

    def make(self, result: SyncResult, zone: str) -> SyncResult:
        """Make it, and return *result*, with what went wrong; views are left alone by an interrupted sync."""
        if self.views and exists(result.database) and result.exit_code != ExitCode.INTERRUPTED:
            from mixpanel_to_duckdb.views_command import views_of  # noqa: PLC0415 - when it is needed

            try:
                views_of(result.database, result.schema)
            except SyncError as error:
                result = result.with_error(f"the views were not made: {error}")
        if self.report:
            from mixpanel_to_duckdb.report import write_report  # noqa: PLC0415 - when it is needed

            try:
                write_report(self.report, result, zone)
            except (OSError, SyncError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                result = result.with_error(f"--report {self.report} can't be written: {why}")
        return result
