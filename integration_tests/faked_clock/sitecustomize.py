"""Python processes that run under libfaketime: sleeps as long as asked for, and no lock shared with other processes.

Python imports this at its start where PYTHONPATH names the folder. From 3.11 on, time.sleep waits for an instant of the
monotonic clock, which libfaketime 0.9.10 moves even where it was told to leave that clock alone: EINVAL, immediately.
Processes that inherit FAKETIME_SHARED ask for the time under one lock: once a process is killed while it holds that,
none of the others gets any further. Without it each has a lock of its own.
"""

from __future__ import annotations

import os
import select
import time
from typing import SupportsIndex

os.environ.pop("FAKETIME_SHARED", None)


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select((), (), (), float(seconds))


time.sleep = _sleep
