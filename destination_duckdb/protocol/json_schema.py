"""A stream's JSON Schema → the schemas of its properties.

In: the json_schema of a stream. Out: the schema of each property at the top level, also where the root is composed of
others (`$ref` within the document, `allOf`, `anyOf`, `oneOf`; airbyte 942, 18357, 4611). A property that parts of the
root describe differently may be any of them. Raises ValueError where the document is no JSON Schema of an object.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_COMPOSITIONS = ("allOf", "anyOf", "oneOf")


def root_properties(schema: Mapping[str, Any]) -> dict[str, object]:
    """Return the schema of each property, in the order of the document."""
    found: dict[str, list[object]] = {}
    for properties in _parts(schema, schema, frozenset()):
        for name, each in properties.items():
            alternatives = found.setdefault(name, [])
            if each not in alternatives:
                alternatives.append(each)
    return {name: each[0] if len(each) == 1 else {"anyOf": each} for name, each in found.items()}


def _parts(root: Mapping[str, Any], schema: object, seen: frozenset[str]) -> Iterator[Mapping[str, object]]:
    """Yield the `properties` of *schema* and of all that it refers to or is composed of."""
    if not isinstance(schema, Mapping):
        return
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        yield properties
    elif properties is not None:
        raise ValueError("`properties` is not an object")
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        yield from _parts(root, _referred(root, reference), seen | {reference})
    for composition in _COMPOSITIONS:
        options = schema.get(composition)
        for option in options if isinstance(options, list) else []:
            yield from _parts(root, option, seen)


def _referred(root: Mapping[str, Any], reference: str) -> object:
    """Return what a `$ref` such as `#/definitions/row` points to (RFC 6901); None outside of the document."""
    document, _, pointer = reference.partition("#")
    if document:
        return None
    place: object = root
    for part in pointer.split("/")[1:]:
        if not isinstance(place, Mapping):
            return None
        place = place.get(part.replace("~1", "/").replace("~0", "~"))
    return place
