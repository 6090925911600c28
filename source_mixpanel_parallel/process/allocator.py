"""Tells the C library's allocator to keep what is freed, up to a bound, instead of returning it immediately.

Each block of lines is encoded into about a megabyte, written and freed. Given back to the system each time, its pages
are faulted in again for the next block, which costs a fifth of the source's CPU. Where there is no mallopt: nothing.
"""

from __future__ import annotations

import platform

KEPT_BYTES = 64 * 1024 * 1024
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_memory() -> None:
    """Let the allocator keep up to KEPT_BYTES."""
    if platform.libc_ver()[0] != "glibc":
        return
    try:
        import ctypes  # noqa: PLC0415 - not every Python was built with it

        set_option = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):
        return
    set_option(M_TRIM_THRESHOLD, KEPT_BYTES)
    set_option(M_MMAP_THRESHOLD, KEPT_BYTES // 2)  # glibc takes at most 32 MiB
