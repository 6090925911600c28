"""The source's errors as the CDK's: an `AirbyteTracedException` with the same message and reaction."""

from __future__ import annotations

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.errors import SourceError


def traced(error: SourceError) -> AirbyteTracedException:
    """Return *error* for the CDK to report."""
    return AirbyteTracedException(
        message=str(error),
        internal_message=f"{type(error).__name__}: {error}",
        failure_type=FailureType(error.failure_type),
        exception=error,
    )
