"""The source's catalog, kept from one sync to the next: asking for it means starting the CDK, which takes a second.

In: a config; out: the catalog that this version of the source gave for the same streams, or None. An entry is a file in
the user's cache directory. Its name is a digest and its content is the catalog, so neither holds any of the config. An
entry that is damaged counts as missing; where nothing can be written, nothing is kept. Never raises.

The config is checked before: the source's `catalog` would find no error in it that `sync` has not reported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

SOURCE_PACKAGE = "source_mixpanel_parallel"
CATALOG_INPUTS = {".py", ".yaml", ".json"}  # the files of the source that decide what it has for streams
# What says where, how and for what Mixpanel is asked. No stream comes, goes or has other columns by these.
REQUESTS = frozenset({
    *("credentials", "region", "endpoints", "project_timezone", "legacy_timestamps", "start_date", "end_date"),
    *("events", "where", "window_days", "num_workers", "profile_workers", "lookback_days", "order", "spool_limit_mb"),
})  # fmt: skip
MAX_ENTRIES = 32


def cache_directory(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return where this user's programs keep what can be made again; None for a user without a home."""
    chosen = Path(environment.get("XDG_CACHE_HOME", ""))
    try:
        usual = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    except RuntimeError:
        return None
    return (chosen if chosen.is_absolute() else usual) / "mixpanel-to-duckdb"


def catalog_key(document: Mapping[str, Any]) -> str:
    """Return a digest of the source's code and of what in the config may shape streams."""
    digest = hashlib.sha256(metadata.version("airbyte-cdk").encode())
    spec = importlib.util.find_spec(SOURCE_PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for path in sorted(path for path in Path(folder).rglob("*") if path.suffix in CATALOG_INPUTS):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    shape = {name: value for name, value in document.items() if name not in REQUESTS}
    digest.update(json.dumps(shape, sort_keys=True).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class CatalogCache:
    """The entries in *directory*; without one there are none."""

    directory: Path | None

    def get(self, key: str) -> bytes | None:
        """Return the entry of *key*."""
        if self.directory is None:
            return None
        try:
            checksum, _, catalog = self._path(self.directory, key).read_bytes().partition(b"\n")
        except OSError:
            return None
        return catalog if checksum == _checksum(catalog) else None

    def put(self, key: str, catalog: bytes) -> None:
        """Store *catalog*, replacing an earlier one atomically, and remove the oldest entries."""
        if self.directory is None:
            return
        with suppress(OSError):  # a home that can't be written, a full disk: the next sync asks the source again
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.directory) as folder:
                file = Path(folder) / "catalog"
                file.write_bytes(_checksum(catalog) + b"\n" + catalog)
                file.replace(self._path(self.directory, key))
            entries = sorted(self.directory.glob("*.catalog"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for path in entries[MAX_ENTRIES:]:
                path.unlink(missing_ok=True)

    @staticmethod
    def _path(directory: Path, key: str) -> Path:
        return directory / f"{key}.catalog"


def _checksum(catalog: bytes) -> bytes:
    return hashlib.sha256(catalog).hexdigest().encode()
