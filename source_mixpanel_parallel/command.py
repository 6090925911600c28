"""argv → the connector. What it emits goes to the one writer of stdout, whole lines at a time.

`read` bypasses the CDK's printing, one message a line, since RECORD lines are already encoded; everything else is the
CDK's entrypoint. Exit code 0: all streams complete; 1: something failed, the last TRACE message says what. Stopped by a
signal, the process ends as one that the signal killed: 143 in a shell, after SIGTERM.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import io
import logging
import os
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_mixpanel_parallel.catalog import as_json, best_catalog
from source_mixpanel_parallel.config.inputs import read_inputs
from source_mixpanel_parallel.entrypoint import Entrypoint, failed_check
from source_mixpanel_parallel.errors import ConfigError, StdoutLost
from source_mixpanel_parallel.process.allocator import keep_freed_memory
from source_mixpanel_parallel.process.output import LineWriter
from source_mixpanel_parallel.process.stop_signals import StopSignals
from source_mixpanel_parallel.source import SourceMixpanelParallel
from source_mixpanel_parallel.traced import give_code, traced

CATALOG = "catalog"
PIPE_BYTES = 1024 * 1024


def run(argv: Sequence[str], stdout: LineWriter) -> None:
    """Run the connector with *argv*; its messages go to *stdout*."""
    init_uncaught_exception_handler(logging.getLogger("airbyte"))  # the CDK's own comes too late for a missing file
    arguments = _arguments(argv, stdout)
    _widen(stdout.descriptor)
    keep_freed_memory()
    gc.freeze()  # the CDK's modules stay: no collection needs to look through them again
    gc.set_threshold(50_000)
    if arguments.command == CATALOG:
        _log_to_stderr()
    try:
        _run(arguments, stdout)
    except StdoutLost as error:
        if not isinstance(error.__cause__, BrokenPipeError):  # a reader that is gone has its reasons
            sys.stderr.write(f"source-mixpanel-parallel: {error}.\n")
        sys.exit(1)
    except AirbyteTracedException as error:
        give_code(error)
        raise
    except Exception as error:
        unforeseen = AirbyteTracedException.from_exception(error)
        give_code(unforeseen)
        raise unforeseen from error


def _widen(descriptor: int) -> None:
    """Let a pipe hold a mebibyte instead of 64 KiB: fewer turns between source and destination."""
    if hasattr(fcntl, "F_SETPIPE_SZ") and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with contextlib.suppress(OSError):  # the user's pipes together hold too much: the small one serves
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _arguments(argv: Sequence[str], stdout: LineWriter) -> Namespace:
    """Parse; --help, which is no message, goes to stdout all the same."""
    text = io.StringIO()
    try:
        with contextlib.redirect_stdout(text):
            arguments = _parse(list(argv))
    except SystemExit:
        stdout.write(text.getvalue().encode())
        raise
    sys.stdout.write(text.getvalue())
    return arguments


def _parse(argv: list[str]) -> Namespace:
    """Parse as the CDK does, but let `read` go without --catalog, and add the command `catalog`."""
    wanted = argv[0] if argv else ""
    if wanted == CATALOG or (wanted == "read" and not any(arg.split("=")[0] == "--catalog" for arg in argv)):
        command = "discover" if wanted == CATALOG else "read"
        extra = [] if wanted == CATALOG else ["--catalog", ""]
        arguments = AirbyteEntrypoint.parse_args([command, *argv[1:], *extra])
        arguments.command = wanted
        return arguments
    return AirbyteEntrypoint.parse_args(argv)


def _log_to_stderr() -> None:
    # The catalog is a document for a file: the CDK's log messages would spoil it.
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)
            handler.setLevel(logging.WARNING)


def _run(arguments: Namespace, stdout: LineWriter) -> None:
    try:
        inputs = read_inputs(arguments, os.environ)
        inputs.check_config()
    except ConfigError as error:
        if arguments.command != "check":
            raise traced(error) from error
        stdout.write(failed_check(error))
        return
    source = SourceMixpanelParallel(inputs.catalog, inputs.config, inputs.state)
    StopSignals(source.stop, stdout).listen()
    entrypoint = Entrypoint(source, inputs)
    if arguments.command == "read":
        lines = _read(entrypoint, arguments)
    elif arguments.command == CATALOG:
        lines = _catalog(entrypoint, arguments)
    else:
        lines = (message.encode() + b"\n" for message in entrypoint.run(arguments))
    try:
        for line in lines:
            stdout.write(line)
        stdout.flush()
    finally:
        source.stop.set()  # whatever ended the output, nobody needs what is still being fetched


def _read(entrypoint: Entrypoint, arguments: Namespace) -> Iterator[bytes]:
    source, logger = entrypoint.source, entrypoint.logger
    config = entrypoint.configured(arguments)
    catalog = entrypoint.inputs.catalog or best_catalog(source.discover(logger, config))
    for item in source.read_batches(logger, config, catalog):
        if isinstance(item, bytes):
            yield item
        else:
            yield AirbyteEntrypoint.airbyte_message_to_string(item).encode() + b"\n"


def _catalog(entrypoint: Entrypoint, arguments: Namespace) -> Iterator[bytes]:
    config = entrypoint.configured(arguments)
    yield as_json(best_catalog(entrypoint.source.discover(entrypoint.logger, config))) + b"\n"
