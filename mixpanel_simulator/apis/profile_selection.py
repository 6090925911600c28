"""Which profiles a query of the engage API selects, and what it shows of them.

In: the JSON texts of all profiles, by number, and an EngageQuery. Out: the JSON texts of those selected.
Cohort N holds the profiles whose number is divisible by N, cohort 0 is empty, and a profile did each behavior as often
as its number modulo 3 says.
"""

import json
from collections.abc import Iterable, Iterator

from mixpanel_simulator.apis.engage_query import EngageQuery

BEHAVIOR_COUNTS = 3


def encode_json(value: object) -> bytes:
    """Return *value* as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _is_in_cohort(number: int, cohort_id: int) -> bool:
    return cohort_id != 0 and number % cohort_id == 0


def select_profiles(texts: Iterable[bytes], query: EngageQuery) -> Iterator[bytes]:
    """Yield the profiles that *query* asks for, with the properties that it asks for."""
    for number, text in enumerate(texts):
        if query.cohort_id is not None and not _is_in_cohort(number, query.cohort_id):
            continue
        profile = json.loads(text)
        if query.distinct_ids is not None and profile["$distinct_id"] not in query.distinct_ids:
            continue
        behaviors = dict.fromkeys(query.behavior_names, number % BEHAVIOR_COUNTS)
        if query.where and not query.where({"properties": profile["$properties"], "behaviors": behaviors}):
            continue
        if query.output_properties is None:
            yield text
            continue
        chosen = {name: value for name, value in profile["$properties"].items() if name in query.output_properties}
        yield encode_json({"$distinct_id": profile["$distinct_id"], "$properties": chosen})
    # A cohort may hold users who have no profile; by default they are included.
    if query.cohort_id and query.include_all_users:
        yield encode_json({"$distinct_id": f"cohort-{query.cohort_id}-without-profile", "$properties": {}})
