"""One declared stream made into the CDK's: its retriever, its schema, and our cursor.

In: a stream's definition from the manifest; out: a `DefaultStream`. The CDK's own factory would give it a cursor that
keeps one date, see components/finished_ranges_cursor.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteStream
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative.models.declarative_component_schema import (
    CustomPartitionRouter,
    CustomRetriever,
    JsonFileSchemaLoader,
)
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.declarative.schema.caching_schema_loader_decorator import (
    CachingSchemaLoaderDecorator,
)
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import (
    DeclarativePartitionFactory,
    StreamSlicerPartitionGenerator,
)
from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from source_mixpanel_parallel.components.connection_slots import ConnectionSlots
from source_mixpanel_parallel.components.event_time import EventTime
from source_mixpanel_parallel.components.quota import Quota
from source_mixpanel_parallel.components.spool import SpoolLedger
from source_mixpanel_parallel.settings import Settings
from source_mixpanel_parallel.window_planner import MAX_CONNECTIONS

# Answers decoded at the same time: one holds the interpreter's lock while another decompresses. More would only fight
# for the lock, and each holds megabytes.
DECODERS = 2


class ResumableStream(DefaultStream):
    """A stream whose read can go on after a break, even where it has no cursor field."""

    def as_airbyte_stream(self) -> AirbyteStream:
        """Describe the stream for the catalog."""
        stream = super().as_airbyte_stream()
        stream.is_resumable = True
        return stream


class StreamComposer:
    """Composes the streams of one read; what they share is made once, here."""

    def __init__(
        self,
        factory: ModelToComponentFactory,
        config: Mapping[str, Any],
        settings: Settings,
        states: ConnectorStateManager,
        budget: AbstractAPIBudget,
        stop: threading.Event,
        configured: Mapping[str, ConfiguredAirbyteStream],
    ) -> None:
        self._factory = factory
        self._config = config
        self._settings = settings
        self._states = states
        self._stop = stop
        self._configured = configured
        self._clock = EventTime(settings.timezone if settings.legacy_timestamps else None)
        self._ledger = SpoolLedger(settings.spool_limit_bytes, stop)
        self._turn = threading.Semaphore(DECODERS)
        self._page_turn = threading.Semaphore()
        self._quotas = {name: Quota(name, budget, stop) for name in ("export", "query")}
        self._slots = {
            "export": ConnectionSlots(settings.num_workers or MAX_CONNECTIONS, stop),
            "query": ConnectionSlots(settings.profile_workers, stop),
        }
        self._slots["query"].provide(settings.profile_workers)

    def compose(self, definition: Mapping[str, Any]) -> DefaultStream:
        """Return the stream that *definition* declares."""
        name = definition["name"]
        retriever_definition = deepcopy(definition["retriever"])
        cursor_definition = retriever_definition.pop("partition_router")
        parameters = retriever_definition.get("$parameters", {})
        quota = parameters["quota"]
        cursor = self._factory.create_component(
            CustomPartitionRouter,
            cursor_definition,
            self._config,
            stream_name=name,
            settings=self._settings,
            stream_state=self._states.get_stream_state(name, None),
            filters=self._settings.filters.get(name, {}),
            configured=self._configured.get(name),
            slots=self._slots[quota],
            stop=self._stop,
        )
        retriever = self._factory.create_component(
            CustomRetriever,
            retriever_definition,
            self._config,
            name=name,
            settings=self._settings,
            cursor=cursor,
            quota=self._quotas[quota],
            clock=self._clock,
            ledger=self._ledger,
            turn=self._turn,
            page_turn=self._page_turn,
            stop=self._stop,
        )
        schema_loader = CachingSchemaLoaderDecorator(
            self._factory.create_component(JsonFileSchemaLoader, definition["schema_loader"], self._config)
        )
        partitions = DeclarativePartitionFactory(name, schema_loader, retriever, self._factory.get_message_repository())
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
