"""`mixpanel-to-duckdb`: arguments in, exit code out.

Light on purpose: wrong arguments are reported before anything heavy is imported or any request is sent.
Exit codes are those of `ExitCode`, for wrong usage too, so not click's own. The only place that reports errors.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from mixpanel_to_duckdb.cli.commands import cli
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.system import refuse_windows
from mixpanel_to_duckdb.terminal.wrapping import say

NAME = "mixpanel-to-duckdb"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* (default: the process's) and return its exit code."""
    refuse_windows()
    try:
        code = cli.main(args=None if argv is None else list(argv), prog_name=NAME, standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"), err=True)
        return ExitCode.BAD_ARGUMENTS
    except SyncError as error:
        say(f"{NAME}: {error}", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output is gone: point stdout at nothing, so that the exit flushes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        say(f"{NAME}: {error}", err=True)  # no room for temporary files, no process left, …
        return ExitCode.FAILED
    return int(code or ExitCode.DONE)


if __name__ == "__main__":
    sys.exit(main())
