"""What a kept catalog depends on, and what becomes of damaged entries and directories that can't be written."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from mixpanel_to_duckdb.connectors.catalog_cache import (
    MAX_ENTRIES,
    REQUESTS,
    CatalogCache,
    cache_directory,
    catalog_key,
)
from source_mixpanel_parallel.source import SourceMixpanelParallel

CONFIG: dict[str, Any] = {
    "credentials": {"username": "etl", "secret": "s3cret", "project_id": 7},
    "start_date": "2026-01-01",
    "end_date": "2026-01-31",
    "event_streams": [{"name": "purchases", "events": ["Purchase"]}],
}
LOGGER = logging.getLogger("airbyte")
CATALOG = b'{"streams": []}\n'
KEY = catalog_key(CONFIG)


OTHER_REQUESTS: dict[str, Any] = {
    "credentials": {"api_secret": "another"},
    "region": "EU",
    "endpoints": {"export": "http://127.0.0.1:8100"},
    "project_timezone": "Europe/Berlin",
    "legacy_timestamps": True,
    "start_date": "2025-01-01",
    "end_date": "2025-01-02",
    "events": ["Purchase"],
    "where": 'properties["a"] == 1',
    "window_days": 2,
    "num_workers": 3,
    "profile_workers": 1,
    "lookback_days": 0,
    "order": "newest_first",
    "spool_limit_mb": 100,
}


@pytest.mark.parametrize("field", sorted(REQUESTS))
def test_key_when_other_things_are_asked_for(field: str) -> None:
    """One catalog serves every account, day and filter: no secret goes into the digest."""
    assert catalog_key({**CONFIG, field: OTHER_REQUESTS[field]}) == KEY


def test_catalog_when_other_things_are_asked_for() -> None:
    """The source's streams are the same under every other value of a field that is left out of the digest."""
    catalogs = [
        SourceMixpanelParallel(config=each).discover(LOGGER, each) for each in (CONFIG, CONFIG | OTHER_REQUESTS)
    ]
    assert catalogs[0] == catalogs[1]
    assert [stream.name for stream in catalogs[0].streams] == ["events", "profiles", "rejected_lines", "purchases"]


@pytest.mark.parametrize("fields", [{"event_streams": []}, {"profile_streams": [{"name": "a"}]}, {"unknown": 1}])
def test_key_when_anything_else_differs(fields: dict[str, Any]) -> None:
    """A field that might shape a stream makes another catalog."""
    assert catalog_key({**CONFIG, **fields}) != KEY


def test_key_when_the_sources_files_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the source, or an edit in a checkout, makes another catalog."""
    folder = tmp_path / "other_source"
    (folder / "schemas").mkdir(parents=True)
    (folder / "__init__.py").touch()
    schema = folder / "schemas" / "events.json"
    schema.write_text("{}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("mixpanel_to_duckdb.connectors.catalog_cache.SOURCE_PACKAGE", "other_source")
    before = catalog_key(CONFIG)
    schema.write_text('{"type": "object"}')
    assert len({KEY, before, catalog_key(CONFIG)}) == 3


def test_get_when_it_was_put(tmp_path: Path) -> None:
    """An entry comes back as it was, and the last one put wins."""
    cache = CatalogCache(tmp_path / "new" / "cache")
    assert cache.get(KEY) is None
    cache.put(KEY, b"earlier")
    cache.put(KEY, CATALOG)
    assert (cache.get(KEY), cache.get("another")) == (CATALOG, None)
    assert [path.name for path in (tmp_path / "new" / "cache").iterdir()] == [f"{KEY}.catalog"]


def test_get_when_the_entry_is_damaged(tmp_path: Path) -> None:
    """An entry cut at any byte, or with a byte changed, counts as missing, and can be put again."""
    cache = CatalogCache(tmp_path)
    cache.put(KEY, CATALOG)
    (entry,) = tmp_path.iterdir()
    sound = entry.read_bytes()
    damaged = [sound[:cut] for cut in range(len(sound))] + [sound.replace(b"streams", b"strexms"), sound + b" "]
    for content in damaged:
        entry.write_bytes(content)
        assert cache.get(KEY) is None, content
    cache.put(KEY, CATALOG)
    assert cache.get(KEY) == CATALOG


def test_put_when_nothing_can_be_written(tmp_path: Path) -> None:
    """Where there is no directory and none can be made, syncs work without."""
    (tmp_path / "file").touch()
    for cache in (CatalogCache(None), CatalogCache(tmp_path / "file" / "cache")):
        cache.put(KEY, CATALOG)
        assert cache.get(KEY) is None


def test_put_when_there_are_many(tmp_path: Path) -> None:
    """The oldest entries go: the directory doesn't grow for ever."""
    cache = CatalogCache(tmp_path)
    for number in range(MAX_ENTRIES):
        cache.put(str(number), CATALOG)
        os.utime(tmp_path / f"{number}.catalog", (number, number))
    cache.put("newest", CATALOG)
    assert {path.stem for path in tmp_path.iterdir()} == {*map(str, range(1, MAX_ENTRIES)), "newest"}


def test_cache_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME is believed where it is a whole path, as its specification asks; otherwise the system's place."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_directory({"XDG_CACHE_HOME": "/fast"}) == Path("/fast/mixpanel-to-duckdb")
    for environment in ({}, {"XDG_CACHE_HOME": "relative"}):
        assert cache_directory(environment) == Path("/home/ada/.cache/mixpanel-to-duckdb")
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_directory({}) == Path("/home/ada/Library/Caches/mixpanel-to-duckdb")
