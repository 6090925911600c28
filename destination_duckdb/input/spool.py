"""Rows on their way into the database: in memory while there are few, in a private file once there are many.

A Segment holds RECORD lines of one stream, in order of arrival. A SpoolDirectory is the private directory of its
files. It is emptied at the start, which removes what a killed process left; a lock excludes other users. Raises
TransientError when the disk is full.
"""

import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from destination_duckdb.config import MEGABYTE
from destination_duckdb.errors import ConfigError, TransientError
from destination_duckdb.input.temporary_directory import locked_directory

_COPY_BYTES = MEGABYTE
_KEPT_FILES = 4
_KEPT_BYTES = 256 * MEGABYTE


class SpoolDirectory:
    """Hands out private files and reuses returned ones.

    Overwriting a file costs a tenth of writing a new one, whose pages the system has to find and clear first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0
        # A deque's append and pop are atomic: the reading thread takes files and the writing thread returns them.
        self._free: deque[Path] = deque()

    def new_file(self) -> Path:
        """Return a file that nobody else uses; it may have content, which must be overwritten."""
        with suppress(IndexError):
            return self._free.pop()
        self._count += 1
        path = self.path / f"{self._count}.jsonl"
        path.touch(mode=0o600)
        return path

    def give_back(self, path: Path) -> None:
        """Take back a file that is no longer needed."""
        if len(self._free) >= _KEPT_FILES:
            path.unlink()
            return
        if path.stat().st_size > _KEPT_BYTES:
            os.truncate(path, _KEPT_BYTES)
        self._free.append(path)


@contextmanager
def open_spool(place: Path | None) -> Iterator[SpoolDirectory]:
    """Create an empty directory: at *place*, which the caller has locked, or else a locked temporary one."""
    with locked_directory() if place is None else _emptied(place) as path:
        yield SpoolDirectory(path)


@contextmanager
def _emptied(path: Path) -> Iterator[Path]:
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(f"The directory {path} can't be created for temporary files: {error.strerror}.") from error
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(slots=True)
class Segment:
    """RECORD lines of one stream that are committed together."""

    spool: SpoolDirectory
    rows: int = 0
    size_bytes: int = 0
    memory_bytes: int = 0
    longest_block_bytes: int = 0
    # Whether some decimal in it would be rounded on the fast path.
    has_lossy_decimals: bool = False
    # Whether its rows take the exact path into the table.
    is_exact: bool = False
    _blocks: list[bytes] = field(default_factory=list)
    _file: Path | None = None
    _file_bytes: int = 0

    def append(self, block: bytes, rows: int) -> None:
        """Append complete lines."""
        self._blocks.append(block)
        self.rows += rows
        self.size_bytes += len(block)
        self.memory_bytes += len(block)
        self.longest_block_bytes = max(self.longest_block_bytes, len(block))

    def spill(self) -> None:
        """Move the lines in memory to the file."""
        if self._file is None:
            self._file = self.spool.new_file()
        with naming_full_disk(self._file), self._file.open("r+b", buffering=0) as file:
            file.seek(self._file_bytes)
            for block in self._blocks:
                self._file_bytes += _write_all(file.fileno(), block)
        self._blocks.clear()
        self.memory_bytes = 0

    def path(self) -> Path:
        """Return a file that contains exactly its lines."""
        self.spill()
        assert self._file is not None
        os.truncate(self._file, self._file_bytes)
        return self._file

    def join(self, others: Sequence["Segment"]) -> None:
        """Move the lines of *others* behind its own."""
        for other in others:
            if other._file is not None:
                self._take_file(other.path())
                other.remove()
            self._blocks += other._blocks
            self.memory_bytes += other.memory_bytes
            self.rows += other.rows
            self.size_bytes += other.size_bytes
            self.longest_block_bytes = max(self.longest_block_bytes, other.longest_block_bytes)
            self.has_lossy_decimals = self.has_lossy_decimals or other.has_lossy_decimals

    def remove(self) -> None:
        """Drop the lines and return the file."""
        self._blocks.clear()
        if self._file is not None:
            self.spool.give_back(self._file)
            self._file, self._file_bytes = None, 0

    def _take_file(self, path: Path) -> None:
        with path.open("rb", buffering=0) as source:
            while chunk := source.read(_COPY_BYTES):
                self._blocks.append(chunk)
                self.spill()


@contextmanager
def naming_full_disk(path: Path) -> Iterator[None]:
    """Turn a failure to write into a TransientError that names *path*."""
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"Temporary file {path} can't be written: {error.strerror}. Free some disk space."
        ) from error


def _write_all(descriptor: int, block: bytes) -> int:
    remaining = memoryview(block)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]
    return len(block)
