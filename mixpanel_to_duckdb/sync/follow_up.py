"""What is made of a sync that has ended: views of the data, a page on the sync.

In: the result and what was requested; out: views in the database, a file, and the result, with an error where one of
them could not be made. Raises BadArguments, before the sync, for a report that can't be written.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.errors import BadArguments, SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import exists
from mixpanel_to_duckdb.result import SyncResult


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was requested; *report* is the page's path."""

    report: Path | None = None
    views: bool = False
    metrics: Path | None = None

    def __post_init__(self) -> None:
        for option, path in (("--report", self.report), ("--metrics", self.metrics)):
            if path and not path.absolute().parent.is_dir():
                raise BadArguments(f"{option} {path}: the folder {path.absolute().parent} does not exist")

    def make(self, result: SyncResult, zone: str) -> SyncResult:
        """Make it, and return *result*, with what went wrong; views are left alone by an interrupted sync."""
        if self.views and exists(result.database) and result.exit_code != ExitCode.INTERRUPTED:
            from mixpanel_to_duckdb.database.views import views_of  # noqa: PLC0415 - when it is needed

            try:
                views_of(result.database, result.schema)
            except SyncError as error:
                result = result.with_error(f"the views were not created: {error}")
        if self.report:
            from mixpanel_to_duckdb.report.page import write_report  # noqa: PLC0415 - when it is needed

            try:
                write_report(self.report, result, zone)
            except (OSError, SyncError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                result = result.with_error(f"--report {self.report} can't be written: {why}")
        try:
            self._write_metrics(result.database, result.schema, result.exit_code, result)
        except OSError as error:
            result = result.with_error(f"--metrics {self.metrics} can't be written: {error.strerror}")
        return result

    def without_result(self, options: SyncOptions, exit_code: ExitCode) -> None:
        """Write the metrics of a sync that could not begin; its own error is worth more than one of theirs."""
        with suppress(OSError):
            self._write_metrics(options.database, options.schema, exit_code, None)

    def _write_metrics(self, database: str, schema: str, exit_code: ExitCode, result: SyncResult | None) -> None:
        if self.metrics:
            from mixpanel_to_duckdb.report.metrics_file import write_metrics  # noqa: PLC0415 - when it is needed

            write_metrics(self.metrics, database, schema, exit_code, result)
