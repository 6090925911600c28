"""What is made of a sync that has ended: views of the data, a page on the sync.

In: the result and what was asked for; out: views in the database, a file. Raises SyncError and BadArguments.
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

    def make(self, result: SyncResult, zone: str) -> None:
        """Make it; views are left alone by a sync that was interrupted."""
        if self.views and exists(result.database) and result.exit_code != ExitCode.INTERRUPTED:
            from mixpanel_to_duckdb.views_command import views_of  # noqa: PLC0415 - when it is needed

            views_of(result.database)
        if self.report:
            from mixpanel_to_duckdb.report import write_report  # noqa: PLC0415 - when it is needed

            try:
                write_report(self.report, result, zone)
            except OSError as error:
                raise SyncError(f"--report {self.report} can't be written: {error.strerror}", result) from error
