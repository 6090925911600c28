"""The streams that the source offers for a config, which may be more than this program knows.

In: the checked config, or the source's catalog; out: names. A catalog is taken from the cache, or from the source: no
request is sent to Mixpanel. Raises BadArguments for a stream that is not offered, and SyncError where the source fails.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.connectors.catalog_cache import CatalogCache, cache_directory, catalog_key
from mixpanel_to_duckdb.connectors.process import SOURCE, RunningCommand
from mixpanel_to_duckdb.connectors.stop_request import StopRequest
from mixpanel_to_duckdb.connectors.stored_state import refuse_failed
from mixpanel_to_duckdb.errors import BadArguments


def names_in(catalog: bytes) -> list[str]:
    """Return the names of the streams in the source's *catalog*."""
    return [str(configured["stream"]["name"]) for configured in json.loads(catalog)["streams"]]


def refuse_unknown(names: Sequence[str], offered: Sequence[str]) -> None:
    """Raise BadArguments for the first of *names* that is not *offered*."""
    for name in names:
        if name not in offered:
            raise BadArguments(f"--streams {name}: there is no such stream; choose from {', '.join(offered)}")


def refuse_not_offered(names: Sequence[str], config: SourceConfig) -> None:
    """Raise BadArguments for the first of *names* that the source does not have; ask it only if that is not clear."""
    if all(name in config.streams for name in names):
        return
    cache, key = CatalogCache(cache_directory()), catalog_key(config.document)
    catalog = cache.get(key)
    if catalog is None:
        with tempfile.TemporaryDirectory(prefix="mixpanel-to-duckdb-") as folder:
            path = Path(folder) / "mixpanel.json"
            path.write_text(json.dumps(config.dated_document), encoding="utf-8")
            answer = RunningCommand([*SOURCE, "catalog", "--config", str(path)], StopRequest()).answer()
        refuse_failed(answer)
        cache.put(key, answer.stdout)
        catalog = answer.stdout
    refuse_unknown(names, names_in(catalog))
