r"""JSON objects and arrays taken apart into the verbatim text of their parts.

For what msgspec does not decode though it is JSON: lone surrogates (`\ud800`) in texts, as Mixpanel sends them where a
client cut an emoji in half. Raises ValueError on what is not JSON, NaN and Infinity included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn


def members(text: str) -> dict[str, str]:
    """Return an object's members as verbatim text; of equal names the last."""
    found: dict[str, str] = {}
    for name_text, value_text in _parts(text, "{", "}"):
        name = json.loads(name_text)
        if not isinstance(name, str):
            raise ValueError("not a JSON object")
        found[name] = value_text
    return found


def elements(text: str) -> list[str]:
    """Return an array's elements as verbatim text."""
    return [value_text for _, value_text in _parts(text, "[", "]")]


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_scanner = json.JSONDecoder(parse_constant=_refuse_constant)
_blank = json.decoder.WHITESPACE.match  # type: ignore[attr-defined] # in every CPython, absent from typeshed


def _parts(text: str, opening: str, closing: str) -> Iterator[tuple[str, str]]:
    position = _expect(text, _skip(text, 0), opening)
    if text[position : position + 1] == closing:
        return _end(text, position)
    while True:
        name = ""
        if opening == "{":
            name, position = _value(text, position)
            position = _expect(text, position, ":")
        value, position = _value(text, position)
        yield name, value
        if text[position : position + 1] == closing:
            return _end(text, position)
        position = _expect(text, position, ",")


def _value(text: str, position: int) -> tuple[str, int]:
    _, end = _scanner.raw_decode(text, position)
    return text[position:end], _skip(text, end)


def _expect(text: str, position: int, character: str) -> int:
    if text[position : position + 1] != character:
        raise ValueError(f"expected {character} at character {position}")
    return _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    return int(_blank(text, position).end())


def _end(text: str, position: int) -> None:
    if _skip(text, position + 1) != len(text):
        raise ValueError(f"more than one JSON value: {text[position + 1 : position + 40]!r}")
