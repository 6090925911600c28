"""The spec's schema of the config, read from the manifest without the CDK.

Out: the JSON Schema as plain dicts, its `$ref`s followed. Cheap enough for a command that must respond immediately.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

DEFINITIONS = "#/definitions/"


@functools.cache
def config_schema() -> Mapping[str, Any]:
    """Return the JSON Schema that platforms make their form of."""
    import yaml  # noqa: PLC0415 - 40 ms that only a config costs

    text = resources.files("source_mixpanel_parallel").joinpath("manifest.yaml").read_bytes()
    manifest = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    schema: Mapping[str, Any] = _resolved(manifest["spec"]["connection_specification"], manifest["definitions"])
    return schema


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the fields of an object, those of all its kinds; empty where any field may be set."""
    kinds = [kind["properties"] for kind in schema.get("oneOf", ())]
    return {name: field for fields in [*kinds, schema.get("properties", {})] for name, field in fields.items()}


def _resolved(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    referred = definitions[node["$ref"].removeprefix(DEFINITIONS)] if "$ref" in node else {}
    # As the CDK does: what stands beside a reference adds to it.
    merged = {**referred, **{name: value for name, value in node.items() if name != "$ref"}}
    return {name: _resolved(value, definitions) for name, value in merged.items()}
