"""What can go wrong in the source, by the reaction it calls for.

    SourceError
    ├── ConfigError            the user must change something; never retried
    │   ├── BadState           a state that this connector has not written
    │   └── Refused            Mixpanel rejected the request
    │       ├── WrongCredentials (UnknownAccount), NoAccess, PlanLacksApi, DayNotBegun
    │       └── NotAsked       not sent, since another request of the stream was refused
    ├── TransientError         the next attempt, or the next sync, may succeed
    │   ├── IncompleteAnswer   an answer that is not proven whole: nothing of it is emitted
    │   ├── RateLimited        429: wait, then go on; does not count as a failed attempt
    │   ├── SessionExpired     pages of profiles need a new session: page 0 is requested again
    │   ├── SliceFailed        a range of days or a page that still failed after all attempts
    │   └── Stopped            the sync was stopped before this was read
    ├── StreamsIncomplete      the end of a read in which streams have failed
    ├── StdoutLost             stdout accepts no more messages: end without a report
    └── InternalError          a fault of this connector

Messages give the fact, the values and the next step, for people. No message holds a secret. Programs read `code`: each
error trace's `internal_message` begins with it, see docs/log-lines.md.
"""

from __future__ import annotations

from typing import ClassVar


class SourceError(Exception):
    """Any expected failure of the source."""

    failure_type: ClassVar[str] = "system_error"
    code: ClassVar[str] = "internal"


class ConfigError(SourceError):
    """The configuration, or what it names at Mixpanel, must change before a sync can succeed."""

    failure_type = "config_error"
    code = "bad_config"


class BadState(ConfigError):
    """A state that this connector has not written: reset the stream."""

    code = "bad_state"


class Refused(ConfigError):
    """Mixpanel refused the request for a reason that a retry does not change."""

    code = "refused"


class WrongCredentials(Refused):
    """Mixpanel does not know the credentials."""

    code = "wrong_credentials"


class UnknownAccount(WrongCredentials):
    """Mixpanel does not know the service account at all: `check` has requested its projects."""

    code = "unknown_account"


class NoAccess(Refused):
    """The credentials are right, but have no access to the project."""

    code = "no_access"


class PlanLacksApi(Refused):
    """The project's plan does not include the API, or a payment is due."""

    code = "plan_lacks_api"


class DayNotBegun(Refused):
    """The last requested day has not begun in the project's timezone."""

    code = "day_not_begun"


class NotAsked(Refused):
    """The request was not sent, since Mixpanel has refused another one of the stream."""

    code = "not_asked"


class TransientError(SourceError):
    """An outage, an overload or a broken transfer: worth another attempt."""

    failure_type = "transient_error"
    code = "unreachable"


class IncompleteAnswer(TransientError):
    """The answer ended before it was whole, so nothing of it may be used."""

    code = "incomplete_answer"


class RateLimited(TransientError):
    """Mixpanel answered 429 for its quota *limit* (hour, second or concurrent); *retry_after_s* is its Retry-After."""

    code = "rate_limited"

    def __init__(self, limit: str, retry_after_s: float | None, detail: str) -> None:
        super().__init__(f"Mixpanel's quota is used up ({limit}): {detail}")
        self.limit = limit
        self.retry_after_s = retry_after_s


class SessionExpired(TransientError):
    """The session of a page of profiles has expired, so none of its pages can be read any more."""

    code = "session_expired"


class SliceFailed(TransientError):
    """A range of days or a page that could not be read; the next sync requests it again."""

    code = "slice_failed"


class Stopped(TransientError):
    """The sync was stopped before a range of days or a page was read."""

    code = "stopped"


class StreamsIncomplete(SourceError):
    """Streams have failed, each with its own errors."""

    failure_type = "config_error"  # as the CDK's own summary: it calls for nothing that the errors before it do not
    code = "streams_incomplete"


class StdoutLost(SourceError):
    """The reader of the messages has ended, or the file they are written to is full."""

    code = "stdout_lost"


class InternalError(SourceError):
    """A fault of the connector itself; please report it."""


def as_sentence(text: str) -> str:
    """Return *text* with a full stop, so that a sentence can follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def error_classes(root: type[SourceError] = SourceError) -> list[type[SourceError]]:
    """Return *root* and all classes below it."""
    return [root, *(each for below in root.__subclasses__() for each in error_classes(below))]


REFUSALS: tuple[type[Refused], ...] = (PlanLacksApi, WrongCredentials, NoAccess, DayNotBegun, Refused)
