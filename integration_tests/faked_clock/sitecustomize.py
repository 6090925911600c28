"""Sleeps of Python processes that run under libfaketime, as long as asked for.

Python imports this at its start where PYTHONPATH names the folder. From 3.11 on, time.sleep waits for an instant of the
monotonic clock, which libfaketime 0.9.10 moves even where it was told to leave that clock alone: EINVAL, at once.
"""

from __future__ import annotations

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select((), (), (), float(seconds))


time.sleep = _sleep
