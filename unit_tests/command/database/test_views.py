"""A view per event: names, columns and types, by the data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import duckdb
import pytest

from mixpanel_to_duckdb.database.property_types import property_types
from mixpanel_to_duckdb.database.views import View, slug, update_views

CREATE = """
CREATE TABLE events (_airbyte_meta JSON, event VARCHAR, time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR,
    properties JSON);
CREATE TABLE profiles (_airbyte_meta JSON, distinct_id VARCHAR, last_seen TIMESTAMP, properties JSON);
"""
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database with the streams' tables, in a zone that is not UTC."""
    with duckdb.connect() as opened:
        opened.execute(CREATE)
        opened.execute("SET TimeZone = 'America/New_York'")
        yield opened


def add(connection: duckdb.DuckDBPyConnection, event: str, **properties: Any) -> None:
    """Add one event."""
    add_text(connection, event, json.dumps(properties))


def add_text(connection: duckdb.DuckDBPyConnection, event: str, text: str) -> None:
    """Add one event whose properties are *text*."""
    connection.execute("INSERT INTO events VALUES (NULL, ?, ?, 'someone', 'id', ?)", [event, TIME, text])


def columns(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    """Return the types of a view's columns."""
    return {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{view}"').fetchall()}


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-2", "0"], "BIGINT"),
        (["9223372036854775807", "-9223372036854775808"], "BIGINT"),
        (["9223372036854775808", "1"], "HUGEINT"),
        (["123456789012345678901234567890", "1"], "HUGEINT"),
        (["1" + "0" * 60, "1"], "JSON"),
        (["1", "1.5"], "DOUBLE"),
        (["1e300", "-0.0"], "DOUBLE"),
        (["9007199254740992", "0.5"], "DOUBLE"),
        (["9007199254740993", "0.5"], "JSON"),
        (["true", "false"], "BOOLEAN"),
        (['"a"', '""'], "VARCHAR"),
        (['"2026-01-02T03:04:05"', '"2026-01-02T03:04:05.123456Z"', '"2026-01-02 03:04+02:00"'], "TIMESTAMPTZ"),
        (['"2026-01-02T03:04:05"', '"soon"'], "VARCHAR"),
        (['"2026-02-30T03:04:05"'], "VARCHAR"),
        (['"2026-01-02T03:04:05.123456789Z"'], "VARCHAR"),
        (['"2026-01-02"'], "VARCHAR"),
        (["1", '"1"'], "JSON"),
        (["1", "true"], "JSON"),
        (["[1]"], "JSON"),
        (['{"a": 1}', "1"], "JSON"),
        (["null"], "JSON"),
        (["null", "1"], "BIGINT"),
    ],
)
def test_property_types(connection: duckdb.DuckDBPyConnection, values: list[str], type_: str) -> None:
    """The narrowest type that every value has; what none holds exactly stays JSON."""
    for value in values:
        add_text(connection, "e", f'{{"p": {value}}}')
    [found] = property_types(connection, "events")["e"]
    assert (found.name, found.type) == ("p", type_)


def test_property_types_look_at_all_values(connection: duckdb.DuckDBPyConnection) -> None:
    """One value among hundreds of thousands, the last, makes the difference."""
    connection.execute(
        "INSERT INTO events SELECT NULL, 'e', now(), 'someone', i::VARCHAR, '{\"n\": 1}' FROM range(300_000) AS t(i)"
    )
    assert [found.type for found in property_types(connection, "events")["e"]] == ["BIGINT"]
    add_text(connection, "e", '{"n": "many"}')
    assert [found.type for found in property_types(connection, "events")["e"]] == ["JSON"]


def test_views_hold_the_values(connection: duckdb.DuckDBPyConnection) -> None:
    """Columns hold the properties as they are, whatever the names; times are the same in every zone."""
    properties = {
        "$browser": "Firefox",
        "q\"uo'te": 1,
        "a/b~c.d": 2.5,
        "名前": "太郎",
        "when": "2026-01-02T03:04:05",
        "zoned": "2026-01-02T03:04:05-01:00",
        "cart": [{"sku": 1}],
        "nothing": None,
        "": True,
        "time": 5,
        "distinct_id": "someone",
        "$insert_id": "id",
    }
    add(connection, "Sign Up", **properties)
    assert update_views(connection) == [
        View("events_sign_up", "events", "Sign Up", 9),
        View("profiles_wide", "profiles", "", 0),
    ]
    connection.execute("SET TimeZone = 'UTC'")
    cursor = connection.execute("SELECT * FROM events_sign_up")
    names = [column[0] for column in cursor.description or []]
    [row] = cursor.fetchall()
    assert dict(zip(names, row, strict=True)) == {
        "time": TIME,
        "distinct_id": "someone",
        "insert_id": "id",
        "_": True,
        "$browser": "Firefox",
        "a/b~c.d": 2.5,
        "cart": '[{"sku":1}]',
        "nothing": None,
        "q\"uo'te": 1,
        "when": TIME,
        "zoned": datetime(2026, 1, 2, 4, 4, 5, tzinfo=timezone.utc),
        "名前": "太郎",
    }


def test_views_whose_names_collide(connection: duckdb.DuckDBPyConnection) -> None:
    """Collisions are numbered, and every name stays as it was when more events and properties come."""
    connection.execute("CREATE TABLE events_search (mine INTEGER)")
    add(connection, "Sign-Up", plan=1)
    add(connection, "Search")
    add(connection, "$$$")
    before = {view.event: view.name for view in update_views(connection)}
    assert before == {
        "$$$": "events_unnamed",
        "Search": "events_search_2",
        "Sign-Up": "events_sign_up",
        "": "profiles_wide",
    }

    add(connection, "Sign Up", plan="free", Plan="team", PLAN=2, insert_id="x")
    add(connection, "Sign-Up", Plan="team", plan="one")
    after = {view.event: view.name for view in update_views(connection)}
    assert after == {**before, "Sign Up": "events_sign_up_2"}
    own = {"time": "TIMESTAMP WITH TIME ZONE", "distinct_id": "VARCHAR", "insert_id": "VARCHAR"}
    assert columns(connection, "events_sign_up") == {**own, "Plan_2": "VARCHAR", "plan": "JSON"}
    assert columns(connection, "events_sign_up_2") == {
        **own,
        "PLAN": "BIGINT",
        "Plan_2": "VARCHAR",
        "insert_id_2": "VARCHAR",
        "plan_3": "VARCHAR",
    }
    assert columns(connection, "events_search") == {"mine": "INTEGER"}


def test_views_when_a_later_value_has_another_type(connection: duckdb.DuckDBPyConnection) -> None:
    """A view says that it must be brought up to date, instead of rounding or hiding a value; then it holds it."""
    add(connection, "e", n=1)
    update_views(connection)
    add(connection, "e", n=1.5)
    with pytest.raises(duckdb.Error, match="n is no longer BIGINT, run mixpanel-to-duckdb views"):
        connection.execute("SELECT n FROM events_e").fetchall()
    update_views(connection)
    assert connection.execute("SELECT n FROM events_e ORDER BY n").fetchall() == [(1.0,), (1.5,)]


def test_views_of_a_stream_of_its_own_name(connection: duckdb.DuckDBPyConnection) -> None:
    """Its views need no quotes, whatever the stream is called."""
    connection.execute('CREATE TABLE "Sign Ups!" AS FROM events')
    connection.execute("INSERT INTO \"Sign Ups!\" BY NAME SELECT 'Plan B' AS event, '{}' AS properties")
    assert [view.name for view in update_views(connection)] == ["sign_ups_plan_b", "profiles_wide"]


def test_views_of_profiles(connection: duckdb.DuckDBPyConnection) -> None:
    """All profiles are one view."""
    connection.execute('INSERT INTO profiles VALUES (NULL, \'a\', NULL, \'{"$last_seen": "x", "plan": "free"}\')')
    update_views(connection)
    assert connection.execute("SELECT * FROM profiles_wide").fetchall() == [("a", None, "free")]


def test_views_when_one_can_not_be_made(connection: duckdb.DuckDBPyConnection) -> None:
    """Nothing is changed where anything fails."""
    connection.execute("CREATE SCHEMA _mixpanel_to_duckdb; CREATE VIEW _mixpanel_to_duckdb.views AS SELECT 1 AS x")
    add(connection, "e", n=1)
    with pytest.raises(duckdb.Error):
        update_views(connection)
    assert connection.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'events_e'").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("Sign Up", "sign_up"),
        ("$ae_session", "ae_session"),
        ("購入完了", "購入完了"),
        ("a--b!", "a_b"),
        ("", "unnamed"),
    ],
)
def test_slug(event: str, name: str) -> None:
    """Names need no quotes."""
    assert slug(event) == name
