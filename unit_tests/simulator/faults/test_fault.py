"""Which requests a fault hits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mixpanel_simulator import Fault
from mixpanel_simulator.faults.fault import KINDS

RANGE = {"from_date": "2026-01-02", "to_date": "2026-01-04"}


@pytest.mark.parametrize(
    ("fault", "api", "params", "hits"),
    [
        (Fault("cut"), "export", RANGE, True),
        (Fault("cut"), "engage", {}, True),
        (Fault("cut"), "me", {}, False),
        (Fault("cut", path="export"), "engage", {}, False),
        (Fault("status", path="me"), "me", {}, True),
        (Fault("cut", day=date(2026, 1, 2)), "export", RANGE, True),
        (Fault("cut", day=date(2026, 1, 4)), "export", RANGE, True),
        (Fault("cut", day=date(2026, 1, 5)), "export", RANGE, False),
        (Fault("cut", day=date(2026, 1, 2)), "engage", {}, False),
        (Fault("cut", page=0), "engage", {}, True),
        (Fault("cut", page=0), "engage", {"page": 0}, True),
        (Fault("cut", page=1), "engage", {"page": "1"}, True),
        (Fault("cut", page=1), "engage", {"page": "2"}, False),
        (Fault("cut", page=0), "export", RANGE, False),
        (Fault("cut", event="Purchase"), "export", RANGE | {"event": '["Search", "Purchase"]'}, True),
        (Fault("cut", event="Purchase"), "export", RANGE | {"event": '["Search"]'}, False),
        (Fault("cut", event="Purchase"), "export", RANGE | {"event": "Purchase"}, False),
        (Fault("cut", event="Purchase"), "export", RANGE | {"event": "1"}, False),
        (Fault("cut", event="Purchase"), "export", RANGE, False),
    ],
)
def test_fault_hits_when_all_of_its_matchers_match(
    fault: Fault, api: str, params: dict[str, Any], *, hits: bool
) -> None:
    assert fault.hits(api, params) == hits


def test_fault_is_refused_when_its_kind_is_unknown() -> None:
    with pytest.raises(ValueError, match="no fault is named 'cat': choose one of status, "):
        Fault("cat")


@pytest.mark.parametrize(("kind", "path"), [("broken_line", "engage"), ("expired_session", "export"), ("cut", "me")])
def test_fault_is_refused_when_it_cannot_hit_the_path(kind: str, path: Any) -> None:
    with pytest.raises(ValueError, match=f"{kind} can't hit {path}: it hits "):
        Fault(kind, path=path)


def test_each_kind_hits_some_api() -> None:
    assert all(apis <= {"export", "engage", "cohorts", "me"} and apis for apis in KINDS.values())
