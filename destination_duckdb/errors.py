"""Every error that can stop this destination, by what the reader of the message should do next.

DestinationError
├── ConfigError            the configuration, the catalog or the file must change before another try can succeed
├── TransientError         the same command may succeed later: a full disk
│   └── DatabaseLocked     another process has the database open
└── SystemFault            the input or this program is at fault: a broken line
    └── StreamsIncomplete  streams of the input did not complete

Each ends the command with one TRACE of type ERROR and exit code 1. A message gives the fact, the value and the
next step, for people, and never a secret. Programs read `code`: the trace's `internal_message` begins with it, see
docs/log-lines.md.
"""

from typing import ClassVar, Literal

FailureType = Literal["config_error", "transient_error", "system_error"]


class DestinationError(Exception):
    """A failure that is reported in one sentence."""

    failure_type: ClassVar[FailureType] = "system_error"
    code: ClassVar[str] = "internal"


class ConfigError(DestinationError):
    """A setting, the catalog or the file must change."""

    failure_type: ClassVar[FailureType] = "config_error"
    code = "bad_config"


class TransientError(DestinationError):
    """The same command may succeed later."""

    failure_type: ClassVar[FailureType] = "transient_error"
    code = "unavailable"


class DatabaseLocked(TransientError):
    """Another process has the database open."""

    code = "database_locked"


class SystemFault(DestinationError):
    """The input is broken or cut short, or this program is at fault."""


class StreamsIncomplete(SystemFault):
    """Streams of the input did not complete; the source's errors say why."""

    code = "streams_incomplete"
