"""spec, check, write and state, good and bad."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import duckdb
import pytest

from integration_tests.destination.destination_process import (
    Destination,
    configured,
    lines,
    record,
    state,
    status,
)

NUMBERS = {"streams": [configured("numbers", {"n": {"type": "integer"}})]}


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    """Return what *query* finds in the file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_spec_when_asked(destination: Destination) -> None:
    """`spec` is one SPEC message whose only required field is the path, with the secret marked."""
    outcome = destination.run("spec")
    (message,) = outcome.messages
    specification = message["spec"]["connectionSpecification"]
    assert outcome.exit_code == 0
    assert specification["required"] == ["destination_path"]
    assert specification["properties"]["motherduck_api_key"]["airbyte_secret"] is True
    assert message["spec"]["supported_destination_sync_modes"] == ["overwrite", "append", "append_dedup"]


def test_check_when_writable(destination: Destination) -> None:
    """`check` leaves an empty database behind and says SUCCEEDED, once."""
    outcome = destination.run("check")
    assert [each["connectionStatus"] for each in outcome.messages] == [{"status": "SUCCEEDED"}]
    assert rows(destination.database, "SELECT table_name FROM duckdb_tables()") == []


def test_write_when_complete(destination: Destination) -> None:
    """Rows are typed, the state is echoed with its count, and `state` prints it as a state file."""
    messages = [
        record("numbers", {"n": 1}),
        record("numbers", {"n": 2}),
        state("numbers", {"at": 2}),
        status("numbers"),
    ]
    outcome = destination.write(NUMBERS, messages)
    assert outcome.exit_code == 0
    (echo,) = outcome.messages
    assert echo["state"].pop("destinationStats") == {"recordCount": 2}
    assert echo == messages[2]
    assert rows(destination.database, "SELECT n, _airbyte_generation_id FROM numbers ORDER BY n") == [(1, 0), (2, 0)]
    kept = json.loads(destination.run("state").stdout)
    assert kept == [state("numbers", {"at": 2})["state"]]


def test_write_when_the_database_is_locked(destination: Destination) -> None:
    """The sentence names the process that holds the lock."""
    with duckdb.connect(str(destination.database)):
        outcome = destination.write(NUMBERS, [])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert f"in use by process {os.getpid()}" in outcome.error


def test_check_when_the_directory_is_missing(tmp_path: Path) -> None:
    """`check` says which directory is missing, with exit code 0: its answer is the message."""
    outcome = Destination(tmp_path, {"destination_path": str(tmp_path / "no" / "x.duckdb")}).run("check")
    (message,) = outcome.messages
    assert outcome.exit_code == 0
    assert message["connectionStatus"]["status"] == "FAILED"
    assert f"directory {tmp_path / 'no'} of destination_path does not exist" in message["connectionStatus"]["message"]


SQLITE = b"SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20" + bytes(5000)


@pytest.mark.parametrize("content", [b"no database" * 1000, b"", b"x", bytes(20_000), SQLITE], ids=range(5))
def test_check_when_the_file_is_something_else(destination: Destination, content: bytes) -> None:
    """`check` says that the file is no DuckDB database, and leaves it as it is."""
    destination.database.write_bytes(content)
    (message,) = destination.run("check").messages
    assert "is not a DuckDB database" in message["connectionStatus"]["message"]
    assert destination.database.read_bytes() == content


def test_write_when_an_object_is_in_the_way(destination: Destination) -> None:
    """A table of the name that a conversion needs is named in one sentence, and nothing has changed."""
    objects = {"streams": [configured("numbers", {"n": {"type": "object"}})]}
    assert destination.write(objects, [record("numbers", {"n": {}}), status("numbers")]).exit_code == 0
    with duckdb.connect(str(destination.database)) as connection:
        connection.execute('CREATE TABLE "numbers@converted" (n INTEGER)')
    texts = {"streams": [configured("numbers", {"n": {"type": "string"}, "new": {"type": "string"}})]}
    outcome = destination.write(texts, [status("numbers")])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert "is in the way" in outcome.error
    assert b"Traceback" not in outcome.stdout
    assert rows(destination.database, "DESCRIBE SELECT n FROM numbers")[0][1] == "JSON"
    assert rows(destination.database, "SELECT count(*) FROM duckdb_columns() WHERE column_name = 'new'") == [(0,)]


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"RECORD","record":{"stream":"numbers","data":{"n":',
        b"{",
        b'INFO {"type":"STATE"}',
        b'[{"type":"RECORD"}]',
    ],
)
def test_write_when_a_message_is_cut_or_mixed(destination: Destination, line: bytes) -> None:
    """One sentence, exit code 1, and nothing of what no state covers is written."""
    outcome = destination.write(NUMBERS, [record("numbers", {"n": 1}), line, status("numbers")])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert "A line of the input is not an Airbyte message" in outcome.error
    assert rows(destination.database, "SELECT n FROM numbers") == []


def test_write_when_the_file_is_new(destination: Destination) -> None:
    """The file is for its owner and group only, and nothing temporary stays beside it."""
    destination.write(NUMBERS, [status("numbers")])
    assert stat.S_IMODE(destination.database.stat().st_mode) & 0o007 == 0
    names = {path.name for path in destination.database.parent.iterdir()}
    assert names == {"config.json", "catalog.json", "test.duckdb"}


def test_check_when_the_file_is_newer(destination: Destination) -> None:
    """A file with a storage version that this DuckDB does not know is from a newer one; a changed byte is damage."""
    destination.run("check")
    content = bytearray(destination.database.read_bytes())
    version = content.index(b"DUCK") + 4
    content[version : version + 8] = (9_999).to_bytes(8, "little")
    destination.database.write_bytes(content)
    (damaged,) = destination.run("check").messages
    found = re.search(r"is damaged.*computed checksum (\d+)", damaged["connectionStatus"]["message"])
    assert found is not None
    # The checksum of the header stands in front of it: with the right one, only the version is left to complain of.
    content[:8] = int(found[1]).to_bytes(8, "little")
    destination.database.write_bytes(content)
    (newer,) = destination.run("check").messages
    assert "was written by a newer DuckDB" in newer["connectionStatus"]["message"]


def test_check_when_the_storage_version_is_unknown(destination: Destination) -> None:
    """A storage_compatibility that no DuckDB has had is named."""
    other = Destination(destination.directory, {**destination.config, "storage_compatibility": "v0.99.0"})
    (message,) = other.run("check").messages
    assert "storage_compatibility v0.99.0 is not a version that DuckDB" in message["connectionStatus"]["message"]


def test_state_when_there_is_no_database(destination: Destination) -> None:
    """`state` is an empty list then, and makes no file."""
    outcome = destination.run("state")
    assert (outcome.exit_code, outcome.stdout) == (0, b"[]\n")
    assert not destination.database.exists()


def test_check_when_the_configuration_begins_with_a_mark(destination: Destination) -> None:
    """A byte order mark in front of a configuration is as good as none."""
    arguments = destination.arguments("check")
    path = Path(arguments[-1])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    done = subprocess.run(arguments, capture_output=True, timeout=60, check=False)
    assert json.loads(done.stdout)["connectionStatus"] == {"status": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"destination_path": "{directory}"}, "is a directory"),
        ({"destination_path": ":memory:"}, "is :memory:, which is lost"),
        ({}, "config.json: it has no destination_path: add the path of the DuckDB file."),
        ({"destination_path": "x", "schem": "s"}, "config.json: there is no field schem: did you mean schema?"),
    ],
)
def test_write_when_the_path_is_wrong(tmp_path: Path, config: dict[str, str], says: str) -> None:
    """The sentence says what is wrong with the path; the exit code is 1."""
    told = {name: value.format(directory=tmp_path) for name, value in config.items()}
    outcome = Destination(tmp_path, told).write(NUMBERS, [])
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert says in outcome.error


def test_write_when_an_option_is_missing(destination: Destination) -> None:
    """Wrong arguments are told on stderr, with exit code 2 and nothing on stdout."""
    outcome = destination.run("write")
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert b"--catalog" in outcome.stderr


def test_write_when_nobody_reads_stdout(destination: Destination) -> None:
    """The sync ends with exit code 1 and says so on stderr; what is committed stays."""
    messages = lines([record("numbers", {"n": 1}), state("numbers", {"at": 1}), status("numbers")])
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        destination.arguments("write", NUMBERS),
        input=messages,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1
    assert b"Nobody reads the messages of this destination any more: it stops." in done.stderr
    assert rows(destination.database, "SELECT n FROM numbers") == [(1,)]


def test_write_when_the_source_logs(destination: Destination) -> None:
    """Logs and errors of a source go to stderr as they came, and never to stdout."""
    log = b'{"type":"LOG","log":{"level":"INFO","message":"from the source"}}'
    outcome = destination.write(NUMBERS, [log, status("numbers")])
    assert (outcome.exit_code, outcome.stdout) == (0, b"")
    assert outcome.stderr == log + b"\n"


def test_check_and_state_from_stdin(destination: Destination) -> None:
    """`--config -` is stdin; for `write` it is refused, since stdin is the messages there."""
    config = json.dumps(dict(destination.config)).encode()
    for command, answer in (("check", b'"SUCCEEDED"'), ("state", b"[]")):
        arguments = [*destination.arguments(command)[:-1], "-"]
        done = subprocess.run(arguments, input=config, capture_output=True, timeout=60, check=True)
        assert answer in done.stdout
    arguments = [*destination.arguments("write", NUMBERS)[:-1], "-"]
    done = subprocess.run(arguments, input=config, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"stdin is where the messages come from" in done.stderr


def test_check_when_a_field_is_misspelt(destination: Destination) -> None:
    """`check` says so, instead of a sync that ignores it."""
    (message,) = Destination(destination.directory, {**destination.config, "schem": "x"}).run("check").messages
    assert message["connectionStatus"]["status"] == "FAILED"
    assert "there is no field schem: did you mean schema?" in message["connectionStatus"]["message"]
