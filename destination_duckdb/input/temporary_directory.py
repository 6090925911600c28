"""A private directory for temporary files where no database file's lock guards one.

Out: a path under the system's temporary directory, locked as long as its process lives, and removed at the end. What
killed processes left there is found by its missing lock, and removed by the next start; directories of living
processes and of other users stay. Raises nothing of its own.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "destination-duckdb-"


@contextmanager
def locked_directory() -> Iterator[Path]:
    """Give out a directory for as long as it is needed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(left)
    path, descriptor = _new_directory()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(descriptor)


def _new_directory() -> tuple[Path, int]:
    """Return a directory and the descriptor that holds its lock; another start may remove it before it is locked."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                return path, descriptor
            os.close(descriptor)
