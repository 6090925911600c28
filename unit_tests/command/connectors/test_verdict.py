"""How a sync ended: one code, and the sentences worth reading."""

from __future__ import annotations

import pytest

from mixpanel_to_duckdb.connectors.messages import Descriptor, Error
from mixpanel_to_duckdb.connectors.pipe import PipeEnd
from mixpanel_to_duckdb.connectors.tally import Tally
from mixpanel_to_duckdb.connectors.verdict import exit_code, root_causes
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import ErrorReport
from source_mixpanel_parallel.errors import (
    NoAccess,
    NotAsked,
    PlanLacksApi,
    SliceFailed,
    Stopped,
    StreamsIncomplete,
    WrongCredentials,
)
from unit_tests.command.said import window


def error(code: str, failure_type: str, stream: str | None = "events") -> Error:
    """Return an error as a connector traces it."""
    descriptor = Descriptor(stream) if stream else None
    return Error(f"a sentence about {code}", failure_type, f"{code}: a sentence", descriptor)


WRONG = error(WrongCredentials.code, "config_error")
NO_ACCESS = error(NoAccess.code, "config_error", "profiles")
NO_PLAN = error(PlanLacksApi.code, "config_error", "profiles")
OUTAGE = error(SliceFailed.code, "transient_error")
SKIPPED = error(NotAsked.code, "config_error")
STOPPED = error(Stopped.code, "transient_error")
INCOMPLETE = error(StreamsIncomplete.code, "system_error", None)
LOCKED = error("database_locked", "transient_error", None)
FOREIGN_CONFIG = Error("HTTP Status Code: 401", "config_error", "Unauthorized")
FOREIGN_OUTAGE = Error("something: broke", "transient_error", "something: broke", Descriptor("events"))


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
        (ended(STOPPED), False, ExitCode.FAILED),
        (ended(NO_PLAN, STOPPED, SKIPPED, INCOMPLETE), False, ExitCode.BAD_ARGUMENTS),
        (ended(FOREIGN_CONFIG), False, ExitCode.BAD_ARGUMENTS),
        (ended(FOREIGN_OUTAGE, FOREIGN_CONFIG), False, ExitCode.FAILED),
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


def test_root_causes() -> None:
    """Causes are told once, the source's first; consequences only where nothing else explains the end."""
    outage = ErrorReport(OUTAGE.message, "slice_failed", "events")
    locked = ErrorReport(LOCKED.message, "database_locked", None)
    incomplete = ErrorReport(INCOMPLETE.message, "streams_incomplete", None)
    assert root_causes(ended(OUTAGE, OUTAGE, destination=(INCOMPLETE, LOCKED)), stopped=False) == (
        outage,
        locked,
    )
    assert root_causes(ended(destination=(INCOMPLETE,)), stopped=False) == (incomplete,)
    assert root_causes(ended(destination=(INCOMPLETE,)), stopped=True) == ()


@pytest.mark.parametrize(
    ("internal_message", "code"),
    [
        ("wrong_credentials: events: 2026-01-01..2026-01-02 could not be read", "wrong_credentials"),
        ("Concurrent read failure", ""),
        ("HTTP 401: no", ""),
        ("", ""),
    ],
)
def test_code_of_an_error(internal_message: str, code: str) -> None:
    """The code stands before the first colon; a connector that has none gets none."""
    assert Error("a sentence", "config_error", internal_message).code == code
