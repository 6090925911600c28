"""One reader a type: the raw JSON of a value becomes the string that DuckDB casts, without rounding or guessing.

In: raw JSON other than null. Out: the string, and whether it is less precise than what came. Raises LostError where
the value has no place in a column of that type. ColumnType says which type has which reader; those of dates and times
are in exact_times.
"""

import math
import re
from decimal import Decimal

import msgspec

# HUGEINT is 128 bits: the numbers of 38 digits, and some of 39.
_MIN_INTEGER, _MAX_INTEGER = -(2**127), 2**127 - 1
_MAX_DIGITS = 39
# As Java's BigDecimal, which Airbyte's own destinations use: "+1", ".5", "5." and "007" are numbers.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,9})?", re.ASCII)
_STRING_OR_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:[eE][-+]?\d+)?', re.DOTALL)

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


def text_of(raw: bytes) -> str:
    """Return a string's content, or any other value's JSON."""
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


def read_string(raw: bytes) -> Stored:
    """Read a string's content, or any other value's JSON."""
    return text_of(raw), False


def read_document(raw: bytes) -> Stored:
    """Read any JSON, byte for byte."""
    return raw.decode(), False


def read_variant(raw: bytes) -> Stored:
    """Read any JSON; a number past a double, which a VARIANT would turn into infinity, becomes null."""
    replaced = False

    def replace(found: re.Match[bytes]) -> bytes:
        nonlocal replaced
        if found[0].startswith(b'"') or not math.isinf(float(found[0])):
            return found[0]
        replaced = True
        return b"null"

    text = _STRING_OR_NUMBER.sub(replace, raw).decode()
    return text, replaced


def read_boolean(raw: bytes) -> Stored:
    """Read true or false, also as a string."""
    text = text_of(raw)
    if text not in {"true", "false"}:
        raise LostError(TYPECAST)
    return text, False


def _decimal(raw: bytes) -> Decimal:
    text = text_of(raw)
    if not _NUMBER.fullmatch(text):
        raise LostError(TYPECAST)
    return Decimal(text)


def read_integer(raw: bytes) -> Stored:
    """Read a whole number of 128 bits, also as a string, with zeros behind the point or with an exponent."""
    number = _decimal(raw)
    if number and number.adjusted() >= _MAX_DIGITS:
        raise LostError(FIELD_SIZE)
    if number != number.to_integral_value():
        raise LostError(TYPECAST)
    integer = int(number)
    if not _MIN_INTEGER <= integer <= _MAX_INTEGER:
        raise LostError(FIELD_SIZE)
    return str(integer), False


def read_number(raw: bytes) -> Stored:
    """Read a number as the nearest double."""
    number = _decimal(raw)
    double = float(number)
    if math.isinf(double):
        raise LostError(FIELD_SIZE)
    return repr(double), Decimal(repr(double)) != number
