"""A sync as metrics in Prometheus' text format, as node_exporter's textfile collector reads it.

In: facts on the last run; out: the text. Pure. Gauges all: they tell of the last run, not of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel import BatchProgress

PREFIX = "mixpanel_to_duckdb_"
LAST_SUCCESS = "last_success_timestamp_seconds"
HELP = {
    "last_run_timestamp_seconds": "When the last sync ended, however it ended.",
    LAST_SUCCESS: "When the last sync that read all of it ended.",
    "exit_code": "How the last sync ended: 0 everything was read, 1 something failed, 2 authentication, 3 arguments, "
    "5 quota used up, 130 interrupted.",
    "duration_seconds": "How long the last sync took.",
    "rows": "Rows that the last sync read.",
    "committed_rows": "Rows that the last sync committed together with their state.",
    "received_bytes": "Bytes of events that the last sync received, compressed.",
    "requests": "Windows and pages that the last sync requested, including repeated requests.",
    "failures": "Windows and pages that the last sync gave up.",
    "interrupted": "Windows and pages that were cut short because the last sync was stopped.",
    "wait_seconds": "Pauses of the last sync for quotas and before repeated requests, summed over all requests.",
    "stream_duration_seconds": "How long the stream took in the last sync.",
    "newest_row_timestamp_seconds": "The time of the newest event, or when the latest profile was last seen.",
    "lag_seconds": "How old the newest row was when the last sync ended.",
}


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of the last run; *result* is None where it could not begin, *newest_s* is per stream."""

    database: str
    schema: str
    exit_code: int
    ended_s: float
    last_success_s: float | None = None
    result: SyncResult | None = None
    newest_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: a metric, of a stream where *stream* is set."""

    metric: str
    value: float
    stream: str | None = None


def metrics_text(facts: RunFacts) -> str:
    """Return the page: for each metric that is known its HELP, its TYPE and its samples."""
    samples = list(_samples(facts))
    lines: list[str] = []
    for metric, meaning in HELP.items():
        found = [sample for sample in samples if sample.metric == metric]
        if found:
            lines += [f"# HELP {PREFIX}{metric} {meaning}", f"# TYPE {PREFIX}{metric} gauge"]
            lines += [f"{series(facts, sample.metric, sample.stream)} {number(sample.value)}" for sample in found]
    return "\n".join([*lines, ""])


def series(facts: RunFacts, metric: str, stream: str | None = None) -> str:
    """Return a metric's name and labels."""
    labels = {"database": facts.database, "schema": facts.schema, **({"stream": stream} if stream else {})}
    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())
    return f"{PREFIX}{metric}{{{pairs}}}"


def escaped(value: str) -> str:
    """Return a label's value as the format wants it."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> str:
    """Return integers as such, and all else to the millisecond."""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _samples(facts: RunFacts) -> Iterator[Sample]:
    yield Sample("last_run_timestamp_seconds", facts.ended_s)
    if facts.last_success_s is not None:
        yield Sample(LAST_SUCCESS, facts.last_success_s)
    yield Sample("exit_code", int(facts.exit_code))
    if facts.result:
        yield Sample("duration_seconds", facts.result.duration_s)
        for name in facts.result.streams:
            yield from _stream_samples(facts.result, name)
    for name, newest_s in facts.newest_s.items():
        yield Sample("newest_row_timestamp_seconds", newest_s, name)
        yield Sample("lag_seconds", max(facts.ended_s - newest_s, 0.0), name)


def _stream_samples(result: SyncResult, name: str) -> Iterator[Sample]:
    batches = [batch for batch in result.batches if batch.stream == name]
    waits = [wait for wait in result.waits if wait.stream == name]
    repeated = sum(wait.place is not None for wait in waits)  # a pause of one window or page follows its request
    interrupted = sum(batch.interrupted for batch in batches)
    values = {
        "rows": result.rows_of(name),
        "committed_rows": result.committed_rows.get(name, 0),
        "received_bytes": sum(batch.bytes for batch in batches if isinstance(batch, BatchProgress)),
        "requests": len(batches) - interrupted + repeated,
        "failures": sum(batch.failed for batch in batches),
        "interrupted": interrupted,
        "wait_seconds": float(sum(wait.wait_s for wait in waits)),
        "stream_duration_seconds": float(result.streams[name].duration_s),
    }
    for metric, value in values.items():
        yield Sample(metric, value, name)
