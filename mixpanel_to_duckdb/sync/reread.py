"""Days that are read again though they are finished: of which streams, and with which state.

In: the options, the checked config and the stored states; out: streams, and states that lack these days. Raises
BadArguments where stored rows can't be replaced by days.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.errors import BadArguments
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.windows.finished_days import FinishedDays


def streams_to_read(config: SourceConfig, options: SyncOptions) -> tuple[str, ...]:
    """Return the streams of this sync: those chosen, or of these the streams of events where days are replaced."""
    chosen = config.chosen_streams(options.streams)
    if not options.replaces_days:
        return chosen
    option = "--reread" if options.reread else "--full-refresh with --from, --to, --last or --events"
    if options.streams and (paged := [name for name in chosen if name in config.paged_streams]):
        raise BadArguments(
            f"--streams {paged[0]}: {option} replaces days of events, and profiles are always read completely: leave "
            f"{paged[0]} out and sync it separately"
        )
    events = [name for name in chosen if name in config.event_streams]
    if not events:
        raise BadArguments(f"--streams {','.join(options.streams)}: {option} needs a stream of events, such as events")
    return (*events, REJECTED_LINES)


def without_days(states: bytes, config: SourceConfig, streams: Sequence[str]) -> bytes:
    """Return *states* with the config's days unfinished in *streams*, so that they are requested."""
    documents: list[Any] = json.loads(states)
    finished = finished_days(states)
    for document in documents:
        stream = document.get("stream") or {}
        name = (stream.get("stream_descriptor") or {}).get("name")
        if name in streams and name in finished:
            stream["stream_state"] = finished[name].reopened([config.days], config.filters(name)).as_json()
    return json.dumps(documents).encode()


def refuse_other_filters(config: SourceConfig, streams: Sequence[str], states: bytes) -> None:
    """Raise where the config's `where` narrows a stream whose rows were read under another one.

    Rows that it does not let through are not sent again, and nothing here can tell them from rows that are gone.
    """
    finished = finished_days(states)
    for name in streams:
        where = config.filters(name).where if name in config.event_streams else ""
        if where and not was_read_under(finished.get(name, FinishedDays()), where):
            raise BadArguments(
                f"stream {name}: its stored rows were not all read under the `where` of the config ({where}), and only "
                "Mixpanel can tell which of them match it, so its days can't be replaced. To replace all of its rows: "
                f"--full-refresh --streams {name}, without days"
            )


def was_read_under(finished: FinishedDays, where: str) -> bool:
    """Tell whether all finished days were read under the expression *where*."""
    return all(each.filters.where == where for each in (finished.latest, *finished.others) if each.windows)
