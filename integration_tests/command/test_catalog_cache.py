"""The source's catalog is asked for once: later syncs begin with the one that was kept, and lose no check by it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.command.command_run import Ended, content, run, write_config
from mixpanel_simulator import Scenario, Simulator, start_simulator

SCENARIO = Scenario(days=2, events_per_day=10, profiles=5)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with start_simulator(SCENARIO) as running:
        yield running


@pytest.fixture(scope="module")
def cache(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache directory in which a first sync has kept its catalog."""
    folder = tmp_path_factory.mktemp("first")
    assert _sync(simulator, folder, folder / "cache").exit_code == 0
    return folder / "cache"


def test_a_kept_catalog_is_used(simulator: Simulator, cache: Path, tmp_path: Path) -> None:
    """Without profiles in what was kept, there is no stream of that name; a damaged entry is asked for again."""
    shutil.copytree(cache, tmp_path / "cache")
    entry, kept = _entry(tmp_path / "cache"), _entry(cache).read_bytes()
    document = json.loads(kept.partition(b"\n")[2])
    document["streams"] = [each for each in document["streams"] if each["stream"]["name"] != "profiles"]
    catalog = json.dumps(document).encode()
    entry.write_bytes(hashlib.sha256(catalog).hexdigest().encode() + b"\n" + catalog)

    ended = _sync(simulator, tmp_path, tmp_path / "cache")

    assert (ended.exit_code, "the source has no stream 'profiles'" in ended.stderr) == (1, True)

    entry.write_bytes(kept[:-10])
    assert _sync(simulator, tmp_path, tmp_path / "cache").exit_code == 0
    assert entry.read_bytes() == kept
    assert {name: len(rows) for name, rows in content(tmp_path / "m.duckdb").items()} == {
        "events": 20,
        "profiles": 5,
        "rejected_lines": 0,
    }


def test_a_kept_catalog_holds_no_secret(cache: Path) -> None:
    """The entry has none of the config."""
    for text in (SCENARIO.secret, SCENARIO.username, str(SCENARIO.project_id), "127.0.0.1"):
        assert text.encode() not in _entry(cache).read_bytes()


def _entry(cache: Path) -> Path:
    (entry,) = (cache / "mixpanel-to-duckdb").iterdir()
    return entry


def _sync(simulator: Simulator, folder: Path, cache: Path, **fields: object) -> Ended:
    config = write_config(folder, simulator, **fields)
    return run("sync", folder / "m.duckdb", "--config", config, environment={"XDG_CACHE_HOME": str(cache)})
