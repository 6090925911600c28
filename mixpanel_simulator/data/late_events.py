"""What a test says to let events arrive late: the day, and how many."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class LateEvents:
    """Events of a day that arrive after it was read."""

    day: date
    count: int
