"""The properties of composed schemas (airbyte 942, 18357, 4611)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_duckdb.protocol.json_schema import root_properties

ID, TEXT = {"type": "integer"}, {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "properties"),
    [
        ({}, {}),
        ({"properties": {"id": ID}}, {"id": ID}),
        ({"$ref": "#/$defs/row", "$defs": {"row": {"properties": {"id": ID}}}}, {"id": ID}),
        ({"$ref": "#/$defs/a~1b~0", "$defs": {"a/b~": {"properties": {"id": ID}}}}, {"id": ID}),
        ({"allOf": [{"properties": {"id": ID}}, {"properties": {"s": TEXT}}]}, {"id": ID, "s": TEXT}),
        ({"oneOf": [{"properties": {"id": ID}}, {"properties": {"id": TEXT}}]}, {"id": {"anyOf": [ID, TEXT]}}),
        ({"properties": {"id": ID}, "anyOf": [{"required": ["id"]}, {"properties": {"id": ID}}]}, {"id": ID}),
        ({"$ref": "#"}, {}),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}], "properties": {"id": ID}}}},
            {"id": ID},
        ),
        ({"$ref": "https://example.com/row.json", "properties": {"id": ID}}, {"id": ID}),
        ({"$ref": "#/$defs/none"}, {}),
        ({"allOf": "odd", "$ref": 7, "properties": {"id": True}}, {"id": True}),
    ],
)
def test_root_properties(schema: dict[str, Any], properties: dict[str, Any]) -> None:
    assert root_properties(schema) == properties


PROPERTIES = st.dictionaries(st.text(max_size=3), st.sampled_from([ID, TEXT]), max_size=3)
SCHEMAS = st.recursive(
    st.builds(lambda properties: {"properties": properties}, PROPERTIES),
    lambda inner: st.builds(
        lambda kind, options, properties: {kind: options, "properties": properties},
        st.sampled_from(["allOf", "anyOf", "oneOf"]),
        st.lists(inner, max_size=3),
        PROPERTIES,
    ),
    max_leaves=8,
)


def names(schema: dict[str, Any]) -> set[str]:
    """Return every property that the schema mentions."""
    options = [option for kind in ("allOf", "anyOf", "oneOf") for option in schema.get(kind, [])]
    return set(schema["properties"]).union(*map(names, options))


@given(SCHEMAS)
def test_no_property_is_left_out(schema: dict[str, Any]) -> None:
    assert set(root_properties(schema)) == names(schema)


def test_root_properties_when_they_are_no_object() -> None:
    with pytest.raises(ValueError, match="is not an object"):
        root_properties({"anyOf": [{"properties": ["id"]}]})
