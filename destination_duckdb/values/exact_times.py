"""Readers of dates and times: every form that Airbyte's own destinations accept, as a string that DuckDB casts one way.

In: raw JSON other than null. Out: the string, and whether it is less precise than what came: digits beyond the
microsecond, the time of day in a date, the zone where the column has none. Raises LostError for anything else. The
forms are those of Airbyte's AirbyteValueCoercer: `2021-1-1`, `2021/01/01`, `2021.01.01`, `2021 Jan 01`, each with or
without a time, a zone and an era. Two-digit years, and zones such as `Europe/Zurich`, whose offset depends on a
database of zones, are not read.
"""

import re
from datetime import date, datetime, time, timedelta, timezone

from destination_duckdb.values.exact_readers import TYPECAST, LostError, Stored, text_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = rf"(?P<year>\d{{4}})[-/. ](?P<month>\d\d?|(?i:{'|'.join(_MONTHS)}))[-/. ](?P<day>\d\d?)"
_CLOCK = r"(?P<clock>(?:[01]\d|2[0-3]):\d\d(?::\d\d)?)(?:\.(?P<fraction>\d+))?"
# Hours west of Greenwich of the names that RFC 5322 (section 4.3) defines.
_NAMED_HOURS = {"EST": 5, "EDT": 4, "CST": 6, "CDT": 5, "MST": 7, "MDT": 6, "PST": 8, "PDT": 7}
_OFFSET = r"[+-]\d\d?(?::?\d\d)?"
_ZONE = rf"(?P<zone> ?(?:[Zz]|(?:UTC|GMT)?{_OFFSET}|UTC|GMT|UT|{'|'.join(_NAMED_HOURS)}))?"
_ERA = r"(?P<era> ?(?:BC|AD))?"
_DATE_TIME = re.compile(rf"{_DATE}(?:[Tt ]{_CLOCK}{_ZONE})?{_ERA}", re.ASCII)
_TIME = re.compile(rf"{_CLOCK}{_ZONE}", re.ASCII)
_MICROSECOND_DIGITS = 6
_MAX_OFFSET = timedelta(hours=16)
_LEAP_CYCLE_YEARS = 400


def _match(pattern: re.Pattern[str], raw: bytes) -> re.Match[str]:
    found = pattern.fullmatch(text_of(raw)) if raw.startswith(b'"') else None
    if found is None:
        raise LostError(TYPECAST)
    return found


def _is_before_christ(found: re.Match[str]) -> bool:
    return (found["era"] or "").strip() == "BC"


def _day(found: re.Match[str]) -> str:
    """Return the date as DuckDB writes it before the era: `0044-03-15`."""
    month = found["month"].lower()
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
    year, day = int(found["year"]), int(found["day"])
    # The year before 1 is 1 BC, so leap years are those of 1 - year; Python has no such years, but the cycle repeats.
    calendar_year = (1 - year) % _LEAP_CYCLE_YEARS + _LEAP_CYCLE_YEARS if _is_before_christ(found) else year
    try:
        date(calendar_year, number, day)
    except ValueError as error:
        raise LostError(TYPECAST) from error
    if not year:
        raise LostError(TYPECAST)
    return f"{year:04}-{number:02}-{day:02}"


def _era(found: re.Match[str]) -> str:
    return " (BC)" if _is_before_christ(found) else ""


def _clock(found: re.Match[str]) -> Stored:
    """Return the time of day to the microsecond."""
    if found["clock"] is None:
        return "00:00:00", False
    try:
        clock = time.fromisoformat(found["clock"])
    except ValueError as error:
        raise LostError(TYPECAST) from error
    fraction = found["fraction"] or ""
    kept = fraction[:_MICROSECOND_DIGITS]
    is_truncated = bool(fraction[_MICROSECOND_DIGITS:].strip("0"))
    return clock.isoformat("seconds") + (f".{kept}" if kept else ""), is_truncated


def _zone(found: re.Match[str]) -> timezone:
    """Return the offset; a value without one is in UTC."""
    name = (found["zone"] or "").strip().upper()
    if name in _NAMED_HOURS:
        return timezone(-timedelta(hours=_NAMED_HOURS[name]))
    digits = re.sub(r"[A-Z:+-]", "", name)
    if not digits:
        return timezone.utc
    hours, minutes = (digits, "0") if len(digits) <= len("hh") else (digits[:-2], digits[-2:])
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset >= _MAX_OFFSET:
        raise LostError(TYPECAST)
    return timezone(-offset if "-" in name else offset)


def _offset(zone: timezone) -> str:
    return "+00:00" if zone == timezone.utc else zone.tzname(None).removeprefix("UTC")


def read_date(raw: bytes) -> Stored:
    """Read a date; of a date and time the day, as it is written."""
    found = _match(_DATE_TIME, raw)
    clock, is_truncated = _clock(found)
    is_midnight = not clock.strip("0:.") and _zone(found) == timezone.utc
    return _day(found) + _era(found), is_truncated or not is_midnight


def read_time(raw: bytes) -> Stored:
    """Read a time of day as it is written; an offset other than UTC is dropped."""
    found = _match(_TIME, raw)
    clock, is_truncated = _clock(found)
    return clock, is_truncated or _zone(found) != timezone.utc


def read_time_with_zone(raw: bytes) -> Stored:
    """Read a time of day; without a zone it is UTC."""
    found = _match(_TIME, raw)
    clock, is_truncated = _clock(found)
    return clock + _offset(_zone(found)), is_truncated


def read_timestamp(raw: bytes) -> Stored:
    """Read a date and time as they are written; an offset other than UTC is dropped."""
    found = _match(_DATE_TIME, raw)
    clock, is_truncated = _clock(found)
    return f"{_day(found)}{_era(found)} {clock}", is_truncated or _zone(found) != timezone.utc


def read_timestamp_with_zone(raw: bytes) -> Stored:
    """Read a date and time; without a zone it is UTC."""
    found = _match(_DATE_TIME, raw)
    clock, is_truncated = _clock(found)
    zone, day = _zone(found), _day(found)
    if not _is_before_christ(found):
        try:
            datetime.fromisoformat(f"{day}T{clock[:8]}").replace(tzinfo=zone).astimezone(timezone.utc)
        except OverflowError as error:
            raise LostError(TYPECAST) from error
    return f"{day}{_era(found)} {clock}{_offset(zone)}", is_truncated
