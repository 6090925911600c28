"""The exit codes of `mixpanel-to-duckdb`."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """How `mixpanel-to-duckdb` ends."""

    DONE = 0
    FAILED = 1
    AUTHENTICATION = 2
    BAD_ARGUMENTS = 3
    QUOTA = 5
    INTERRUPTED = 130
