"""Large records, rows without a state, full disks, old files: what bounds the destination, and what it says then."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.destination.destination_process import (
    Destination,
    Outcome,
    configured,
    lines,
    record,
    state,
    status,
)
from integration_tests.destination.resumable_source import (
    APPEND,
    DEDUP,
    ResumableSource,
    database_state,
    echoed,
    ids,
)

TEXTS = {
    "streams": [configured("t", {"id": {"type": "integer"}, "text": {"type": "string"}, "more": {"type": "object"}})]
}
MEGABYTE = 1 << 20


def content(destination: Destination) -> list[tuple[int, int]]:
    """Return the ids and the lengths of their texts."""
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        return connection.execute("SELECT CAST(id AS BIGINT), length(text) FROM t ORDER BY id").fetchall()


def with_config(destination: Destination, **more: object) -> Destination:
    """Return the same destination with more settings."""
    return Destination(destination.directory, {**destination.config, **more})


@pytest.mark.parametrize("more", [None, {"needs": "NaN"}], ids=["plain", "exact"])
def test_write_when_a_record_is_large(destination: Destination, more: object) -> None:
    """A record of 17 MiB passes, and one of 40, between small ones, on the fast path and on the exact path."""
    sizes = [1, 17 * MEGABYTE, 2, 40 * MEGABYTE, 3]
    messages = [record("t", {"id": n, "text": "é" * (size // 2), "more": more}) for n, size in enumerate(sizes)]
    outcome = destination.write(TEXTS, [*messages, state("t", 1), status("t")])
    assert outcome.exit_code == 0, outcome
    assert content(destination) == [(n, size // 2) for n, size in enumerate(sizes)]


def test_write_when_threads_outgrow_the_memory(destination: Destination) -> None:
    """Where the buffers of so many threads do not fit into memory_limit, one thread loads the rows."""
    narrow = with_config(destination, threads=16, memory_limit="90MB")
    messages = [record("t", {"id": n, "text": "x" * 1000}) for n in range(120_000)]
    outcome = narrow.write(TEXTS, [*messages, state("t", 1), status("t")])
    assert outcome.exit_code == 0, outcome
    assert content(destination) == [(n, 1000) for n in range(120_000)]


def test_write_when_a_record_is_too_large(destination: Destination) -> None:
    """A record past max_record_mb ends the sync with its limit, and leaves what states cover."""
    small = with_config(destination, max_record_mb=1)
    messages = [record("t", {"id": 1, "text": "x"}), state("t", 1), record("t", {"id": 2, "text": "x" * 2 * MEGABYTE})]
    outcome = small.write(TEXTS, [*messages, status("t")])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert "longer than 1 MiB" in outcome.error
    assert content(destination) == [(1, 1)]


def test_write_when_no_state_comes(destination: Destination) -> None:
    """Past max_uncommitted_mb rows are committed without a state, and a warning says so each time."""
    small = with_config(destination, max_uncommitted_mb=1)
    messages = [record("t", {"id": n, "text": "x" * 600_000}) for n in range(5)]
    outcome = small.write(TEXTS, [*messages, status("t", "INCOMPLETE")])
    warnings = [each["log"]["message"] for each in outcome.messages if each["type"] == "LOG"]
    assert outcome.exit_code == 1
    assert len(warnings) == 2
    assert all("no state arrived within 1 MB (max_uncommitted_mb)" in warning for warning in warnings)
    assert content(destination) == [(n, 600_000) for n in range(4)]


def test_write_when_a_state_comes_late(destination: Destination) -> None:
    """Rows that were committed early count for the state that covers them in the end."""
    small = with_config(destination, max_uncommitted_mb=1)
    messages = [record("t", {"id": n, "text": "x" * 600_000}) for n in range(5)]
    outcome = small.write(TEXTS, [*messages, state("t", 1), status("t")])
    assert outcome.exit_code == 0
    assert [json.loads(line)["state"]["destinationStats"] for line in outcome.states] == [{"recordCount": 5}]
    assert content(destination) == [(n, 600_000) for n in range(5)]


def limited(arguments: list[str], limit_kib: int) -> list[str]:
    """Return a command line under which no file may grow past a limit, which fails as a full disk does."""
    return ["/bin/sh", "-c", f'ulimit -f {limit_kib * 2}; exec "$@"', "sh", *arguments]


def test_write_when_the_disk_is_full(destination: Destination) -> None:
    """The sentence says what could not be written; the rows and the state are those of before, and it goes on later."""
    first = lines([record("t", {"id": 1, "text": "x"}), state("t", 1), status("t")])
    assert destination.run("write", TEXTS, first).exit_code == 0
    before = destination.run("state").stdout
    many = [record("t", {"id": n, "text": f"{n:09d}" * 2000}) for n in range(2, 1000)]
    rest = lines([*many, state("t", 2), status("t")])
    done = subprocess.run(
        limited(destination.arguments("write", TEXTS), 4096),
        input=rest,
        capture_output=True,
        check=False,
        timeout=120,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert "can't" in outcome.error
    assert content(destination) == [(1, 1)]
    assert destination.run("state").stdout == before
    assert destination.run("write", TEXTS, rest).exit_code == 0
    assert len(content(destination)) == 999


@pytest.mark.parametrize("catalog", [APPEND, DEDUP], ids=["append", "dedup"])
def test_write_when_the_disk_is_full_at_a_commit(destination: Destination, catalog: dict[str, Any]) -> None:
    """A COMMIT that has no room ends the sync; what was committed before stays, and the next sync goes on."""
    source = ResumableSource(batches=40, rows=250, text_length=200, pause_s=0.02)
    process = subprocess.Popen(
        limited(destination.arguments("write", catalog), 600), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = threading.Thread(target=source.feed, args=(process.stdin, 0))
    feeder.start()
    stdout = process.stdout.read()
    feeder.join()
    outcome = Outcome(process.wait(timeout=30), stdout, b"")
    process.stdout.close()
    assert outcome.exit_code == 1
    assert outcome.error is not None
    # On a busy machine the source gets ahead, and the spool is the first to have no room.
    assert any(reason in outcome.error for reason in ("DuckDB can't read or write its files", "can't be written: File"))
    kept = database_state(destination)
    assert 0 < kept < 40
    assert kept == max(echoed(stdout))
    assert ids(destination) == source.ids_until(kept)
    assert destination.run("write", catalog, source.rest(kept)).exit_code == 0
    assert ids(destination) == source.ids


def test_write_when_the_file_has_an_older_format(destination: Destination) -> None:
    """A file of an older storage version is written to, and keeps its version."""
    with duckdb.connect(str(destination.database), config={"storage_compatibility_version": "v1.0.0"}) as connection:
        connection.execute("CREATE TABLE before AS SELECT 42 AS answer")
    version = storage_version(destination.database)
    outcome = destination.write(TEXTS, [record("t", {"id": 1, "text": "x"}), state("t", 1), status("t")])
    assert outcome.exit_code == 0
    assert content(destination) == [(1, 1)]
    assert storage_version(destination.database) == version


def test_write_when_an_older_format_is_asked_for(destination: Destination) -> None:
    """storage_compatibility decides the format of a new file."""
    for name in ("v1.0.0", "v1.4.0"):
        config = {"destination_path": str(destination.directory / name), "storage_compatibility": name}
        assert Destination(destination.directory, config).write(TEXTS, [status("t")]).exit_code == 0
        assert storage_version(destination.directory / name).startswith(name[:4])


def storage_version(path: Path) -> str:
    """Return the storage version that DuckDB tells of a file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal").fetchone()
    assert row is not None
    return str(row[0])


def test_write_when_a_table_is_foreign(destination: Destination) -> None:
    """A table of the stream's name that this destination did not make is named, and left alone."""
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS answer")
    outcome = destination.write(TEXTS, [record("t", {"id": 1}), status("t")])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert "The table main.t already exists and was not created by this destination" in outcome.error
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(42,)]
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(1,)]


def test_check_when_the_token_is_secret(destination: Destination) -> None:
    """Whatever goes wrong with MotherDuck, the token is in nothing that is printed."""
    cloud = Destination(destination.directory, {"destination_path": "md:", "motherduck_api_key": "s3cret-t0ken"})
    outcome = cloud.run("check")
    assert outcome.messages[0]["type"] == "CONNECTION_STATUS"
    assert b"s3cret" not in outcome.stdout + outcome.stderr


def test_write_when_a_spool_was_left(destination: Destination) -> None:
    """What a killed sync left beside the database is removed by the next one."""
    left = Path(f"{destination.database}.spool")
    left.mkdir()
    (left / "1.jsonl").write_bytes(b"x")
    assert destination.write(TEXTS, [status("t")]).exit_code == 0
    assert not left.exists()
