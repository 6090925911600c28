"""Sends a request that the manifest describes; the CDK's refusals come out as the source's errors.

Out: the answer, its body not read yet. Raises Refused, RateLimited or TransientError.
"""

from __future__ import annotations

from collections.abc import Mapping

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.errors import Refused, TransientError
from source_mixpanel_parallel.traced import TracedError


def send_request(
    requester: HttpRequester,
    stream_slice: StreamSlice,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> requests.Response:
    """Send the manifest's request for a slice, with more query *params* or *form* fields; return its answer."""
    try:
        response = requester.send_request(stream_slice=stream_slice, request_params=params, request_body_data=form)
    except AirbyteTracedException as error:
        if isinstance(error, TracedError):
            raise error.error from error
        message = error.message or error.internal_message or "Mixpanel refused the request."
        if error.failure_type == FailureType.config_error:
            raise Refused(message) from error
        raise TransientError(message) from error
    if response is None:
        raise TransientError("Mixpanel did not answer")
    return response
