"""The manifest's streams made into the CDK's.

Streams of events and profiles are composed of their declared parts and a cursor of ours: the CDK's own factory would
give them one that keeps a single date, see components/events/cursor.py. Any other stream is plain YAML, and
the factory makes all of it; its requests wait in the same quotas.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative.interpolation import InterpolatedString
from airbyte_cdk.sources.declarative.models.declarative_component_schema import (
    CustomPartitionRouter,
    CustomRetriever,
    DeclarativeStream,
    JsonFileSchemaLoader,
    StateDelegatingStream,
)
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.declarative.schema.caching_schema_loader_decorator import (
    CachingSchemaLoaderDecorator,
)
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import (
    DeclarativePartitionFactory,
    StreamSlicerPartitionGenerator,
)
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from source_mixpanel_parallel.components.http.stream_budget import StreamBudget
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.rate_limits.quotas import Quotas


class ResumableStream(DefaultStream):
    """A stream whose read can go on after a break, even where it has no cursor field."""

    def as_airbyte_stream(self) -> AirbyteStream:
        """Describe the stream for the catalog."""
        stream = super().as_airbyte_stream()
        stream.is_resumable = True
        return stream


def is_composed(definition: Mapping[str, Any]) -> bool:
    """Tell whether *definition* names a cursor of ours, so that it is no plain stream."""
    return bool(definition.get("retriever", {}).get("type") == "CustomRetriever")


class StreamComposer:
    """Composes the streams of one read; *messages* takes what plain streams log."""

    def __init__(
        self,
        config: Mapping[str, Any],
        context: ReadContext,
        quotas: Quotas,
        states: ConnectorStateManager,
        catalog: ConfiguredAirbyteCatalog | None,
        messages: MessageRepository,
    ) -> None:
        self._config = config
        self._context = context
        self._quotas = quotas
        self._states = states
        self._catalog = catalog
        self._configured = {each.stream.name: each for each in catalog.streams} if catalog else {}
        self._messages = messages
        self._factory = self._new_factory()

    def stream(self, definition: Mapping[str, Any]) -> AbstractStream:
        """Return the stream that *definition* declares."""
        return self._composed(definition) if is_composed(definition) else self._plain(definition)

    def _plain(self, definition: Mapping[str, Any]) -> AbstractStream:
        budget = StreamBudget(definition["name"], self._quotas, self._messages.emit_message, self._context.stop)
        kind = StateDelegatingStream if definition.get("type") == "StateDelegatingStream" else DeclarativeStream
        stream: AbstractStream = self._new_factory(budget).create_component(kind, dict(definition), self._config)
        return stream

    def _new_factory(self, budget: StreamBudget | None = None) -> ModelToComponentFactory:
        return ModelToComponentFactory(
            message_repository=self._messages,
            connector_state_manager=self._states,
            configured_catalog=self._catalog,
            api_budget=budget,  # type: ignore[arg-type] # sessions need the interface alone, AbstractAPIBudget
        )

    def _composed(self, definition: Mapping[str, Any]) -> AbstractStream:
        name = definition["name"]
        retriever_definition = deepcopy(definition["retriever"])
        cursor_definition = retriever_definition.pop("partition_router")
        quota = self._quota_of(retriever_definition)
        cursor = self._factory.create_component(
            CustomPartitionRouter,
            cursor_definition,
            self._config,
            stream_name=name,
            stream_state=self._states.get_stream_state(name, None),
            context=self._context,
            slots=self._quotas.slots(quota) if quota else None,
            configured=self._configured.get(name),
        )
        retriever = self._factory.create_component(
            CustomRetriever,
            retriever_definition,
            self._config,
            name=name,
            cursor=cursor,
            quota=self._quotas.named(quota) if quota else None,
            context=self._context,
        )
        schema_loader = CachingSchemaLoaderDecorator(
            self._factory.create_component(JsonFileSchemaLoader, definition["schema_loader"], self._config)
        )
        partitions = DeclarativePartitionFactory(name, schema_loader, retriever, self._messages)
        cursor_field = getattr(cursor, "cursor_field", None)
        stream = ResumableStream if getattr(cursor, "is_resumable", False) else DefaultStream
        return stream(
            partition_generator=StreamSlicerPartitionGenerator(partitions, cursor),
            name=name,
            json_schema=schema_loader.get_json_schema,
            primary_key=definition["primary_key"],
            cursor_field=CursorField(cursor_field) if cursor_field else None,
            logger=logging.getLogger(f"airbyte.{name}"),
            cursor=cursor,
        )

    def _quota_of(self, retriever: Mapping[str, Any]) -> str | None:
        """Return the name of the quota that the retriever's requests count in; None where it sends none."""
        if "requester" not in retriever:
            return None
        name: str = retriever["$parameters"]["quota"]
        url = InterpolatedString.create(retriever["requester"]["url"], parameters={}).eval(self._config)
        self._quotas.declare(name, url)
        return name
