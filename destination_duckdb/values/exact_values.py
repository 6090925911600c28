"""Values that are not plain, one by one: what is stored, and what is said about it.

In: the raw JSON of one value and the type of its column. Out: the text that DuckDB casts without any choice left,
and, where something was lost, a Change in the protocol's words. A value that does not fit becomes NULL; one that
fits less precisely (nanoseconds, decimals past a double) is cut and said to be. Raises nothing.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import msgspec

from destination_duckdb.values.column_types import ColumnType

_INTEGER_DIGITS = 38
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d{1,9})?", re.ASCII)
_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_CLOCK = r"(?P<clock>(?:[01]\d|2[0-3]):\d\d(?::\d\d)?)(?:\.(?P<fraction>\d+))?"
_ZONE = r"(?P<zone> ?(?:[Zz]|UTC|[+-]\d\d(?::?\d\d)?))?"
_DATE_TIME = re.compile(rf"{_DATE}(?:[Tt ]{_CLOCK}{_ZONE})?", re.ASCII)
_TIME = re.compile(rf"{_CLOCK}{_ZONE}", re.ASCII)
_MICROSECOND_DIGITS = 6
_MAX_OFFSET = timedelta(hours=16)


class Change(msgspec.Struct, frozen=True):
    """What happened to a value, as `_airbyte_meta` says it."""

    field: str
    change: str
    reason: str


class _LostError(Exception):
    """The value has no place in its column."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_TYPECAST = "DESTINATION_TYPECAST_ERROR"
_SIZE = "DESTINATION_FIELD_SIZE_LIMITATION"
# The text, and whether it is less precise than what came.
_Stored = tuple[str, bool]


def exact_value(kind: ColumnType, field: str, raw: bytes) -> tuple[str | None, Change | None]:
    """Return the text to store for *raw* in a column of type *kind*, and what was lost."""
    if raw == b"null":
        return None, None
    try:
        text, is_cut = _READERS[kind](raw)
    except _LostError as lost:
        return None, Change(field, "NULLED", lost.reason)
    return text, Change(field, "TRUNCATED", _SIZE) if is_cut else None


def _text(raw: bytes) -> str:
    """Return a string's content, or any other value's JSON."""
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


def _string(raw: bytes) -> _Stored:
    return _text(raw), False


def _json(raw: bytes) -> _Stored:
    return raw.decode(), False


def _boolean(raw: bytes) -> _Stored:
    text = _text(raw)
    if text not in {"true", "false"}:
        raise _LostError(_TYPECAST)
    return text, False


def _decimal(raw: bytes) -> Decimal:
    text = _text(raw)
    if not _NUMBER.fullmatch(text):
        raise _LostError(_TYPECAST)
    return Decimal(text)


def _integer(raw: bytes) -> _Stored:
    number = _decimal(raw)
    if number and number.adjusted() >= _INTEGER_DIGITS:
        raise _LostError(_SIZE)
    if number != number.to_integral_value():
        raise _LostError(_TYPECAST)
    return str(int(number)), False


def _number(raw: bytes) -> _Stored:
    number = _decimal(raw)
    double = float(number)
    if math.isinf(double):
        raise _LostError(_SIZE)
    return repr(double), Decimal(repr(double)) != number


def _day(found: re.Match[str]) -> str:
    try:
        return date.fromisoformat(found["date"]).isoformat()
    except ValueError as error:
        raise _LostError(_TYPECAST) from error


def _clock(found: re.Match[str]) -> _Stored:
    """Return the time of day to the microsecond."""
    if found["clock"] is None:
        return "00:00:00", False
    try:
        clock = time.fromisoformat(found["clock"])
    except ValueError as error:
        raise _LostError(_TYPECAST) from error
    fraction = found["fraction"] or ""
    kept = fraction[:_MICROSECOND_DIGITS]
    is_cut = bool(fraction[_MICROSECOND_DIGITS:].strip("0"))
    return clock.isoformat("seconds") + (f".{kept}" if kept else ""), is_cut


def _zone(found: re.Match[str]) -> timezone:
    """Return the offset; without one, UTC is meant."""
    digits = (found["zone"] or "").strip().upper().replace(":", "")
    if digits in {"", "Z", "UTC"}:
        return timezone.utc
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5] or 0))
    if offset >= _MAX_OFFSET:
        raise _LostError(_TYPECAST)
    return timezone(-offset if digits[0] == "-" else offset)


def _offset(zone: timezone) -> str:
    return "+00:00" if zone == timezone.utc else zone.tzname(None).removeprefix("UTC")


def _match(pattern: re.Pattern[str], raw: bytes) -> re.Match[str]:
    found = pattern.fullmatch(_text(raw)) if raw.startswith(b'"') else None
    if found is None:
        raise _LostError(_TYPECAST)
    return found


def _date(raw: bytes) -> _Stored:
    found = _match(_DATE_TIME, raw)
    clock, is_cut = _clock(found)
    if is_cut or clock.strip("0:."):
        raise _LostError(_TYPECAST)
    return _day(found), False


def _time(raw: bytes) -> _Stored:
    found = _match(_TIME, raw)
    if _zone(found) != timezone.utc:
        raise _LostError(_TYPECAST)
    return _clock(found)


def _time_with_zone(raw: bytes) -> _Stored:
    found = _match(_TIME, raw)
    clock, is_cut = _clock(found)
    return clock + _offset(_zone(found)), is_cut


def _timestamp(raw: bytes) -> _Stored:
    found = _match(_DATE_TIME, raw)
    if _zone(found) != timezone.utc:
        raise _LostError(_TYPECAST)
    clock, is_cut = _clock(found)
    return f"{_day(found)} {clock}", is_cut


def _timestamp_with_zone(raw: bytes) -> _Stored:
    found = _match(_DATE_TIME, raw)
    clock, is_cut = _clock(found)
    zone, day = _zone(found), _day(found)
    try:
        datetime.fromisoformat(f"{day}T{clock[:8]}").replace(tzinfo=zone).astimezone(timezone.utc)
    except OverflowError as error:
        raise _LostError(_TYPECAST) from error
    return f"{day} {clock}{_offset(zone)}", is_cut


_READERS: Mapping[ColumnType, Callable[[bytes], _Stored]] = {
    ColumnType.STRING: _string,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _date,
    ColumnType.TIME: _time,
    ColumnType.TIME_WITH_ZONE: _time_with_zone,
    ColumnType.TIMESTAMP: _timestamp,
    ColumnType.TIMESTAMP_WITH_ZONE: _timestamp_with_zone,
    ColumnType.JSON: _json,
    ColumnType.VARIANT: _json,
}
