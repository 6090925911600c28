"""Wall clocks that are set back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.project_time.wall_clock import earliest_wall_clock

pytestmark = pytest.mark.dates

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo")


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001 - a wall clock
    st.sampled_from(ZONES),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_earliest_wall_clock_when_time_goes_on(wall_clock: datetime, name: str, passed: timedelta) -> None:
    """No moment from then on shows an earlier time, whatever the clocks do."""
    zone = ZoneInfo(name)
    moment = wall_clock.replace(tzinfo=zone).astimezone(timezone.utc) + passed
    assert moment.astimezone(zone).replace(tzinfo=None, fold=0) >= earliest_wall_clock(wall_clock, zone)
