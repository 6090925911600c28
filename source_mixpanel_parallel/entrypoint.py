"""The CDK's entrypoint, on documents that are read and checked already.

In: the source and its `Inputs`; out: messages. The CDK's own would open the config's file once more, which a pipe does
not allow.
"""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import is_platform_debug_log_enabled
from airbyte_cdk.models import AirbyteConnectionStatus, AirbyteLogMessage, AirbyteMessage, Level, Status, Type

from source_mixpanel_parallel.config.inputs import Inputs
from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.log_lines import check_line
from source_mixpanel_parallel.source import SourceMixpanelParallel


class Entrypoint(AirbyteEntrypoint):
    """Runs one command of the protocol."""

    source: SourceMixpanelParallel

    def __init__(self, source: SourceMixpanelParallel, inputs: Inputs) -> None:
        super().__init__(source)
        self.inputs = inputs

    def run(self, parsed_args: Namespace) -> Iterable[str]:
        """Yield the messages of `spec`, `check` or `discover`."""
        if parsed_args.command == "spec":
            yield from super().run(parsed_args)
            return
        config = self.configured(parsed_args)
        command = self.check if parsed_args.command == "check" else self.discover
        yield from map(self.airbyte_message_to_string, command(self.source.spec(self.logger), config))

    def configured(self, arguments: Namespace) -> Mapping[str, Any]:
        """Do as the CDK does before a command: set the log's level, complete the config, hide its secrets."""
        if arguments.debug or is_platform_debug_log_enabled():
            logging.getLogger("airbyte").setLevel(logging.DEBUG)
        config = self.source.completed_config
        self.set_up_secret_filter(config, self.source.spec(self.logger).connectionSpecification)
        return config


def failed_check(error: ConfigError) -> bytes:
    """Return the lines of a `check` where the config can't work: the code, and the status."""
    log = AirbyteLogMessage(level=Level.INFO, message=check_line(error.code))
    status = AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
    messages = [
        AirbyteMessage(type=Type.LOG, log=log),
        AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status),
    ]
    return b"".join(AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n" for message in messages)
