"""Decimals that a double can't represent: found in bulk, judged one by one.

DuckDB's JSON reader turns every decimal into a double. In: a block of lines. Out: whether some number in it would
come back as another decimal: one with many digits, or one so small that a double has few digits left or none. A
string that looks like `[0.12…]` may be mistaken for a number: that costs time, not exactness. Raises nothing.
"""

import math
import re
from decimal import Decimal, InvalidOperation

# Digits and the point become "0", so that a long number is a long run of one byte, which bytes.find jumps to.
_FLATTENED = bytes(ord("0") if chr(byte) in "0123456789." else byte for byte in range(256)).replace(b"E", b"e")
# A double represents every decimal of 15 digits; 16 characters are 15 digits and a point, or 16 digits.
_LONG = b"0" * 16
_DIGIT = ord("0")
# Below about 1e-292 fifteen digits may be too many, which takes an exponent of three digits.
_TINY = b"e-000"
_DECIMAL = re.compile(rb"[0-9]*(?:\.[0-9.]*|(?=[eE]))(?:[eE][-+]?[0-9]+)?")
# The characters around a number in JSON; digits within an identifier have others.
_BEFORE = frozenset(b":,[- \t\r")
_BEHIND = frozenset(b",]} \t\r\n")


def loses_digits(block: bytes) -> bool:
    """Return whether a number in *block* changes when it becomes a double."""
    flat = block.translate(_FLATTENED)
    return _loses_long(block, flat) or _loses_tiny(block, flat)


def _loses_long(block: bytes, flat: bytes) -> bool:
    at = flat.find(_LONG)
    while at >= 0:
        end = at + len(_LONG)
        found = _decimal_at(block, at)
        if found is not None:
            end = found.end()
            if block[end] in _BEHIND and is_rounded(found[0]):
                return True
        at = flat.find(_LONG, end)
    return False


def _loses_tiny(block: bytes, flat: bytes) -> bool:
    # Backwards: in text with many digits, Python finds the rare "e" several times faster than the frequent "0".
    at = flat.rfind(_TINY)
    while at >= 0:
        start = at
        while flat[start - 1] == _DIGIT:
            start -= 1
        found = _decimal_at(block, start)
        if found is not None and found.end() > at and block[found.end()] in _BEHIND and is_rounded(found[0]):
            return True
        at = flat.rfind(_TINY, 0, at + len(_TINY) - 1)
    return False


def _decimal_at(block: bytes, at: int) -> re.Match[bytes] | None:
    return _DECIMAL.match(block, at) if block[at - 1] in _BEFORE else None


def is_rounded(decimal: bytes) -> bool:
    """Return whether *decimal* becomes another number as a double."""
    if decimal.count(b".") > 1:
        return False
    double = float(decimal)
    if math.isinf(double):
        return False
    try:
        return Decimal(repr(double)) != Decimal(decimal.decode())
    except InvalidOperation:  # an exponent of twenty digits
        return True
