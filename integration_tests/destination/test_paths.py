"""destination_path: what each kind of path says when it can't be written to, and what no message tells."""

from __future__ import annotations

import stat
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb
import pytest

from integration_tests.destination.destination_process import Destination, Outcome, configured, lines, record, status

CATALOG = {"streams": [configured("t", {"n": {"type": "integer"}})]}
NOBODY = 65_534


def problem(outcome: Outcome) -> str:
    """Return what `check` found wrong."""
    (message,) = outcome.messages
    assert message["connectionStatus"]["status"] == "FAILED"
    return str(message["connectionStatus"]["message"])


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (":memory:", "is :memory:, which is lost"),
        (":memory:named", "is :memory:, which is lost"),
        ("postgres:host=h password=s3cret-t0ken", "begins with 'postgres:', which is not a file"),
        ("s3://key:s3cret-t0ken@bucket/x.duckdb", "begins with 's3:', which is not a file"),
        ("a\0b", "destination_path 'a\\x00b' is not a path"),
        ("n" * 300, "File name too long"),
        ("/dev/full", "is not a regular file"),
        ("md:database", "md:database is a MotherDuck database: set motherduck_api_key too"),
        ("md:database?motherduck_token=s3cret-t0ken&x=1", "The database md:database can't be opened"),
        ("motherduck:database?motherduck_token=s3cret-t0ken", "The database motherduck:database can't be opened"),
    ],
    ids=range(10),
)
def test_check_when_the_path_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str) -> None:
    """`check` and `write` say what is wrong with the path, and cite no secret that stands in it."""
    for name in ("motherduck_token", "MOTHERDUCK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # An extension that is not installed would be looked for on the network.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    destination = Destination(tmp_path, {"destination_path": path})
    checked, written = destination.run("check"), destination.write(CATALOG, [status("t")])
    assert (checked.exit_code, written.exit_code) == (0, 1)
    assert says in problem(checked)
    assert says in (written.error or "")
    assert b"s3cret" not in checked.stdout + checked.stderr + written.stdout + written.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"config.json", "catalog.json"}


# Root may write everywhere. What it imported before it gave its rights away, it need not be able to read after.
WITHOUT_RIGHTS = """
import os, sys
import destination_duckdb.command
from destination_duckdb.run import main
user = int(sys.argv.pop(1))
if os.geteuid() == 0:
    os.setuid(user)
main()
"""


def check_without_rights(destination: Destination) -> Outcome:
    """Run `check` as a user who is not root."""
    arguments = destination.arguments("check")
    arguments[1:3] = ["-c", WITHOUT_RIGHTS, str(NOBODY)]
    done = subprocess.run(arguments, capture_output=True, timeout=60, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_check_when_the_directory_or_file_is_not_writable() -> None:
    """`check` says which directory, and which file, this user may not write."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        destination = Destination(directory, {"destination_path": str(directory / "x.duckdb")})
        assert destination.run("check").exit_code == 0
        directory.chmod(0o555)
        found = problem(check_without_rights(destination))
        assert found == f"The directory {directory} of destination_path is not writable by this user."
        directory.chmod(0o777)
        destination.database.chmod(0o444)
        found = problem(check_without_rights(destination))
        assert found == f"The file {destination.database} of destination_path is not writable by this user."


def test_check_when_the_database_is_locked(destination: Destination) -> None:
    """`check` names the process that holds the lock, whose private files neither it nor a second sync touches."""
    spool = Path(f"{destination.database}.spool")
    holder = subprocess.Popen(destination.arguments("write", CATALOG), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert holder.stdin is not None
    try:
        while not spool.exists():
            assert holder.poll() is None
            time.sleep(0.01)
        assert stat.S_IMODE(spool.stat().st_mode) == 0o700
        (spool / "mark").touch()
        found = problem(destination.run("check"))
        assert destination.write(CATALOG, []).exit_code == 1
        assert (spool / "mark").exists()
    finally:
        holder.stdin.close()
        holder.wait(timeout=30)
    assert f"is in use by process {holder.pid} (" in found
    assert not spool.exists()


@pytest.mark.parametrize(("umask", "mode"), [("000", 0o660), ("022", 0o640), ("077", 0o600)], ids=str)
def test_write_when_the_umask_is(destination: Destination, umask: str, mode: int) -> None:
    """The file is for its owner and group, as far as the umask says, and for nobody else."""
    command = ["/bin/sh", "-c", f'umask {umask}; exec "$@"', "sh", *destination.arguments("write", CATALOG)]
    assert subprocess.run(command, input=lines([status("t")]), timeout=60, check=False).returncode == 0
    assert stat.S_IMODE(destination.database.stat().st_mode) == mode


def test_check_when_a_stream_is_called_as_its_table(destination: Destination) -> None:
    """`check` makes its table beside those of streams, in a schema that it makes, and leaves nothing of it."""
    catalog = {"streams": [configured("_airbyte_check", {"n": {"type": "integer"}})]}
    other = Destination(destination.directory, {**destination.config, "schema": "new one"})
    assert other.run("check").messages[0]["connectionStatus"] == {"status": "SUCCEEDED"}
    assert other.write(catalog, [record("_airbyte_check", {"n": 1}), status("_airbyte_check")]).exit_code == 0
    assert other.run("check").messages[0]["connectionStatus"] == {"status": "SUCCEEDED"}
    with duckdb.connect(str(destination.database), read_only=True) as connection:
        assert connection.execute('SELECT CAST(n AS BIGINT) FROM "new one"._airbyte_check').fetchall() == [(1,)]
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'new one'").fetchall()
    assert sorted(tables) == [("_airbyte_check",), ("_airbyte_state",)]
