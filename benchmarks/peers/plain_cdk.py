"""A source that is nothing but a manifest, run as the CDK runs it: python plain_cdk.py read --config F --catalog F."""

import json
import sys
from pathlib import Path

import yaml
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource


def main() -> None:
    """Read what the arguments say."""
    arguments = sys.argv[1:]
    config, catalog = AirbyteEntrypoint.extract_config(arguments), AirbyteEntrypoint.extract_catalog(arguments)
    source = ConcurrentDeclarativeSource(
        source_config=yaml.safe_load(Path(__file__).with_name("plain_manifest.yaml").read_text()),
        config=json.loads(Path(str(config)).read_text()),
        catalog=ConfiguredAirbyteCatalogSerializer.load(json.loads(Path(str(catalog)).read_text())),
        state=None,
    )
    launch(source, arguments)


if __name__ == "__main__":
    main()
