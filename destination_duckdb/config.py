"""The configuration: where the database is and what the destination may use.

In: the bytes of the configuration file, with the same names as the existing DuckDB destination, so that its
files work here; unknown fields are ignored. Out: a Config. Raises ConfigError that names the field. The MotherDuck
token appears in no repr.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from destination_duckdb.errors import ConfigError

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Config:
    """What a user chooses; the defaults are those of spec.json."""

    destination_path: str
    schema: str = "main"
    motherduck_api_key: str | None = field(default=None, repr=False)
    storage_compatibility: str | None = None
    object_type: Literal["json", "variant"] = "json"
    memory_limit: str = "300MB"
    threads: int | None = None
    max_uncommitted_mb: int = 2048
    max_record_mb: int = 256


_RULES = {
    "destination_path": r"[^\x00]+",
    "schema": r".+",
    "storage_compatibility": r"v\d+\.\d+\.\d+|latest",
    "memory_limit": r"\d+(\.\d+)? ?([KMGT]i?B)",
}
_RANGES = {"threads": (1, 256), "max_uncommitted_mb": (1, None), "max_record_mb": (1, 1024)}


def parse_config(text: bytes) -> Config:
    """Return the configuration in *text*."""
    try:
        config = msgspec.json.decode(text, type=Config)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"The file given as --config is not a configuration: {error}.") from error
    for name, pattern in _RULES.items():
        value = getattr(config, name)
        if value is not None and not re.fullmatch(pattern, value, re.DOTALL):
            raise ConfigError(f"Config field `{name}` is {value!r}: it must match {pattern}.")
    for name, (low, high) in _RANGES.items():
        number = getattr(config, name)
        if number is not None and (number < low or (high is not None and number > high)):
            raise ConfigError(f"Config field `{name}` is {number}: it must be {low} to {high or 'any number'}.")
    return config
