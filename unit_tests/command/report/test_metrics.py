"""Metrics of a sync in Prometheus' text format."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.report.metrics import RunFacts, metrics_text
from mixpanel_to_duckdb.result import SyncResult, Wait
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress

# https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
HELP_LINE = re.compile(rf"# HELP ({NAME}) (?:[^\\\n]|\\\\|\\n)*")
TYPE_LINE = re.compile(rf"# TYPE ({NAME}) (?:counter|gauge|histogram|summary|untyped)")
SAMPLE_LINE = re.compile(rf"({NAME})(\{{(?:{LABEL}(?:,{LABEL})*)?\}})? (-?\d+(?:\.\d+)?|NaN|[+-]Inf)")


def parsed(text: str) -> dict[str, dict[str, float]]:
    """Return the values by metric and labels; fail on anything that the format does not allow."""
    assert text.endswith("\n")
    values: dict[str, dict[str, float]] = {}
    helped: set[str] = set()
    typed: set[str] = set()
    present = ""
    for line in text.removesuffix("\n").split("\n"):
        if found := HELP_LINE.fullmatch(line):
            assert found[1] not in helped
            helped.add(found[1])
        elif found := TYPE_LINE.fullmatch(line):
            assert found[1] in helped - typed
            typed.add(found[1])
            present = found[1]
        else:
            found = SAMPLE_LINE.fullmatch(line)
            assert found, line
            assert found[1] == present, f"{line}: the samples of a metric stand together"
            labels = found[2] or ""
            assert labels not in values.setdefault(present, {})
            values[present][labels] = float(found[3])
    return values


RESULT = SyncResult(
    database="m.duckdb",
    exit_code=ExitCode.FAILED,
    started_at=datetime(2026, 1, 11, tzinfo=timezone.utc),
    duration_s=4.25,
    streams={
        "events": ParallelFetchResult("events", 20, 1, 1, (("2026-01-03", "2026-01-03"),), 3.0, 1),
        "profiles": ParallelProfileResult("profiles", 7, 1, 0, (), 0.5),
    },
    committed_rows={"events": 20, "profiles": 7},
    batches=(
        BatchProgress("events", "2026-01-01", "2026-01-02", 0, 3, 4, 20, True, None, 100, 1000.0, 1.5),
        BatchProgress("events", "2026-01-03", "2026-01-03", 1, 3, 4, 0, False, "cut", 0, 1001.0, 2.0),
        BatchProgress(
            "events", "2026-01-04", "2026-01-04", 2, 3, 4, 0, False, "stopped", 0, 1001.0, 2.0, interrupted=True
        ),
        ProfileProgress("profiles", 0, 1, 7, 7, True, None, 1000.0, 0.5),
    ),
    waits=(
        Wait("events", "2026-01-03..2026-01-03", 1000.0, 0.5, "cut"),
        Wait("events", None, 1000.0, 45.0, "export quota"),
    ),
)


def test_metrics_of_a_sync() -> None:
    """Every fact stands under its name and labels."""
    facts = RunFacts("m.duckdb", "eu", 1, 2000.0, 1500.5, RESULT, {"events": 1400.0, "profiles": 2100.0})
    run = '{database="m.duckdb",schema="eu"}'
    events, profiles = (f'{{database="m.duckdb",schema="eu",stream="{name}"}}' for name in ("events", "profiles"))
    found = parsed(metrics_text(facts))
    assert {name.removeprefix("mixpanel_to_duckdb_"): values for name, values in found.items()} == {
        "last_run_timestamp_seconds": {run: 2000.0},
        "last_success_timestamp_seconds": {run: 1500.5},
        "exit_code": {run: 1},
        "duration_seconds": {run: 4.25},
        "rows": {events: 20, profiles: 7},
        "committed_rows": {events: 20, profiles: 7},
        "received_bytes": {events: 100, profiles: 0},
        "requests": {events: 3, profiles: 1},
        "failures": {events: 1, profiles: 0},
        "interrupted": {events: 1, profiles: 0},
        "wait_seconds": {events: 45.5, profiles: 0},
        "stream_duration_seconds": {events: 3, profiles: 0.5},
        "newest_row_timestamp_seconds": {events: 1400, profiles: 2100},
        "lag_seconds": {events: 600, profiles: 0},
    }


def test_metrics_of_a_sync_that_could_not_begin() -> None:
    """What is not known has no sample, and no HELP."""
    found = parsed(metrics_text(RunFacts("m.duckdb", "main", 3, 2000.0)))
    assert set(found) == {"mixpanel_to_duckdb_last_run_timestamp_seconds", "mixpanel_to_duckdb_exit_code"}


def test_labels_of_any_text() -> None:
    """Quotes, backslashes and line ends are escaped, all else is as it is."""
    facts = RunFacts('C:\\new\n"x".duckdb', "日本,}", 0, 2000.0)
    found = parsed(metrics_text(facts))
    [labels] = found["mixpanel_to_duckdb_exit_code"]
    assert labels == r'{database="C:\\new\n\"x\".duckdb",schema="日本,}"}'
