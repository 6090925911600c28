"""The command line: `spec`, `check`, `write`, `state` and `reset`.

In: arguments, and for `write` messages on stdin. Out: messages on stdout and an exit code: 0 for success, 1 for an
error that a TRACE reports, 2 for wrong arguments, 143 after SIGTERM and 130 after Ctrl-C; committed rows are kept in
any case. The only place that reports errors.
"""

import argparse
import codecs
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from importlib import resources
from pathlib import Path
from types import FrameType

import duckdb
import msgspec

from destination_duckdb.config import Config, parse_config
from destination_duckdb.database.check import check_database
from destination_duckdb.database.connection import open_database, transaction
from destination_duckdb.database.kinds import kind_of
from destination_duckdb.errors import ConfigError, DestinationError, SystemFault, TransientError
from destination_duckdb.input.reader import InputReader
from destination_duckdb.input.spool import open_spool
from destination_duckdb.loading.stream_tables import StreamTables
from destination_duckdb.loading.writer import Writer
from destination_duckdb.protocol.catalog import StreamKey, parse_catalog
from destination_duckdb.protocol.outbox import Outbox, StalledError
from destination_duckdb.reset_command import reset_streams
from destination_duckdb.tables.state_table import StateTable

_SIGNALLED = 128
_NOT_FOR_OTHERS = 0o007
_STDERR = 2
_STDIN = Path("-")
# Reads JSON nested deeper than Python's default limit of 1,000; the thread's stack has room for several times as much.
_MAX_NESTING = 10_000


def run(arguments: Sequence[str], descriptor: int) -> int:
    """Do what *arguments* say, send messages to *descriptor*, and return the exit code."""
    options = _parse(arguments, descriptor)
    sys.setrecursionlimit(_MAX_NESTING)
    outbox = Outbox(descriptor)
    os.umask(os.umask(_NOT_FOR_OTHERS) | _NOT_FOR_OTHERS)
    try:
        return _run(options, outbox)
    except Exception as error:  # noqa: BLE001  the process's edge: the platform must learn of any error
        _report(error, outbox)
        return 1


def _parse(arguments: Sequence[str], descriptor: int) -> argparse.Namespace:
    """Return the options; --help, which is no message, goes to *descriptor* all the same."""
    text = io.StringIO()
    try:
        with redirect_stdout(text):
            parser = _parser()
            options = parser.parse_args(arguments)
            if options.command == "write" and _STDIN in {options.config, options.catalog}:
                parser.error("stdin is where the messages come from: give --config and --catalog as files, or as <(…)")
            return options
    except SystemExit:
        with open(descriptor, "wb", closefd=False) as stdout:
            stdout.write(text.getvalue().encode())
        raise


def _run(options: argparse.Namespace, outbox: Outbox) -> int:
    if options.command == "spec":
        specification = resources.files("destination_duckdb").joinpath("spec.json").read_bytes()
        outbox.spec(msgspec.Raw(msgspec.json.format(specification, indent=-1)))
        return 0
    if options.command == "check":
        return _check(options.config, outbox)
    config = _config(options.config)
    outbox.mask(kind_of(config).secrets)
    if options.command == "state":
        outbox.line(_states(config))
        return 0
    if options.command == "reset":
        outbox.line(reset_streams(config, [StreamKey(options.namespace, name) for name in options.stream]))
        return 0
    return _write(config, _read(options.catalog, "--catalog"), outbox)


def _check(path: Path, outbox: Outbox) -> int:
    try:
        config = _config(path)
        outbox.mask(kind_of(config).secrets)
        with open_database(config) as connection:
            check_database(connection, config)
    except DestinationError as error:
        outbox.connection_status(str(error))
    else:
        outbox.connection_status(None)
    return 0


def _states(config: Config) -> bytes:
    """Return the last committed states as a state file for `read --state`; no database is created by asking."""
    if kind_of(config).is_missing():
        return b"[]"
    with open_database(config) as connection:
        table = StateTable(connection, config.schema)
        return msgspec.json.encode(table.states() if table.exists() else [])


def _write(config: Config, catalog: bytes, outbox: Outbox) -> int:
    plans = parse_catalog(catalog)
    terminated: list[int] = []
    outbox.stop_when(lambda: bool(terminated))
    with open_database(config) as connection, open_spool(kind_of(config).spool_path) as spool:

        def terminate(number: int, _frame: FrameType | None) -> None:
            terminated.append(number)
            connection.interrupt()

        signal.signal(signal.SIGTERM, terminate)
        signal.signal(signal.SIGINT, terminate)
        try:
            connection.execute("SET temp_directory = ?", [str(spool.path)])
            tables = StreamTables(connection, config)
            with transaction(connection):
                targets = tables.prepare(plans)
            for warning in tables.settle():
                outbox.log("WARN", warning)
            reader = InputReader({plan.key: plan.properties for plan in plans}, config, spool)
            reader.start()
            Writer(connection, config, tables, targets, spool, outbox).run(reader.queue, lambda: bool(terminated))
        except (duckdb.InterruptException, StalledError):
            if not terminated:
                raise
    if terminated:
        with suppress(StalledError):
            outbox.log("WARN", "Terminated: committed rows are kept, and the next sync resumes from the last state.")
        return _SIGNALLED + terminated[0]
    return 0


def _config(path: Path) -> Config:
    try:
        return parse_config(_read(path, "--config"))
    except ConfigError as error:
        raise ConfigError(f"--config {path}: {error}") from error


def _read(path: Path, option: str) -> bytes:
    try:
        content = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The file {path}, given as {option}, can't be read: {error.strerror}.") from error
    return content.removeprefix(codecs.BOM_UTF8)


def _report(error: Exception, outbox: Outbox) -> None:
    """Send *error* as a TRACE, with the stack unless it is one of ours; to stderr if nobody reads stdout."""
    explained, stack = error, None
    if not isinstance(explained, DestinationError):
        explained = _explained(error)
    if explained is not error and isinstance(explained, SystemFault):
        stack = "".join(traceback.format_exception(error))
    try:
        outbox.error(explained, stack)
    except SystemFault:
        with suppress(OSError):
            os.write(_STDERR, outbox.masked(f"{explained}\n".encode()))


def _explained(error: Exception) -> DestinationError:
    if isinstance(error, duckdb.OutOfMemoryException):
        first_line = str(error).splitlines()[0]
        return ConfigError(f"DuckDB needs more memory than memory_limit allows: raise it. DuckDB says: {first_line}")
    if isinstance(error, duckdb.InvalidInputException) and "VARIANT columns are not supported" in str(error):
        return ConfigError(
            f"This file's storage version does not support object_type variant: use json, or a new file ({error})."
        )
    # On a full disk, COMMIT fails with an error of the transaction, not of input or output.
    if isinstance(error, duckdb.IOException) or "Could not write file" in str(error):
        return TransientError(f"DuckDB can't read or write its files: {error}")
    if isinstance(error, (duckdb.CatalogException, duckdb.DependencyException)):
        first_line = str(error).splitlines()[0]
        return ConfigError(
            f"An index, a view or another object of the database is in the way: drop or rename it ({first_line})."
        )
    if isinstance(error, duckdb.Error):
        return SystemFault(f"DuckDB failed: {error}")
    return SystemFault(f"Unexpected {type(error).__name__}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="destination-duckdb", description="Writes Airbyte streams to DuckDB.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("spec", help="print the specification of the configuration")
    for name, purpose in (
        ("check", "try the configuration"),
        ("write", "write the messages on stdin"),
        ("state", "print the last committed states as a state file"),
        ("reset", "remove streams, so that the next sync reads them from the start"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.add_argument(
            "--config", type=Path, required=True, help="the configuration, a JSON file, or - for stdin"
        )
        if name == "write":
            command.add_argument("--catalog", type=Path, required=True, help="the configured catalog, a JSON file")
        if name == "reset":
            command.add_argument("--stream", action="append", required=True, help="a stream's name; may be given again")
            command.add_argument("--namespace", help="the namespace of these streams, where they have one")
    return parser
