"""How a sync ended, in one exit code, and which of the connectors' errors a person should read.

Pure: the end of both processes and the tally in, code and sentences out.
"""

from __future__ import annotations

from mixpanel_to_duckdb.connectors.messages import is_consequence
from mixpanel_to_duckdb.connectors.pipe import PipeEnd
from mixpanel_to_duckdb.connectors.tally import Tally
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import ErrorReport
from source_mixpanel_parallel.errors import NoAccess, WrongCredentials

AUTHENTICATION = frozenset({WrongCredentials.code, NoAccess.code})
CONFIG = "config_error"


def exit_code(end: PipeEnd | None, tally: Tally, *, interrupted: bool, quota_used_up: bool) -> ExitCode:
    """Return the one code that says how a sync ended; *end* is None where there was nothing to run."""
    if interrupted or quota_used_up:
        return ExitCode.INTERRUPTED if interrupted else ExitCode.QUOTA
    if end is None or not end.failed:
        return ExitCode.DONE
    errors = (*end.source_errors, *end.destination_errors)
    if any(error.code in AUTHENTICATION for error in errors):
        return ExitCode.AUTHENTICATION
    judged = [error for error in errors if not is_consequence(error)]
    read_nothing = not any(batch.success for batch in tally.batches) and not tally.rows
    if judged and read_nothing and all(error.failure_type == CONFIG for error in judged):
        return ExitCode.BAD_ARGUMENTS
    return ExitCode.FAILED


def root_causes(end: PipeEnd, *, stopped: bool) -> tuple[ErrorReport, ...]:
    """Return each error once, the source's first, without those that only follow from others."""
    errors = [*end.source_errors, *end.destination_errors]
    causes = [error for error in errors if not is_consequence(error)]
    if not causes and end.failed and not stopped:
        causes = errors
    reports: dict[str, ErrorReport] = {}
    for error in causes:
        reports.setdefault(error.message, ErrorReport(error.message, error.code, error.stream))
    return tuple(reports.values())
