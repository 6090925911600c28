"""The list of cohorts: ``POST /api/query/cohorts/list``, which counts in the quota of the query API.

In: a scenario. Out: the JSON text, an array with one object a cohort; no cohort is there unless the scenario says so.
"""

import json
from datetime import datetime, time, timedelta

from mixpanel_simulator.scenario import Scenario


def describe_cohorts(scenario: Scenario) -> bytes:
    """Return the answer that lists all cohorts."""
    midnight = datetime.combine(scenario.first_day, time())
    cohorts = [
        {
            "id": 1000 + number,
            "name": f"Cohort {number}",
            "description": "",
            "created": str(midnight + timedelta(hours=number)),
            "count": 10 * number,
            "is_visible": 1,
            "data_group_id": None,
            "project_id": scenario.project_id,
        }
        for number in range(scenario.cohorts)
    ]
    return json.dumps(cohorts).encode()
