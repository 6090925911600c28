"""Who may ask what: the three kinds of credentials, the region and the plan.

In: the headers and parameters of a request. Out: nothing, or a Refusal (400, 401, 402, 403) raised.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mixpanel_simulator.answers.error_body import (
    ACCOUNT_BLOCKED,
    PLAN_WITHOUT_EXPORT,
    PLAN_WITHOUT_QUERY,
    UNAUTHENTICATED,
    Refusal,
)
from mixpanel_simulator.scenario import Scenario

REGION_OF_HOST = {
    "data.mixpanel.com": "US",
    "mixpanel.com": "US",
    "data-eu.mixpanel.com": "EU",
    "eu.mixpanel.com": "EU",
    "data-in.mixpanel.com": "IN",
    "in.mixpanel.com": "IN",
}


def _basic_credentials(header: str) -> tuple[str, str] | None:
    """Return user and password of a basic Authorization *header*, or None."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _require_project(scenario: Scenario, params: Mapping[str, Any]) -> None:
    project_id = params.get("project_id")
    if project_id is None:
        raise Refusal(400, f"{UNAUTHENTICATED}: project_id is a required parameter for this kind of credentials")
    if str(project_id) != str(scenario.project_id):
        raise Refusal(403, f"User does not have permission to access project {project_id}")


def authenticate(scenario: Scenario, headers: Mapping[str, str], params: Mapping[str, Any]) -> None:
    """Accept a service account or a token with a project_id, or a project secret without; refuse all else."""
    if REGION_OF_HOST.get(headers.get("Host", ""), scenario.region) != scenario.region:
        raise Refusal(401, UNAUTHENTICATED)
    header = headers.get("Authorization", "")
    basic = _basic_credentials(header)
    if basic == (scenario.username, scenario.secret) or header == f"Bearer {scenario.access_token}":
        _require_project(scenario, params)
    # A project secret names its project: the user is the secret, the password empty, and no project_id follows.
    elif basic != (scenario.project_secret, ""):
        raise Refusal(401, UNAUTHENTICATED)
    elif "project_id" in params:
        raise Refusal(400, f"{UNAUTHENTICATED}: project_id can't be used with a project secret")


def authenticate_user(scenario: Scenario, headers: Mapping[str, str]) -> None:
    """Accept a service account or a token, whatever the project; a project secret is no user."""
    if REGION_OF_HOST.get(headers.get("Host", ""), scenario.region) != scenario.region:
        raise Refusal(401, UNAUTHENTICATED)
    header = headers.get("Authorization", "")
    if _basic_credentials(header) == (scenario.username, scenario.secret):
        return
    if header != f"Bearer {scenario.access_token}":
        raise Refusal(401, UNAUTHENTICATED)


def check_plan(scenario: Scenario, api: str) -> None:
    """Refuse *api* ("export", or one of the query API) when the plan does not have it."""
    if scenario.plan == "blocked":
        raise Refusal(402, ACCOUNT_BLOCKED)
    if scenario.plan == "no_export" and api == "export":
        raise Refusal(402, PLAN_WITHOUT_EXPORT)
    # On free plans the query API answers 402 while raw export still works.
    if scenario.plan == "free" and api != "export":
        raise Refusal(402, PLAN_WITHOUT_QUERY)
