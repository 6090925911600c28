"""The configuration: where the database is and what the destination may use.

In: the bytes of the configuration file, with the same names as the existing DuckDB destination, so that its
files work here. Out: a Config. Raises ConfigError that names the field. The MotherDuck token appears in no repr.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from destination_duckdb.config_check import SIZE_PATTERN, checked_fields
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
    def memory_limit_mib(self) -> int:
        """Return `memory_limit` in MiB; KB is 1,000 bytes, KiB 1,024."""
        found = re.fullmatch(SIZE_PATTERN, self.memory_limit)
        assert found is not None, "checked_fields accepts no other form"
        power = "KMGT".index(found["prefix"]) + 1
        return int(float(found["number"]) * (1024 if found["binary"] else 1000) ** power) // MEGABYTE


def parse_config(text: bytes, environment: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration in *text*; *environment* may hold the token of MotherDuck."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"it is not JSON: {error}.") from error
    config = Config(**checked_fields(document))
    token = next((value for name, value in environment.items() if name.lower() == "motherduck_token" and value), None)
    return replace(config, motherduck_api_key=config.motherduck_api_key or token)
