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
from destination_duckdb.protocol.json_schema import root_properties

# The names that lead to a field, from the top level down.
FieldPath = tuple[str, ...]


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
    """How one stream is to be written; key and cursor are those of append_dedup, the other modes have none."""

    key: StreamKey
    properties: Mapping[str, object]
    sync_mode: SyncMode
    primary_key: tuple[FieldPath, ...]
    cursor: FieldPath | None
    generation_id: int
    minimum_generation_id: int
    sync_id: int

    @property
    def is_truncate(self) -> bool:
        """Whether rows of earlier generations are removed once this sync is complete."""
        without_generations = self.generation_id == 0 and self.sync_mode is SyncMode.OVERWRITE
        return without_generations or 0 < self.minimum_generation_id == self.generation_id


class _Stream(msgspec.Struct, rename={"default_cursor": "default_cursor_field"}):
    name: str
    json_schema: dict[str, Any] = {}
    namespace: str | None = None
    source_defined_primary_key: Any = None
    default_cursor: Any = None


class _ConfiguredStream(msgspec.Struct):
    stream: _Stream
    destination_sync_mode: SyncMode = SyncMode.APPEND
    primary_key: Any = None
    cursor_field: Any = None
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
    is_dedup = configured.destination_sync_mode is SyncMode.APPEND_DEDUP
    plan = WritePlan(
        key=key,
        properties=_properties(key, stream.json_schema),
        sync_mode=configured.destination_sync_mode,
        primary_key=_primary_key(key, configured) if is_dedup else (),
        cursor=_cursor(key, configured) if is_dedup else None,
        generation_id=configured.generation_id or 0,
        minimum_generation_id=configured.minimum_generation_id or 0,
        sync_id=configured.sync_id or 0,
    )
    _refuse_impossible(plan)
    return plan


def _properties(key: StreamKey, schema: Mapping[str, Any]) -> Mapping[str, object]:
    try:
        return root_properties(schema)
    except ValueError as error:
        raise ConfigError(f"Stream {key}: in its json_schema, {error}.") from error


def _primary_key(key: StreamKey, configured: _ConfiguredStream) -> tuple[FieldPath, ...]:
    value = configured.primary_key or configured.stream.source_defined_primary_key or []
    try:
        paths = msgspec.convert(value, list[list[str] | str])
    except msgspec.ValidationError as error:
        raise ConfigError(f"Stream {key}: its primary key is not a list of field paths: {error}.") from error
    return tuple((path,) if isinstance(path, str) else tuple(path) for path in paths if path)


def _cursor(key: StreamKey, configured: _ConfiguredStream) -> FieldPath | None:
    value = configured.cursor_field or configured.stream.default_cursor or []
    try:
        path = msgspec.convert(value, list[str] | str)
    except msgspec.ValidationError as error:
        raise ConfigError(f"Stream {key}: its cursor is not a field path: {error}.") from error
    return ((path,) if isinstance(path, str) else tuple(path)) or None


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
    for path in plan.primary_key:
        if path[0] not in plan.properties:
            raise ConfigError(f"Stream {plan.key}: the primary key {'.'.join(path)!r} is not in its json_schema.")
