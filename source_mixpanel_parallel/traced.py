"""The source's errors as the CDK's: an `AirbyteTracedException` with the same message, reaction and code.

The code stands at the beginning of the internal message, `<code>: `: that is what programs read. What the CDK traces by
itself, of plain streams and of its own faults, gets a code by its type of failure.
"""

from __future__ import annotations

from airbyte_cdk.models import AirbyteErrorTraceMessage, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.errors import InternalError, Refused, SliceFailed, SourceError, error_classes

OURS = frozenset(each.code for each in error_classes())
THE_CDKS = {FailureType.config_error: Refused.code, FailureType.transient_error: SliceFailed.code}


class TracedError(AirbyteTracedException):
    """An *error* of ours."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(
            message=str(error),
            internal_message=f"{error.code}: {error}",
            failure_type=FailureType(error.failure_type),
            exception=error,
        )
        self.error = error


def traced(error: SourceError) -> TracedError:
    """Return *error* for the CDK to report."""
    return TracedError(error)


def code_of(internal_message: str | None) -> str | None:
    """Return the code that an error was traced with."""
    code, separator, _ = (internal_message or "").partition(": ")
    return code if separator and code in OURS else None


def give_code(error: AirbyteErrorTraceMessage | AirbyteTracedException) -> None:
    """Put a code before the internal message of an *error* that the CDK has made, where it has none."""
    if code_of(error.internal_message) is None:
        code = THE_CDKS.get(error.failure_type or FailureType.system_error, InternalError.code)
        error.internal_message = f"{code}: {error.internal_message or error.message}"
