"""The parts of a sentence on a field of the config: where it is, its value, and what would be right.

In: the field's place, value and schema; out: text. Pure. No text holds a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from source_mixpanel_parallel.config.specification import properties_of

CREDENTIALS = "credentials"
PROJECT_ID = "project_id"
SHOWN = 60
SHOWN_NAMES = 3
# A project's number is short: what is longer may be a secret that was pasted into the wrong field.
SHOWN_OF_CREDENTIALS = 12


def allowed_range(schema: Mapping[str, Any]) -> str:
    """Return which numbers a field takes."""
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"{least} to {most}" if most is not None else f"{least} or more"


def right(value: object, schema: Mapping[str, Any], kind: str, place: str) -> str:
    """Return how to write a value that is not of its field's *kind*."""
    if place.endswith(PROJECT_ID):
        return "see Project Settings → Overview in Mixpanel"
    return _RIGHT[kind](value, schema)


def _whole_number(value: object, schema: Mapping[str, Any]) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        return f"write it as {int(value)}, without quotes"
    return f"choose {allowed_range(schema)}" if "minimum" in schema else "write digits only"


def _list(_value: object, schema: Mapping[str, Any]) -> str:
    of_objects = "properties" in schema["items"]
    return f"write it as {json.dumps([*schema.get('examples', ()), [{}] if of_objects else ['A', 'B']][0])}"


def _object(_value: object, schema: Mapping[str, Any]) -> str:
    names = [f'"{name}": …' for name in properties_of(schema) if name != "option_title"]
    return f"write it as {{{', '.join(names[:SHOWN_NAMES])}}}"


_RIGHT: Mapping[str, Callable[[object, Mapping[str, Any]], str]] = {
    "string": lambda _value, _schema: "write it in quotes",
    "integer": _whole_number,
    "boolean": lambda _value, _schema: "write it as true or false, without quotes",
    "array": _list,
    "object": _object,
}


def named(place: str, value: object) -> str:
    """Return the field with its value, where that is no secret and short enough to help."""
    if isinstance(value, (Mapping, list, tuple)):
        return place
    if place.startswith(CREDENTIALS):
        is_number = place.endswith(f".{PROJECT_ID}") and len(str(value)) <= SHOWN_OF_CREDENTIALS
        return f"{place} {value!r}" if is_number else place
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return f"{place} {shown if len(shown) <= SHOWN else shown[:SHOWN] + '…'}"


def inside(place: str, name: str) -> str:
    """Return the place of a field of the object at *place*."""
    return f"{place}.{name}" if place else name


def listed(names: Sequence[str], word: str) -> str:
    """Return *names* as a sentence has them: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
