"""The configured catalog: the streams of a sync, and how each is to be written.

In: the bytes of the catalog file. Out: one WritePlan a stream, in the catalog's order. Raises ConfigError that
names the stream and the field. Never looks at the database.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from destination_duckdb.errors import ConfigError


class SyncMode(enum.Enum):
    """What a sync does to existing rows."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    APPEND_DEDUP = "append_dedup"


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A stream descriptor, in the protocol's words."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.namespace is None else f"{self.namespace}.{self.name}"


@dataclass(frozen=True, slots=True)
class WritePlan:
    """How one stream is to be written."""

    key: StreamKey
    properties: Mapping[str, object]
    sync_mode: SyncMode
    primary_key: tuple[str, ...]
    cursor: str | None
    generation_id: int
    minimum_generation_id: int
    sync_id: int

    @property
    def is_truncate(self) -> bool:
        """Whether rows of earlier generations are removed once this sync is complete."""
        without_generations = self.generation_id == 0 and self.sync_mode is SyncMode.OVERWRITE
        return without_generations or 0 < self.minimum_generation_id == self.generation_id

    @property
    def has_unknown_cursor(self) -> bool:
        """Whether rows should be ordered by a field that is missing from the schema."""
        is_dedup = self.sync_mode is SyncMode.APPEND_DEDUP
        return is_dedup and self.cursor is not None and self.cursor not in self.properties


class _Stream(msgspec.Struct, rename={"default_cursor": "default_cursor_field"}):
    name: str
    json_schema: dict[str, Any] = {}
    namespace: str | None = None
    source_defined_primary_key: list[list[str]] | None = None
    default_cursor: list[str] | None = None


class _ConfiguredStream(msgspec.Struct):
    stream: _Stream
    destination_sync_mode: SyncMode = SyncMode.APPEND
    primary_key: list[list[str]] | None = None
    cursor_field: list[str] | None = None
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None


class _Catalog(msgspec.Struct):
    streams: list[_ConfiguredStream]


def parse_catalog(text: bytes) -> list[WritePlan]:
    """Return the plans of a configured catalog."""
    try:
        catalog = msgspec.json.decode(text, type=_Catalog)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"The file given as --catalog is not a configured catalog: {error}.") from error
    plans = [_plan(configured) for configured in catalog.streams]
    seen: set[StreamKey] = set()
    for plan in plans:
        if plan.key in seen:
            raise ConfigError(f"The catalog names the stream {plan.key} twice: keep one of them.")
        seen.add(plan.key)
    return plans


def _plan(configured: _ConfiguredStream) -> WritePlan:
    stream = configured.stream
    key = StreamKey(stream.namespace or None, stream.name)
    cursor_path = configured.cursor_field or stream.default_cursor or []
    plan = WritePlan(
        key=key,
        properties=_properties(key, stream.json_schema),
        sync_mode=configured.destination_sync_mode,
        primary_key=_primary_key(key, configured.primary_key or stream.source_defined_primary_key or []),
        cursor=next(iter(cursor_path), None),
        generation_id=configured.generation_id or 0,
        minimum_generation_id=configured.minimum_generation_id or 0,
        sync_id=configured.sync_id or 0,
    )
    _refuse_impossible(plan)
    if plan.sync_mode is SyncMode.APPEND_DEDUP and len(cursor_path) > 1:
        raise ConfigError(
            f"Stream {key}: the cursor {'.'.join(cursor_path)!r} is nested: choose a field of the top level."
        )
    return plan


def _properties(key: StreamKey, schema: Mapping[str, Any]) -> Mapping[str, object]:
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise ConfigError(f"Stream {key}: `properties` of its json_schema is not an object.")
    return properties


def _primary_key(key: StreamKey, paths: list[list[str]]) -> tuple[str, ...]:
    for path in paths:
        if len(path) != 1:
            raise ConfigError(
                f"Stream {key}: the primary key {'.'.join(path)!r} is nested: choose fields of the top level."
            )
    return tuple(path[0] for path in paths)


def _refuse_impossible(plan: WritePlan) -> None:
    if 0 < plan.minimum_generation_id != plan.generation_id:
        raise ConfigError(
            f"Stream {plan.key}: minimum_generation_id {plan.minimum_generation_id} is neither 0 nor generation_id"
            f" {plan.generation_id}: this destination keeps either all generations or only the newest."
        )
    if plan.sync_mode is not SyncMode.APPEND_DEDUP:
        return
    if not plan.primary_key:
        raise ConfigError(f"Stream {plan.key}: append_dedup needs a primary key: name one, or choose append.")
    for name in plan.primary_key:
        if name not in plan.properties:
            raise ConfigError(f"Stream {plan.key}: the primary key {name!r} is not in its json_schema.")
