"""A timezone where it is about noon: a test of today in it does not see midnight pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone


@dataclass(frozen=True)
class Noon:
    """The timezone, as a config names it, and the date there."""

    zone: str
    today: date


def noon() -> Noon:
    """Return where it is between 12:00 and 13:00 now."""
    now = datetime.now(timezone.utc)
    ahead_h = 12 - now.hour
    # The sign in these names is that of POSIX: hours west of Greenwich.
    return Noon(f"Etc/GMT{-ahead_h:+d}", (now + timedelta(hours=ahead_h)).date())
