"""What can go wrong in the source, by the reaction it calls for.

    SourceError
    ├── ConfigError            the user must change something; never retried
    │   └── Refused            Mixpanel said no: credentials, access, plan, or a request it does not accept
    ├── TransientError         the next attempt, or the next sync, may succeed
    │   ├── IncompleteAnswer   an answer that is not proven whole: nothing of it is emitted
    │   ├── RateLimited        429: wait, then go on; does not count as a failed attempt
    │   ├── SessionExpired     pages of profiles need a new session: page 0 is asked for again
    │   └── SliceFailed        a range of days or a page that still failed after all attempts
    ├── StdoutLost             stdout takes no messages any more: end, there is nobody to tell
    └── InternalError          a fault of this connector

Messages give the fact, the values and the next step. No message holds a secret.
"""

from __future__ import annotations

from typing import ClassVar


class SourceError(Exception):
    """Any failure that the source foresees."""

    failure_type: ClassVar[str] = "system_error"


class ConfigError(SourceError):
    """The configuration, or what it names at Mixpanel, must change before a sync can succeed."""

    failure_type = "config_error"


class Refused(ConfigError):
    """Mixpanel refused the request for a reason that a retry does not change."""


class TransientError(SourceError):
    """An outage, an overload or a broken transfer: worth another attempt."""

    failure_type = "transient_error"


class IncompleteAnswer(TransientError):
    """The answer ended before it was whole, so nothing of it may be used."""


class RateLimited(TransientError):
    """Mixpanel answered 429 for its quota *limit* (hour, second or concurrent); *retry_after_s* if it said so."""

    def __init__(self, limit: str, retry_after_s: float | None, detail: str) -> None:
        super().__init__(f"Mixpanel's quota is used up ({limit}): {detail}")
        self.limit = limit
        self.retry_after_s = retry_after_s


class SessionExpired(TransientError):
    """The session that a page of profiles was asked for with is gone, so no page of it can be read any more."""


class SliceFailed(TransientError):
    """A range of days or a page that could not be read; the next sync asks for it again."""


class StdoutLost(SourceError):
    """What reads the messages is gone, or the file that they go to is full."""


class InternalError(SourceError):
    """A fault of the connector itself; please report it."""
