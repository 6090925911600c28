"""What the command's options name: config, catalog and state, each read exactly once.

In: the parsed arguments and the environment; out: `Inputs`. Once, so that a pipe serves as well as a file, and `-` for
stdin: the CDK would open each of them several times. Nothing of them is written anywhere. Raises ConfigError, which
names the option and the file.
"""

from __future__ import annotations

import codecs
import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)
from serpyco_rs import SchemaValidationError, ValidationError

from source_mixpanel_parallel.config.check import tidy
from source_mixpanel_parallel.config.environment import with_environment
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.errors import ConfigError

OPTIONS = ("config", "catalog", "state")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The documents of one command; None where it was given none."""

    origin: str = ""
    config: Mapping[str, Any] | None = None
    catalog: ConfiguredAirbyteCatalog | None = None
    state: list[AirbyteStateMessage] | None = None

    def check_config(self) -> None:
        """Raise ConfigError for what is wrong with the config, and say which file it is."""
        if self.config is None:
            return
        try:
            Settings.from_config(self.config)
        except ConfigError as error:
            raise ConfigError(f"{self.origin}: {error}") from error


def read_inputs(arguments: Namespace, environment: Mapping[str, str]) -> Inputs:
    """Read what *arguments* name; *environment* fills in what the config leaves out."""
    paths = {name: path for name in OPTIONS if (path := getattr(arguments, name, None))}
    from_stdin = [f"--{name} {STDIN}" for name, path in paths.items() if path == STDIN]
    if len(from_stdin) > 1:
        raise ConfigError(f"{' and '.join(from_stdin)}: stdin can be read only once, give all but one as files")
    documents = {name: _document(f"--{name} {path}", path) for name, path in paths.items()}
    config = documents.get("config")
    if "config" in documents and not isinstance(config, dict):
        raise ConfigError(f'--config {paths["config"]} is not a JSON object: write it as {{"credentials": …}}')
    return Inputs(
        origin=f"--config {paths.get('config')}",
        config=None if config is None else tidy(with_environment(config, environment)),
        catalog=_catalog(f"--catalog {paths['catalog']}", documents["catalog"]) if "catalog" in documents else None,
        state=_state(f"--state {paths['state']}", documents["state"]) if "state" in documents else None,
    )


def _document(origin: str, path: str) -> Any:
    try:
        content = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{origin}: no such file") from error
    except OSError as error:
        raise ConfigError(f"{origin} can't be read: {error.strerror}") from error
    if not content.strip():
        raise ConfigError(f"{origin} is empty: it must be JSON")
    try:
        return json.loads(content.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        raise ConfigError(f"{origin} is not JSON: {error}") from error


def _catalog(origin: str, document: Any) -> ConfiguredAirbyteCatalog:
    try:
        return ConfiguredAirbyteCatalogSerializer.load(document)
    except ValidationError as error:
        raise ConfigError(f"{origin} is not a configured catalog: {_first_fault(error)}") from error


def _state(origin: str, document: Any) -> list[AirbyteStateMessage]:
    if not document:  # platforms give {} where there is none yet
        return []
    if not isinstance(document, list):
        raise ConfigError(f"{origin} is not a list of states: destination-duckdb state prints one")
    states = []
    for index, each in enumerate(document):
        try:
            state = AirbyteStateMessageSerializer.load(each)
        except ValidationError as error:
            fault = _first_fault(error)
            raise ConfigError(f"{origin}: state {index + 1} does not match the protocol: {fault}") from error
        if not (state.stream or state.data or state.global_):
            raise ConfigError(f"{origin}: state {index + 1} names no stream: remove it")
        states.append(state)
    return states


def _first_fault(error: ValidationError) -> str:
    """Return what the protocol's classes say of the first fault, in one line."""
    if not isinstance(error, SchemaValidationError):
        return str(error)
    first = error.errors[0]
    message = "it is of the wrong type" if first.message.startswith("TypeError") else first.message
    return f"at {first.instance_path or 'the top'}: {message}"
