"""A private temporary directory, for databases whose own lock can't guard one.

Out: a path under the system's temporary directory, locked while its process lives, and removed at the end. Directories
that killed processes left behind are recognised by their missing lock and removed at the next start; those of running
processes and of other users stay.
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
    """Create a locked directory, and remove it at the end."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_stale(path)
    path, descriptor = _new_directory()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _remove_if_stale(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(descriptor)


def _new_directory() -> tuple[Path, int]:
    """Return a directory and the descriptor that holds its lock; until then another process may remove it."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                return path, descriptor
            os.close(descriptor)
