"""What can go wrong in a sync, by the exit code that says so.

    SyncError (1)                  the sync did not run to its end; `result` says what was committed before
    ├── BadArguments (3)           an argument, the config or the database's path must change
    ├── AuthenticationFailed (2)   Mixpanel does not accept the credentials, or they lack the project
    └── QuotaUsedUp (5)            the hour's quota is used up, and waiting was not wanted

Days or pages that failed are no error: they are listed in the result. Ctrl-C is Python's KeyboardInterrupt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mixpanel_to_duckdb.exit_code import ExitCode

if TYPE_CHECKING:
    from mixpanel_to_duckdb.result import SyncResult


class SyncError(Exception):
    """The sync did not run to its end; *result* is None where it did not begin."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, result: SyncResult | None = None) -> None:
        super().__init__(message)
        self.result = result


class BadArguments(SyncError, ValueError):
    """Wrong arguments or a wrong config; nothing was requested."""

    exit_code = ExitCode.BAD_ARGUMENTS


class AuthenticationFailed(SyncError):
    """Mixpanel does not let these credentials read the project."""

    exit_code = ExitCode.AUTHENTICATION


class QuotaUsedUp(SyncError):
    """Mixpanel's hourly quota is used up; what was read before is committed."""

    exit_code = ExitCode.QUOTA
