"""The entry point of `destination-duckdb`: checks the system and takes stdout, then imports the destination.

stdout is taken first so that nothing that is imported or started later can write into a message, neither a library's
print nor C code. Exits with code 1 on Windows; all other exit codes are those of command.py.
"""

import os
import sys

from destination_duckdb.system import refuse_windows

_STDOUT, _STDERR = 1, 2
_FIRST_OTHER = 3


def main() -> None:
    """Run the command line and exit with its code."""
    refuse_windows()
    _hold_standard_streams()
    stdout = _take_stdout()
    from destination_duckdb.command import run  # noqa: PLC0415 - may print while it is imported

    sys.exit(run(sys.argv[1:], stdout))


def _hold_standard_streams() -> None:
    """Open what the caller closed of stdin, stdout and stderr: the database would get its number, and our messages."""
    for descriptor in range(_STDERR + 1):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if descriptor == _STDERR else os.O_RDONLY)


def _take_stdout() -> int:
    """Return a private descriptor of stdout; from now on, prints and descriptor 1 go to stderr."""
    import fcntl  # noqa: PLC0415 - Windows lacks it

    if sys.stdout:
        sys.stdout.flush()
    private: int = fcntl.fcntl(_STDOUT, fcntl.F_DUPFD_CLOEXEC, _FIRST_OTHER)
    os.dup2(_STDERR, _STDOUT)
    return private
