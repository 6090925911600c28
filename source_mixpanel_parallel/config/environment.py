"""What the environment says of the config: credentials and region, where the config leaves them out.

In: the config and the environment; out: the config, filled in. Raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The environment's name of each field of a service account.
CREDENTIALS = {"username": "MIXPANEL_USERNAME", "secret": "MIXPANEL_SECRET", "project_id": "MIXPANEL_PROJECT_ID"}
REGION = "MIXPANEL_REGION"
OTHER_CREDENTIALS = ("api_secret", "access_token")


def with_environment(config: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return *config* with what only *environment* has; credentials of another kind are left alone."""
    filled = dict(config)
    credentials = config.get("credentials") or {}
    if isinstance(credentials, Mapping) and not any(credentials.get(name) for name in OTHER_CREDENTIALS):
        found = {field: environment[name] for field, name in CREDENTIALS.items() if environment.get(name)}
        given = {field: value for field, value in credentials.items() if value is not None and value != ""}
        filled["credentials"] = {**found, **given}
    if environment.get(REGION) and not config.get("region"):
        filled["region"] = environment[REGION].upper()
    return filled
