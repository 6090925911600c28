"""One read of the source, in this process: what it wrote, parsed, and how it ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessageSerializer
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from mixpanel_simulator import Simulator
from source_mixpanel_parallel.catalog import best_catalog
from source_mixpanel_parallel.source import SourceMixpanelParallel

LOGGER = logging.getLogger("airbyte")


@dataclass
class SourceRun:
    """The messages of one read, as JSON objects in order; *error* is what ended it, if it failed."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Return the data of a stream's records, in order."""
        return [m["record"]["data"] for m in self.messages if m["type"] == "RECORD" and m["record"]["stream"] == stream]

    def states(self, stream: str) -> list[dict[str, Any]]:
        """Return a stream's states, in order."""
        return [
            m["state"]["stream"]["stream_state"]
            for m in self.messages
            if m["type"] == "STATE" and m["state"]["stream"]["stream_descriptor"]["name"] == stream
        ]

    def last_state(self, stream: str) -> list[dict[str, Any]]:
        """Return what a state file would hold of a stream."""
        descriptor = {"name": stream}
        state = {"stream_descriptor": descriptor, "stream_state": self.states(stream)[-1]}
        return [{"type": "STREAM", "stream": state}]

    def reports(self, prefix: str, stream: str) -> list[dict[str, Any]]:
        """Return the documents of log lines that begin with *prefix*."""
        documents = [json.loads(text.removeprefix(prefix)) for text in self.logs() if text.startswith(prefix)]
        return [document for document in documents if document["stream"] == stream]

    def logs(self) -> list[str]:
        """Return the texts of all log messages."""
        return [m["log"]["message"] for m in self.messages if m["type"] == "LOG"]

    def status(self, stream: str) -> str:
        """Return a stream's last status."""
        statuses = [m["trace"]["stream_status"] for m in self.messages if "stream_status" in m.get("trace", {})]
        return str([status["status"] for status in statuses if status["stream_descriptor"]["name"] == stream][-1])

    def errors(self) -> list[str]:
        """Return the messages of all error traces."""
        return [m["trace"]["error"]["message"] for m in self.messages if "error" in m.get("trace", {})]

    def codes(self) -> list[str]:
        """Return the codes of all error traces."""
        traced = [m["trace"]["error"]["internal_message"] for m in self.messages if "error" in m.get("trace", {})]
        return [text.partition(": ")[0] for text in traced]


def config_for(simulator: Simulator, **fields: Any) -> dict[str, Any]:
    """Return a config that reads *simulator*'s whole range of days."""
    scenario = simulator.scenario
    return {
        "credentials": simulator.credentials,
        "start_date": str(scenario.first_day),
        "end_date": str(scenario.last_day),
        "endpoints": {"export": simulator.url, "query": simulator.url},
        **fields,
    }


def run_source(
    config: Mapping[str, Any],
    streams: Iterable[str] = ("events",),
    state: list[dict[str, Any]] | None = None,
    plain: bool = False,
    bare: bool = False,
    **configured: Any,
) -> SourceRun:
    """Read *streams*, each in its best mode but for what is *configured* otherwise in the catalog.

    *plain* goes through the CDK's own `read`, a message a record; *bare* makes the source without config and state,
    which it then gets with each command.
    """
    states = [AirbyteStateMessageSerializer.load(message) for message in state] if state else None
    source = SourceMixpanelParallel() if bare else SourceMixpanelParallel(config=config, state=states)
    run = SourceRun()
    try:
        catalog = best_catalog(source.discover(LOGGER, config))
        catalog.streams = [stream for stream in catalog.streams if stream.stream.name in set(streams)]
        for stream in catalog.streams:
            for name, value in configured.items():
                setattr(stream, name, value)
        read = source.read if plain else source.read_batches
        for item in read(LOGGER, config, catalog, states):
            run.messages += [json.loads(line) for line in _lines(item)]
    except AirbyteTracedException as error:
        run.error = error.message
    return run


def _lines(item: bytes | AirbyteMessage) -> list[bytes | str]:
    if isinstance(item, bytes):
        return list(item.split(b"\n")[:-1])
    if item.record:  # the CDK's serializer leaves nulls out
        record = {"stream": item.record.stream, "data": item.record.data, "emitted_at": item.record.emitted_at}
        return [json.dumps({"type": "RECORD", "record": record})]
    return [AirbyteEntrypoint.airbyte_message_to_string(item)]
