"""The names of a config's fields: one that nobody knows is an error, with the name that was probably meant.

In: the config. Raises ConfigError. Platforms add fields of their own, which begin with two underscores; what JSON
Schema must leave open for them is closed here for everyone else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from source_mixpanel_parallel.config.sentence import SHOWN, inside, listed
from source_mixpanel_parallel.config.specification import config_schema, properties_of
from source_mixpanel_parallel.errors import ConfigError

PLATFORMS_OWN = "__"  # such as __injected_declarative_manifest
CDKS_OWN = {"_limit", "_page_size"}  # the CDK takes them out itself, for acceptance tests


def check_names(config: Mapping[str, Any]) -> None:
    """Raise ConfigError for the first field that nobody knows."""
    _check_names(config, config_schema(), "")


def _check_names(value: object, schema: Mapping[str, Any], place: str) -> None:
    if isinstance(value, list):
        for index, each in enumerate(value):
            _check_names(each, schema.get("items", {}), f"{place}[{index}]")
    known = properties_of(schema)
    if not isinstance(value, Mapping) or not known:
        return
    for name, inner in value.items():
        if name in known:
            _check_names(inner, known[name], inside(place, name))
        elif not name.startswith(PLATFORMS_OWN) and not (not place and name in CDKS_OWN):
            raise ConfigError(f"there is no field {inside(place, _shown_name(name))}: {_advice(name, place, known)}")


def _advice(name: str, place: str, known: Mapping[str, Any]) -> str:
    if elsewhere := [path for path in _paths() if path != inside(place, name) and path.split(".")[-1] == name]:
        return f"it belongs in {_parent(elsewhere[0])}"
    alike = name.lower().replace("-", "_").replace(" ", "_")
    if near := difflib.get_close_matches(alike, known, 1):
        return f"did you mean {near[0]}?"
    return f"there are {listed(sorted(known), 'and')}"


def _paths() -> Iterator[str]:
    """Yield the path of each field of the config and of its objects, without those of lists."""
    for name, field in properties_of(config_schema()).items():
        yield name
        yield from (f"{name}.{inner}" for inner in properties_of(field))


def _parent(path: str) -> str:
    parent, _, _ = path.rpartition(".")
    return parent or "the config itself, not in an object of it"


def _shown_name(name: str) -> str:
    return name if re.fullmatch(r"[\w-]{1,60}", name) else repr(name[:SHOWN])
