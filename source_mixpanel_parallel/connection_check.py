"""Does the config work? One cheap request: a single event of a single day.

Out: a `check:` line with a code for programs, and a CONNECTION_STATUS whose message is one sentence with the cause and
the next step. A second request is made only
after a refusal, to find out whether Mixpanel knows the credentials at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import requests
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.types import StreamSlice

from source_mixpanel_parallel.components.events.window_fetch import window_slice
from source_mixpanel_parallel.components.http.request import send_request
from source_mixpanel_parallel.config.regions import DEFAULT_REGION
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.errors import (
    NoAccess,
    PlanLacksApi,
    RateLimited,
    Refused,
    SourceError,
    TransientError,
    UnknownAccount,
)
from source_mixpanel_parallel.log_lines import check_line
from source_mixpanel_parallel.windows.date_windows import ONE_DAY, DateWindow


def check_connection(
    export: HttpRequester, identity: HttpRequester, config: Mapping[str, Any], settings: Settings
) -> SourceError | None:
    """Ask for one event of yesterday; return what is wrong, if anything."""
    yesterday = settings.today - ONE_DAY
    parameters = {"limit": "1"}
    export.stream_response = True
    try:
        send_request(export, window_slice(DateWindow(yesterday, yesterday)), parameters).close()
    except RateLimited:
        return None  # a used-up quota proves that Mixpanel knows the project and the credentials
    except Refused as error:
        return _explained(error, identity, config)
    except TransientError as error:
        host = export.get_url().removesuffix("/api/2.0/export")
        return TransientError(f"Can't reach Mixpanel at {host}: {error}. Check the network, or try again later.")
    return None


def check_result(problem: SourceError | None, logger: logging.Logger) -> AirbyteConnectionStatus:
    """Log the code of *problem* and return the status; None means that the config works."""
    logger.info(check_line(problem.code if problem else None))
    if problem is None:
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)
    return AirbyteConnectionStatus(status=Status.FAILED, message=str(problem))


def _explained(refusal: Refused, identity: HttpRequester, config: Mapping[str, Any]) -> Refused:
    credentials = config["credentials"]
    if "username" not in credentials or isinstance(refusal, PlanLacksApi):
        return refusal
    region, project_id = config.get("region", DEFAULT_REGION), credentials["project_id"]
    try:
        with send_request(identity, StreamSlice(partition={}, cursor_slice={})) as response:
            projects = _projects(response)
    except Refused:
        return UnknownAccount(
            f"Mixpanel does not know this service account in region {region}: check username and secret, "
            "whether the account has expired, and `region`."
        )
    except TransientError:
        return refusal
    if projects is not None and str(project_id) not in projects:
        return NoAccess(
            f"The service account is known, but has no access to project {project_id} in region {region}: "
            "check project_id and `region`, or grant the account a role on the project."
        )
    return refusal


def _projects(response: requests.Response) -> set[str] | None:
    try:
        projects = response.json()["results"]["projects"]
    except (ValueError, KeyError, TypeError):
        return None
    return {str(project_id) for project_id in projects} if isinstance(projects, dict) else None
