"""The source: the manifest made into streams, and their records into messages.

The CDK runs the slices in parallel; this composes each stream of its declared parts with a cursor of our own (which the
CDK can't make from a manifest), shares what streams share (quotas, connections), and turns what fetchers deliver into
Airbyte messages. Raises AirbyteTracedException with the user's next step.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    Status,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.models.declarative_component_schema import HTTPAPIBudget, HttpRequester
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from source_mixpanel_parallel.components.finished_ranges_cursor import FinishedRangesCursor, announce_long_plans
from source_mixpanel_parallel.components.secret_filter import hide_encoded_credentials
from source_mixpanel_parallel.components.traced import traced
from source_mixpanel_parallel.config_check import tidy
from source_mixpanel_parallel.connection_check import check_connection
from source_mixpanel_parallel.emission import Emission
from source_mixpanel_parallel.errors import ConfigError, SourceError
from source_mixpanel_parallel.record_messages import messages_of
from source_mixpanel_parallel.settings import Settings
from source_mixpanel_parallel.stream_composer import StreamComposer


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
        self._configured: dict[str, ConfiguredAirbyteStream] = {}
        self._settings: Settings
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
        self._configured = {configured.stream.name: configured for configured in catalog.streams}
        streams = self._select_streams(self.streams(config), catalog)
        cursors = {stream.name: stream.cursor for stream in streams}
        announce_long_plans(
            {name: each.plan for name, each in cursors.items() if isinstance(each, FinishedRangesCursor)}
        )
        emission = Emission({stream.name: stream for stream in streams})
        if streams:
            for message in self._concurrent_source.read(streams):
                yield from emission.handle(message)
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
        name = self._source_config["check"]["stream_names"][0]
        definition = next(stream for stream in self._source_config["streams"] if stream["name"] == name)
        export, identity = (
            self._constructor.create_component(HttpRequester, definition["retriever"][part], self._config, name=name)
            for part in ("requester", "identity_requester")
        )
        try:
            return check_connection(export, identity, self._config, Settings.from_config(self._config))
        except ConfigError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))

    @property
    def completed_config(self) -> Mapping[str, Any]:
        """The config, with what the manifest adds to it."""
        return self._config

    def _lacks(self, config: Mapping[str, Any]) -> bool:
        return bool(config) and not self._config

    def _prepare_for_stream_build(self) -> None:
        credentials = self._config.get("credentials", {})
        hide_encoded_credentials(credentials)
        if "api_secret" in credentials:
            self.logger.warning("Mixpanel retires project secrets on 2027-03-03: use a service account instead.")
        # Before the manifest's dynamic streams are made, whose names the settings check; once, so that all streams of
        # a read have the same today.
        try:
            self._settings = Settings.from_config(self._config)
        except SourceError as error:
            raise traced(error) from error
        super()._prepare_for_stream_build()

    def _create_streams(
        self, selected_configs: list[dict[str, Any]], all_configs: list[dict[str, Any]]
    ) -> list[AbstractStream]:
        try:
            budget = self._constructor.create_component(HTTPAPIBudget, self._source_config["api_budget"], self._config)
            composer = StreamComposer(
                self._constructor,
                self._config,
                self._settings,
                self._connector_state_manager,
                budget,
                self.stop,
                self._configured,
            )
            return [composer.compose(definition) for definition in selected_configs]
        except SourceError as error:
            raise traced(error) from error


def _counts_records(record: logging.LogRecord) -> bool:
    # The CDK counts the items of its queue, which are windows and pages here: "Read 5 records" would mislead.
    return not str(record.msg).startswith("Read ")
