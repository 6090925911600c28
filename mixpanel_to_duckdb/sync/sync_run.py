"""One sync from beginning to end: state and catalog, source piped into destination, the verdict, the history.

In: checked options and config, a display, a callback; out: a `SyncResult`, also where days or pages failed, where it
was interrupted, and where the quota was used up. Raises BadArguments or SyncError where it could not begin.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.connectors.catalog_cache import CatalogCache, cache_directory, catalog_key
from mixpanel_to_duckdb.connectors.configured_catalog import configured_catalog
from mixpanel_to_duckdb.connectors.messages import Message
from mixpanel_to_duckdb.connectors.offered_streams import names_in, refuse_unknown
from mixpanel_to_duckdb.connectors.pipe import PipeEnd, PipeFiles, run_pipe
from mixpanel_to_duckdb.connectors.process import DESTINATION, SOURCE, Answer, RunningCommand
from mixpanel_to_duckdb.connectors.stop_request import StopRequest
from mixpanel_to_duckdb.connectors.stored_state import refuse_failed
from mixpanel_to_duckdb.connectors.tally import Tally
from mixpanel_to_duckdb.connectors.verdict import exit_code, root_causes
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.database.project import Place, project_of, record_project, refuse_other_project
from mixpanel_to_duckdb.place import exists
from mixpanel_to_duckdb.result import SliceProgress, SyncResult
from mixpanel_to_duckdb.sync.failed_parts import FailedParts, failed_parts
from mixpanel_to_duckdb.sync.reread import refuse_other_filters, streams_to_read, without_days
from mixpanel_to_duckdb.sync.sync_record import write_down
from mixpanel_to_duckdb.terminal.display import Display
from source_mixpanel_parallel.windows.finished_days import FinishedDays

STOPPING = "Stopping: complete windows and pages are still committed, and the next sync resumes from there."
OnBatch = Callable[[SliceProgress], object]


@dataclass(slots=True)
class SyncRun:
    """One sync as it runs."""

    options: SyncOptions
    config: SourceConfig
    display: Display
    on_batch: OnBatch | None = None
    _said_stopping: bool = field(init=False, default=False)

    def run(self) -> SyncResult:
        """Run it; signals stop it cleanly while it lasts."""
        stop = StopRequest()
        started_s = time.time()
        streams = streams_to_read(self.config, self.options)
        tally = Tally(streams)
        with tempfile.TemporaryDirectory(prefix="mixpanel-to-duckdb-") as folder, stop.on_signals():
            try:
                end = self._run_in(Path(folder), streams, int(started_s * 1000), tally, stop)
            finally:
                self.display.close()
            result = self._result(tally, end, stop, started_s)
            if end:
                result = write_down(result, int(started_s * 1000), self.options, self.config)
        return result

    def _run_in(
        self, folder: Path, streams: tuple[str, ...], sync_id: int, tally: Tally, stop: StopRequest
    ) -> PipeEnd | None:
        """Return how the connectors ended; None where they did not have to begin, or were stopped before."""
        files = PipeFiles(folder / "mixpanel.json", folder / "duckdb.json", folder / "catalog.json")
        _write(files.source_config, self.config.dated_document)
        _write(files.destination_config, {"destination_path": self.options.database, "schema": self.options.schema})
        self.display.begin("starting the connectors")
        proposed, states = self._ask(files, stop)
        if stop.made:
            return None
        place, project = Place(self.options.database, self.options.schema), project_of(self.config)
        refuse_other_project(place, project, self._finished(states))
        offered = names_in(proposed)
        refuse_unknown(self.options.streams, offered)
        if self.options.replaces_days:
            states = self._reread(files, streams, states)
        elif self.options.retry_failed:
            parts = failed_parts(self.options.database, self.config, streams, states, self.options.schema)
            streams = parts.streams
            tally.choose(streams)
            if not streams:
                return None
            self._narrow(files, parts)
        elif not self.options.streams:
            streams = tuple(dict.fromkeys([*streams, *offered]))
        tally.choose(streams)
        catalog = configured_catalog(proposed, streams, sync_id, full_refresh=self.options.replaces_tables)
        files.catalog.write_bytes(catalog)
        if states and not self.options.replaces_tables:
            files = PipeFiles(files.source_config, files.destination_config, files.catalog, folder / "state.json")
            assert files.state
            files.state.write_bytes(states)
        record_project(place, project, streams)
        return self._pipe(files, tally, stop)

    def _ask(self, files: PipeFiles, stop: StopRequest) -> tuple[bytes, bytes]:
        """Return the source's catalog, and the state in the database, if there is one yet."""
        cache, key = CatalogCache(cache_directory()), catalog_key(self.config.document)
        known = cache.get(key)
        catalog = None if known else RunningCommand([*SOURCE, "catalog", "--config", str(files.source_config)], stop)
        state = None
        if exists(self.options.database):
            state = RunningCommand([*DESTINATION, "state", "--config", str(files.destination_config)], stop)
        states = state.answer() if state else Answer(0, b"", b"")
        proposed = catalog.answer() if catalog else Answer(0, known or b"", b"")
        if not stop.made:
            refuse_failed(states, proposed)
            if catalog:
                cache.put(key, proposed.stdout)
        return proposed.stdout, states.stdout

    def _reread(self, files: PipeFiles, streams: tuple[str, ...], states: bytes) -> bytes:
        """Write a config and return states with which the source asks for all chosen days, and for no others."""
        refuse_other_filters(self.config, streams, states or b"[]")
        if left_out := [name for name in self.config.paged_streams if not self.options.streams]:
            self.display.say(f"Only days of events are read again; left out: {', '.join(left_out)}")
        config = self.config.between(self.config.from_date, self.config.to_date)
        _write(files.source_config, config.document)
        return without_days(states, config, streams) if states else states

    def _narrow(self, files: PipeFiles, parts: FailedParts) -> None:
        """Let the source ask for what failed only: the state tells it what it has of the days in between."""
        if parts.days:
            config = self.config.between(parts.days.from_date, parts.days.to_date)
            _write(files.source_config, config.document)

    def _finished(self, states: bytes) -> dict[str, FinishedDays]:
        """Return the finished days that the source will go on from; a full refresh looks at none."""
        return finished_days(states) if states and not self.options.replaces_tables else {}

    def _pipe(self, files: PipeFiles, tally: Tally, stop: StopRequest) -> PipeEnd:
        def look(ended: SliceProgress | None = None) -> None:
            self.display.update(tally, ended)
            if stop.by_user and not self._said_stopping:
                self._said_stopping = True
                self.display.say(STOPPING)

        def on_message(message: Message) -> None:
            ended = tally.add(message, time.time())
            look(ended)
            if ended and self.on_batch:
                self.on_batch(ended)
            if self.options.no_wait and tally.hour_used_up and not stop.made:
                stop.make()

        end = run_pipe(files, on_message, look, stop)
        look()  # a request to stop that nothing came after
        return end

    def _result(self, tally: Tally, end: PipeEnd | None, stop: StopRequest, started_s: float) -> SyncResult:
        quota = self.options.no_wait and tally.hour_used_up
        errors = root_causes(end, stopped=stop.made) if end else ()
        return SyncResult(
            database=self.options.database,
            exit_code=exit_code(end, tally, interrupted=stop.by_user, quota_used_up=quota),
            started_at=datetime.fromtimestamp(started_s, timezone.utc),
            duration_s=time.time() - started_s,
            streams={name: stream.result_so_far() for name, stream in tally.streams.items()},
            committed_rows=dict(end.committed_rows) if end else {},
            errors=tuple(error.message for error in errors),
            error_reports=errors,
            batches=tuple(tally.batches),
            waits=tuple(tally.waits),
            full_refresh=self.options.replaces_tables,
            schema=self.options.schema,
        )


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")
