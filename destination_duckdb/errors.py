"""Every error that can stop this destination, by what the reader of the message should do next.

DestinationError
├── ConfigError     the configuration, the catalog or the file must change before another try can succeed
├── TransientError  the same command may succeed later: a lock, a full disk
└── SystemFault     the input or this program is at fault: a broken line, a stream that did not complete

Each ends the command with one TRACE of type ERROR and exit code 1. A message gives the fact, the value and the
next step, and never a secret.
"""

from typing import ClassVar, Literal

FailureType = Literal["config_error", "transient_error", "system_error"]


class DestinationError(Exception):
    """A failure that is reported in one sentence."""

    failure_type: ClassVar[FailureType] = "system_error"


class ConfigError(DestinationError):
    """A setting, the catalog or the file must change."""

    failure_type: ClassVar[FailureType] = "config_error"


class TransientError(DestinationError):
    """The same command may succeed later."""

    failure_type: ClassVar[FailureType] = "transient_error"


class SystemFault(DestinationError):
    """The input is broken or cut short, or this program is at fault."""
