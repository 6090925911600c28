"""Does the config work? One cheap request: a single event of a single day.

Out: a CONNECTION_STATUS whose message is one sentence with the cause and the next step. A second request is made only
after a refusal, to find out whether Mixpanel knows the credentials at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.request import send_request
from source_mixpanel_parallel.components.window_fetch import window_slice
from source_mixpanel_parallel.connection_problems import no_access, unknown_account, unreachable
from source_mixpanel_parallel.date_windows import ONE_DAY, DateWindow
from source_mixpanel_parallel.errors import RateLimited, Refused, TransientError
from source_mixpanel_parallel.settings import Settings


def check_connection(
    export: HttpRequester, identity: HttpRequester, config: Mapping[str, Any], settings: Settings
) -> AirbyteConnectionStatus:
    """Ask for one event of yesterday; say what is wrong if that fails."""
    yesterday = settings.today - ONE_DAY
    parameters = {**settings.project_parameters, "limit": "1"}
    export.stream_response = True
    try:
        send_request(export, window_slice(DateWindow(yesterday, yesterday)), parameters).close()
    except RateLimited:
        # A used-up quota proves that Mixpanel knows the project and the credentials.
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)
    except Refused as error:
        return _failed(_explain(error, identity, config))
    except TransientError as error:
        host = export.get_url().removesuffix("/api/2.0/export")
        return _failed(unreachable(host, error))
    return AirbyteConnectionStatus(status=Status.SUCCEEDED)


def _explain(refusal: Refused, identity: HttpRequester, config: Mapping[str, Any]) -> str:
    credentials = config["credentials"]
    if "username" not in credentials or "402" in str(refusal):
        return str(refusal)
    region, project_id = config.get("region", "US"), credentials["project_id"]
    try:
        with send_request(identity, StreamSlice(partition={}, cursor_slice={})) as response:
            projects = _projects(response)
    except Refused:
        return unknown_account(region)
    except TransientError:
        return str(refusal)
    if projects is not None and str(project_id) not in projects:
        return no_access(project_id, region)
    return str(refusal)


def _projects(response: requests.Response) -> set[str] | None:
    try:
        projects = response.json()["results"]["projects"]
    except (ValueError, KeyError, TypeError):
        return None
    return {str(project_id) for project_id in projects} if isinstance(projects, dict) else None


def _failed(sentence: str) -> AirbyteConnectionStatus:
    return AirbyteConnectionStatus(status=Status.FAILED, message=sentence)
