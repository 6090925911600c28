"""The source: the manifest made into streams, and their records into messages.

The CDK runs the slices in parallel; this composes each stream of its declared parts with a cursor of our own (which the
CDK can't make from a manifest), shares what streams share (quotas, connections), and turns what fetchers deliver into
Airbyte messages. Raises AirbyteTracedException with the user's next step.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.models.declarative_component_schema import HTTPAPIBudget, HttpRequester
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from source_mixpanel_parallel.components.events.cursor import FinishedRangesCursor, announce_long_plans
from source_mixpanel_parallel.components.http.secret_filter import hide_encoded_credentials
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.config.check import tidy
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.connection_check import check_connection, check_result
from source_mixpanel_parallel.emission.emission import Emission
from source_mixpanel_parallel.emission.record_messages import messages_of
from source_mixpanel_parallel.errors import ConfigError, SourceError
from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots
from source_mixpanel_parallel.rate_limits.limits import PLANNED_CONNECTIONS
from source_mixpanel_parallel.rate_limits.quotas import Quotas
from source_mixpanel_parallel.stream_composer import StreamComposer
from source_mixpanel_parallel.traced import traced


class SourceMixpanelParallel(ConcurrentDeclarativeSource):
    """Airbyte source for Mixpanel; any tool that drives a CDK source can drive it.

    A manifest's source needs its config from the start. Made without one, as `airbyte-cdk connector test` makes it, it
    leaves each command to a source that is made with the command's.
    """

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        manifest = resources.files("source_mixpanel_parallel").joinpath("manifest.yaml").read_bytes()
        given = tidy(config) if config else config
        super().__init__(catalog=catalog, config=given, state=state, source_config=safe_load_yaml(manifest))
        self.stop = threading.Event()
        self._states = ConnectorStateManager(state=state)
        self._catalog: ConfiguredAirbyteCatalog | None = None  # that of the read under way
        self._built: dict[str, AbstractStream] = {}
        self.logger.addFilter(_counts_records)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Yield every record as a message of its own."""
        for item in self.read_batches(logger, config, catalog, state):
            if isinstance(item, bytes):
                yield from messages_of(item)
            else:
                yield item

    def read_batches(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[bytes | AirbyteMessage]:
        """Yield the same as `read`, but records as batches of RECORD lines: many times faster."""
        if self._lacks(config):
            yield from SourceMixpanelParallel(catalog, config, state).read_batches(logger, config, catalog, state)
            return
        self._catalog = catalog
        emission = Emission(self._built)
        try:
            for message in super().read(logger, config, catalog, state):
                yield from emission.handle(message)
        except AirbyteTracedException as error:
            raise emission.last_error(error) from error
        yield from emission.finish()

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        """List the streams, those that the config declares too."""
        if self._lacks(config):
            return SourceMixpanelParallel(config=config).discover(logger, config)
        return super().discover(logger, config)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Say in a sentence whether the config works, with one cheap request."""
        if self._lacks(config):
            return SourceMixpanelParallel(config=config).check(logger, config)
        hide_encoded_credentials(self._config.get("credentials", {}))
        name = self.resolved_manifest["check"]["stream_names"][0]
        definition = next(stream for stream in self.resolved_manifest["streams"] if stream["name"] == name)
        export, identity = (
            self._constructor.create_component(HttpRequester, definition["retriever"][part], self._config, name=name)
            for part in ("requester", "identity_requester")
        )
        try:
            problem = check_connection(export, identity, self._config, Settings.from_config(self._config))
        except ConfigError as error:
            problem = error
        return check_result(problem, logger)

    @property
    def completed_config(self) -> Mapping[str, Any]:
        """The config, with what the manifest adds to it."""
        return self._config

    def _lacks(self, config: Mapping[str, Any]) -> bool:
        return bool(config) and not self._config

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """Return every stream that manifest and config declare; with a catalog, those that it selects."""
        credentials = self._config.get("credentials", {})
        hide_encoded_credentials(credentials)
        if "api_secret" in credentials:
            self.logger.warning("Mixpanel retires project secrets on 2027-03-03: use a service account instead.")
        try:
            # Before the dynamic streams are made, whose names the settings check; once, so that all have one today.
            settings = Settings.from_config(self._config)
            streams = self._composed(settings, [*self.resolved_manifest["streams"], *self.dynamic_streams])
        except SourceError as error:
            raise traced(error) from error
        self._built.clear()
        self._built.update({stream.name: stream for stream in streams})
        cursors = {name: stream.cursor for name, stream in self._built.items()}
        if self._catalog:
            announce_long_plans(
                {name: each.plan for name, each in cursors.items() if isinstance(each, FinishedRangesCursor)}
            )
        return streams

    def _composed(self, settings: Settings, definitions: Sequence[Mapping[str, Any]]) -> list[AbstractStream]:
        budget = self._constructor.create_component(HTTPAPIBudget, self.resolved_manifest["api_budget"], self._config)
        slots = {
            "export": ConnectionSlots(settings.num_workers or PLANNED_CONNECTIONS, self.stop),
            "query": ConnectionSlots(settings.profile_workers, self.stop),
        }
        slots["query"].provide(settings.profile_workers)
        composer = StreamComposer(
            self._config,
            ReadContext.begin(settings, self.stop),
            Quotas(budget, slots, self.stop),
            self._states,
            self._catalog,
            self._constructor.get_message_repository(),
        )
        names = {configured.stream.name for configured in self._catalog.streams} if self._catalog else None
        return [
            composer.stream(definition) for definition in definitions if names is None or definition["name"] in names
        ]


def _counts_records(record: logging.LogRecord) -> bool:
    # The CDK counts the items of its queue, which are windows and pages here: "Read 5 records" would mislead.
    return not str(record.msg).startswith("Read ")
