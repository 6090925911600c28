"""What arrived of profiles, and what should have: comparable texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from integration_tests.record_of import profile_record
from integration_tests.source_run import SourceRun
from mixpanel_simulator import RequestLogEntry, Simulator


def emitted(run: SourceRun, stream: str = "profiles") -> list[str]:
    """Return the profiles that arrived, sorted; one that came twice is there twice."""
    return sorted(json.dumps(record, sort_keys=True) for record in run.records(stream))


def records_of(profiles: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the records that *profiles*, as the engage API sends them, should become."""
    return sorted(json.dumps(profile_record(profile), sort_keys=True) for profile in profiles)


def truth(simulator: Simulator) -> list[str]:
    """Return the records that the simulator's profiles should become."""
    return records_of(simulator.profiles())


def pages_asked(entries: Iterable[RequestLogEntry]) -> list[int]:
    """Return the pages that were asked for, in order of arrival."""
    return [int(entry.params["page"]) for entry in entries]
