"""The configuration's fields, each with what it takes, and the sentence for what it does not take.

In: the configuration as JSON gave it; out: the fields that are set. Raises ConfigError that names the field, its value
and what would be right, never the token. A field that nobody knows is an error, with the name that was probably meant;
platforms add fields of their own, which begin with two underscores.
"""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from destination_duckdb.errors import ConfigError

_PLATFORMS_OWN = "__"
_SHOWN = 60
SIZE_PATTERN = r"(?P<number>\d+(?:\.\d+)?) ?(?P<prefix>[KMGT])(?P<binary>i)?B"


@dataclass(frozen=True, slots=True)
class _Text:
    """A string that matches *pattern*; *fault* says what it is not, *right* how to write it."""

    pattern: str
    fault: str
    right: str
    is_secret: bool = False

    def problem(self, value: object) -> str | None:
        """Return what is wrong with *value*."""
        if not isinstance(value, str):
            return "is not a string: write it in quotes"
        return None if re.fullmatch(self.pattern, value, re.DOTALL) else f"{self.fault}: {self.right}"


@dataclass(frozen=True, slots=True)
class _Number:
    """A whole number from *low* to *high*."""

    low: int
    high: int | None = None
    is_secret: bool = False

    def problem(self, value: object) -> str | None:
        """Return what is wrong with *value*."""
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return f"is not a whole number: write it as {int(value)}, without quotes"
        allowed = f"choose {self.low} {'or more' if self.high is None else f'to {self.high}'}"
        if not isinstance(value, int) or isinstance(value, bool):
            return f"is not a whole number: {allowed}"
        return (
            None if self.low <= value <= (value if self.high is None else self.high) else f"is out of range: {allowed}"
        )


_FIELDS: Mapping[str, _Text | _Number] = {
    "destination_path": _Text(r"[^\x00]+", "is not a path", "write it as mixpanel.duckdb, or md:<database>"),
    "schema": _Text(r".+", "is empty", "give it a name, or leave it out for main"),
    "motherduck_api_key": _Text(r".*", "", "", is_secret=True),
    "storage_compatibility": _Text(
        r"v\d+\.\d+\.\d+|latest", "is not a version of DuckDB", "write it as v1.4.0, or latest"
    ),
    "object_type": _Text(r"json|variant", "is unknown", "choose json or variant"),
    "memory_limit": _Text(SIZE_PATTERN, "is not a size", "write it as 300MB or 4GB"),
    "threads": _Number(1, 256),
    "max_uncommitted_mb": _Number(1),
    "max_record_mb": _Number(1, 1024),
}
_REQUIRED = "destination_path"


def checked_fields(document: Any) -> dict[str, Any]:
    """Return the fields of *document* that are set; null means unset."""
    if not isinstance(document, dict):
        raise ConfigError('it is not a JSON object: write it as {"destination_path": …}.')
    for name in document:
        if name not in _FIELDS and not name.startswith(_PLATFORMS_OWN):
            raise ConfigError(f"there is no field {_shown(name)}: {_advice(name)}")
    fields = {name: value for name in _FIELDS if (value := document.get(name)) is not None}
    if _REQUIRED not in fields:
        raise ConfigError(f"it has no {_REQUIRED}: add the path of the DuckDB file.")
    for name, value in fields.items():
        if problem := _FIELDS[name].problem(value):
            shown = name if _FIELDS[name].is_secret else f"{name} {_quoted(value)}"
            raise ConfigError(f"{shown} {problem}.")
    return fields


def _advice(name: str) -> str:
    near = difflib.get_close_matches(name.lower().replace("-", "_"), _FIELDS, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(_FIELDS))}."


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w-]{1,60}", name) else repr(name[:_SHOWN])


def _quoted(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
