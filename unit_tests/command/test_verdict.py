"""How a sync ended: one code, and the sentences worth reading."""

from __future__ import annotations

import pytest

from mixpanel_to_duckdb.errors import ExitCode
from mixpanel_to_duckdb.messages import Error
from mixpanel_to_duckdb.pipe import PipeEnd
from mixpanel_to_duckdb.tally import Tally
from mixpanel_to_duckdb.verdict import errors_worth_telling, exit_code
from unit_tests.command.said import window

WRONG = Error(
    "events: 2026-01-01..2026-01-02 could not be read: Mixpanel does not accept these credentials: …", "config_error"
)
NO_ACCESS = Error(
    "profiles: page 0 could not be read: These credentials have no access to the project: …", "config_error"
)
NO_PLAN = Error("profiles: page 0 could not be read: Mixpanel refuses with 402: …", "config_error")
OUTAGE = Error("events: 2026-01-01..2026-01-02 could not be read: Mixpanel answered 500", "transient_error")
SKIPPED = Error(
    "events: 2026-01-03..2026-01-04 could not be read: not asked for, since Mixpanel has refused …", "config_error"
)
INCOMPLETE = Error("Not every stream is complete: events ended INCOMPLETE. …", "system_error")
LOCKED = Error("The database m.duckdb is in use by process 7", "transient_error")


def ended(*source: Error, destination: tuple[Error, ...] = (), code: int = 1) -> PipeEnd:
    """Return the end of a pipe that failed with these errors."""
    return PipeEnd(code, int(bool(destination)), source, destination, {})


def tally_with(*, success: bool) -> Tally:
    """Return a tally of one window."""
    tally = Tally(("events",))
    tally.add(window(0, "2026-01-01", "2026-01-02", error=None if success else "cut"), 1003.0)
    return tally


@pytest.mark.parametrize(
    ("end", "any_success", "code"),
    [
        (None, False, ExitCode.DONE),
        (ended(code=0), True, ExitCode.DONE),
        (ended(OUTAGE), True, ExitCode.FAILED),
        (ended(OUTAGE), False, ExitCode.FAILED),
        (ended(WRONG, SKIPPED), False, ExitCode.AUTHENTICATION),
        (ended(NO_ACCESS), True, ExitCode.AUTHENTICATION),
        (ended(NO_PLAN), True, ExitCode.FAILED),
        (ended(NO_PLAN, destination=(INCOMPLETE,)), False, ExitCode.BAD_ARGUMENTS),
        (ended(NO_PLAN, OUTAGE), False, ExitCode.FAILED),
        (ended(destination=(LOCKED,)), False, ExitCode.FAILED),
        (ended(), False, ExitCode.FAILED),
    ],
)
def test_exit_code(end: PipeEnd | None, any_success: bool, code: ExitCode) -> None:
    """The table of exit codes."""
    assert exit_code(end, tally_with(success=any_success), interrupted=False, quota_used_up=False) is code


def test_exit_code_when_somebody_stopped_it() -> None:
    """Being stopped comes first: what failed then failed for that reason."""
    tally = tally_with(success=True)
    assert exit_code(ended(OUTAGE), tally, interrupted=True, quota_used_up=True) is ExitCode.INTERRUPTED
    assert exit_code(ended(OUTAGE), tally, interrupted=False, quota_used_up=True) is ExitCode.QUOTA


def test_errors_worth_telling() -> None:
    """Causes are told once, the source's first; consequences only where nothing else explains the end."""
    assert errors_worth_telling(ended(OUTAGE, OUTAGE, destination=(INCOMPLETE, LOCKED)), stopped=False) == (
        OUTAGE.message,
        LOCKED.message,
    )
    assert errors_worth_telling(ended(destination=(INCOMPLETE,)), stopped=False) == (INCOMPLETE.message,)
    assert errors_worth_telling(ended(destination=(INCOMPLETE,)), stopped=True) == ()
