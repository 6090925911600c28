"""`time` as RFC 3339 text in UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source_mixpanel_parallel.project_time.timestamps import FIRST_MILLISECONDS, EventTime

pytestmark = pytest.mark.dates

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NEW_YORK = ZoneInfo("America/New_York")


def wall_clock_ms(text: str) -> int:
    """Return a local time as if it were UTC, in milliseconds since 1970: as projects from before 2023 send it."""
    moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:01.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"),
        (1_700_000_000, "2023-11-14T22:13:20.000Z"),
        (1_700_000_000.0, "2023-11-14T22:13:20.000Z"),
        (1_700_000_000.123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000.9999, "2023-11-14T22:13:21.000Z"),
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000_123.0, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000_123.9, "2023-11-14T22:13:20.123Z"),
        (951_782_399, "2000-02-28T23:59:59.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (-62_135_596_800, "0001-01-01T00:00:00.000Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (-62_135_596_799_999, "0001-01-01T00:00:00.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (FIRST_MILLISECONDS - 1, "5138-11-16T09:46:39.000Z"),
        (FIRST_MILLISECONDS, "1973-03-03T09:46:40.000Z"),
    ],
)
def test_render_when_a_time_is_known(value: float, text: str) -> None:
    """Seconds and milliseconds, with and without a fraction, from the year 1 to the year 9999."""
    assert EventTime().render(value) == text.encode()


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)), st.integers(0, 999))  # noqa: DTZ001 - UTC
def test_render_when_milliseconds_are_any(moment: datetime, millisecond: int) -> None:
    """Milliseconds come out as datetime renders them, except near 1970, where they would be seconds."""
    moment = moment.replace(microsecond=millisecond * 1000, tzinfo=timezone.utc)
    value = (moment - EPOCH) // timedelta(milliseconds=1)
    if abs(value) >= FIRST_MILLISECONDS:
        expected = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert EventTime().render(value) == expected.encode()


@given(st.lists(st.integers(1_500_000_000, 1_800_000_000), min_size=2, max_size=20))
def test_render_when_one_object_renders_many(seconds: list[int]) -> None:
    """What was rendered before changes nothing."""
    clock = EventTime(NEW_YORK)
    assert [clock.render(second) for second in seconds] == [EventTime(NEW_YORK).render(second) for second in seconds]


@pytest.mark.parametrize(
    "value",
    [
        -62_135_596_800_001,
        -62_135_596_801,
        253_402_300_800_000,
        1e17,
        -1e17,
        10**30,
        -(10**30),
        10**400,
        float("inf"),
        float("-inf"),
        float("nan"),
    ],
)
@pytest.mark.parametrize("zone", [None, NEW_YORK])
def test_render_when_a_time_is_out_of_range(value: float, zone: ZoneInfo | None) -> None:
    """What has no date between the years 1 and 9999 raises ValueError, so that its line is rejected, not the sync."""
    with pytest.raises(ValueError, match=r"outside the years 1 to 9999|NaN"):
        EventTime(zone).render(value)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2023-12-31T19:00:00.000", "2024-01-01T00:00:00.000Z"),
        ("2023-07-04T12:00:00.123", "2023-07-04T16:00:00.123Z"),
        # 2024-03-10: the clock goes from 02:00 to 03:00.
        ("2024-03-10T01:59:59.999", "2024-03-10T06:59:59.999Z"),
        ("2024-03-10T03:00:00.000", "2024-03-10T07:00:00.000Z"),
        # An hour that is not there is read on the clock of before.
        ("2024-03-10T02:30:00.000", "2024-03-10T07:30:00.000Z"),
        # 2024-11-03: the clock goes from 02:00 back to 01:00. The hour that comes twice is taken as the first.
        ("2024-11-03T00:59:59.999", "2024-11-03T04:59:59.999Z"),
        ("2024-11-03T01:00:00.000", "2024-11-03T05:00:00.000Z"),
        ("2024-11-03T01:59:59.999", "2024-11-03T05:59:59.999Z"),
        ("2024-11-03T02:00:00.000", "2024-11-03T07:00:00.000Z"),
    ],
)
def test_render_when_times_are_wall_clock(local: str, utc: str) -> None:
    """The local time of a legacy project becomes UTC, with the offset of that very moment."""
    assert EventTime(NEW_YORK).render(wall_clock_ms(local)) == utc.encode()
    assert EventTime(NEW_YORK).render(wall_clock_ms(local) / 1000) == utc.encode()


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("UTC", "2024-06-01T12:00:00", "2024-06-01T12:00:00.000Z"),
        ("Asia/Kolkata", "2024-06-01T12:00:00", "2024-06-01T06:30:00.000Z"),
        ("Asia/Kathmandu", "2024-06-01T12:00:00", "2024-06-01T06:15:00.000Z"),
        ("Pacific/Kiritimati", "2024-06-01T12:00:00", "2024-05-31T22:00:00.000Z"),
        # The clock goes by half an hour: 2024-10-06, from 02:00 to 02:30.
        ("Australia/Lord_Howe", "2024-10-06T01:59:59", "2024-10-05T15:29:59.000Z"),
        ("Australia/Lord_Howe", "2024-10-06T02:30:00", "2024-10-05T15:30:00.000Z"),
        # A day that was left out: 2011-12-30.
        ("Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00.000Z"),
    ],
)
def test_render_when_zones_are_odd(zone: str, local: str, utc: str) -> None:
    """Offsets of half and quarter hours count, and so do days that were left out."""
    assert EventTime(ZoneInfo(zone)).render(wall_clock_ms(local)) == utc.encode()


@given(
    st.datetimes(datetime(1973, 6, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - local on purpose
    st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_render_when_wall_clocks_are_any(local: datetime, zone: str) -> None:
    """The text is what zoneinfo says of that local time."""
    local = local.replace(microsecond=0)
    utc = local.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    expected = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert EventTime(ZoneInfo(zone)).render(wall_clock_ms(local.isoformat())) == expected.encode()


@given(
    day=st.dates(date(1960, 1, 1), date(2100, 12, 31)),
    offset_ms=st.integers(-86_400_000, 100 * 86_400_000),
)
@example(day=date(1972, 1, 1), offset_ms=0)
@example(day=date(1970, 1, 1), offset_ms=-1)
def test_the_window_tells_the_unit(day: date, offset_ms: int) -> None:
    """Milliseconds, which are requested, and the seconds of a server that does not know them (Mixpanel: 1971 on)."""
    clock = EventTime().near(day)
    value = (day - EPOCH.date()) // timedelta(milliseconds=1) + offset_ms
    expected = (EPOCH + timedelta(milliseconds=value)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value % 1000:03}Z"
    assert clock.render(value) == expected.encode()
    if abs(value) > 200 * 86_400_000:  # within months of 1970 a number of seconds is one of milliseconds, too
        assert clock.render(value / 1000) == expected.encode()
