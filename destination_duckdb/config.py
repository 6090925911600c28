"""The configuration: where the database is and what the destination may use.

In: the bytes of the configuration file, with the same names as the existing DuckDB destination, so that its
files work here; fields of others are ignored. Out: a Config. Raises ConfigError that names the field. The
MotherDuck token is in no repr and no message, nor is what a path carries behind a question mark.
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

    @property
    def is_motherduck(self) -> bool:
        """Whether the database lies at MotherDuck."""
        return self.destination_path.startswith(("md:", "motherduck:"))

    @property
    def shown_path(self) -> str:
        """The path as messages may name it."""
        return self.destination_path.partition("?")[0] if self.is_motherduck else self.destination_path

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold."""
        query = self.destination_path.partition("?")[2] if self.is_motherduck else ""
        tokens = [part.partition("=")[2] for part in query.split("&") if "token" in part.partition("=")[0].lower()]
        return tuple(secret for secret in (self.motherduck_api_key, *tokens) if secret)


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
