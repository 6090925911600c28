"""A figure: one thing measured, once or several times, with what was hoped for.

In: numbers. Out: a frozen value that goes to JSON and back, and the texts that tables show. Raises nothing.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

TIMES = "×"  # noqa: RUF001  the sign that is meant


@dataclass(frozen=True, slots=True)
class Figure:
    """*values* of one measurement; *at* is where it stands in a chart, such as the number of rows."""

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None
    at: float | None = None

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """Return the smallest and the largest value, or nothing where there is one."""
        if len(self.values) < 2:
            return ""
        return f"{shown(min(self.values))} to {shown(max(self.values))}"

    @property
    def goal(self) -> str:
        """Return what was hoped for, and whether it was reached."""
        for limit, word, reached in (
            (self.at_least, "≥", self.at_least is not None and self.median >= self.at_least),
            (self.at_most, "≤", self.at_most is not None and self.median <= self.at_most),
        ):
            if limit is not None:
                return f"{word} {shown(limit)} {'✓' if reached else '✗'}"
        return ""


def shown(value: float) -> str:
    """Return *value* with about three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def figure_from_json(fields: dict[str, Any]) -> Figure:
    """Return the figure that `dataclasses.asdict` made *fields* of."""
    return Figure(**{**fields, "values": tuple(fields["values"])})
