"""The check of credentials: ``GET /api/app/me``, which spends no quota.

In: a scenario. Out: the JSON text that names the user and the projects that the user may read.
"""

import json

from mixpanel_simulator.scenario import Scenario


def describe_me(scenario: Scenario) -> bytes:
    """Return the answer to a user whose credentials are accepted."""
    project = {"id": scenario.project_id, "name": "Simulated project", "timezone": scenario.timezone}
    results = {
        "user_id": 1,
        "user_name": scenario.username,
        "is_service_account": True,
        "projects": {str(scenario.project_id): project},
    }
    return json.dumps({"status": "ok", "results": results}).encode()
