"""One reader a type: the raw JSON of a value becomes the string that DuckDB casts, without rounding or guessing.

In: raw JSON other than null. Out: the string, and whether it is less precise than what came. Raises LostError where
the value has no place in a column of that type. ColumnType says which type has which reader.
"""

import math
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import msgspec

_INTEGER_DIGITS = 38
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d{1,9})?", re.ASCII)
_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_CLOCK = r"(?P<clock>(?:[01]\d|2[0-3]):\d\d(?::\d\d)?)(?:\.(?P<fraction>\d+))?"
_ZONE = r"(?P<zone> ?(?:[Zz]|UTC|[+-]\d\d(?::?\d\d)?))?"
_DATE_TIME = re.compile(rf"{_DATE}(?:[Tt ]{_CLOCK}{_ZONE})?", re.ASCII)
_TIME = re.compile(rf"{_CLOCK}{_ZONE}", re.ASCII)
_MICROSECOND_DIGITS = 6
_MAX_OFFSET = timedelta(hours=16)

# Reasons in the protocol's words.
TYPECAST = "DESTINATION_TYPECAST_ERROR"
FIELD_SIZE = "DESTINATION_FIELD_SIZE_LIMITATION"

# The string, and whether it is less precise than what came.
Stored = tuple[str, bool]


class LostError(Exception):
    """The value has no place in its column."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _text(raw: bytes) -> str:
    """Return a string's content, or any other value's JSON."""
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


def read_string(raw: bytes) -> Stored:
    """Read a string's content, or any other value's JSON."""
    return _text(raw), False


def read_document(raw: bytes) -> Stored:
    """Read any JSON, byte for byte."""
    return raw.decode(), False


def read_boolean(raw: bytes) -> Stored:
    """Read true or false, also as a string."""
    text = _text(raw)
    if text not in {"true", "false"}:
        raise LostError(TYPECAST)
    return text, False


def _decimal(raw: bytes) -> Decimal:
    text = _text(raw)
    if not _NUMBER.fullmatch(text):
        raise LostError(TYPECAST)
    return Decimal(text)


def read_integer(raw: bytes) -> Stored:
    """Read a whole number of up to 38 digits, also as a string, with zeros behind the point or with an exponent."""
    number = _decimal(raw)
    if number and number.adjusted() >= _INTEGER_DIGITS:
        raise LostError(FIELD_SIZE)
    if number != number.to_integral_value():
        raise LostError(TYPECAST)
    return str(int(number)), False


def read_number(raw: bytes) -> Stored:
    """Read a number as the nearest double."""
    number = _decimal(raw)
    double = float(number)
    if math.isinf(double):
        raise LostError(FIELD_SIZE)
    return repr(double), Decimal(repr(double)) != number


def _day(found: re.Match[str]) -> str:
    try:
        return date.fromisoformat(found["date"]).isoformat()
    except ValueError as error:
        raise LostError(TYPECAST) from error


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
    digits = (found["zone"] or "").strip().upper().replace(":", "")
    if digits in {"", "Z", "UTC"}:
        return timezone.utc
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5] or 0))
    if offset >= _MAX_OFFSET:
        raise LostError(TYPECAST)
    return timezone(-offset if digits[0] == "-" else offset)


def _offset(zone: timezone) -> str:
    return "+00:00" if zone == timezone.utc else zone.tzname(None).removeprefix("UTC")


def _match(pattern: re.Pattern[str], raw: bytes) -> re.Match[str]:
    found = pattern.fullmatch(_text(raw)) if raw.startswith(b'"') else None
    if found is None:
        raise LostError(TYPECAST)
    return found


def read_date(raw: bytes) -> Stored:
    """Read a date, or a date and time at midnight."""
    found = _match(_DATE_TIME, raw)
    clock, is_truncated = _clock(found)
    if is_truncated or clock.strip("0:."):
        raise LostError(TYPECAST)
    return _day(found), False


def read_time(raw: bytes) -> Stored:
    """Read a time of day in UTC or without a zone."""
    found = _match(_TIME, raw)
    if _zone(found) != timezone.utc:
        raise LostError(TYPECAST)
    return _clock(found)


def read_time_with_zone(raw: bytes) -> Stored:
    """Read a time of day; without a zone it is UTC."""
    found = _match(_TIME, raw)
    clock, is_truncated = _clock(found)
    return clock + _offset(_zone(found)), is_truncated


def read_timestamp(raw: bytes) -> Stored:
    """Read a date and time in UTC or without a zone."""
    found = _match(_DATE_TIME, raw)
    if _zone(found) != timezone.utc:
        raise LostError(TYPECAST)
    clock, is_truncated = _clock(found)
    return f"{_day(found)} {clock}", is_truncated


def read_timestamp_with_zone(raw: bytes) -> Stored:
    """Read a date and time; without a zone it is UTC."""
    found = _match(_DATE_TIME, raw)
    clock, is_truncated = _clock(found)
    zone, day = _zone(found), _day(found)
    try:
        datetime.fromisoformat(f"{day}T{clock[:8]}").replace(tzinfo=zone).astimezone(timezone.utc)
    except OverflowError as error:
        raise LostError(TYPECAST) from error
    return f"{day} {clock}{_offset(zone)}", is_truncated
