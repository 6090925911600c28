"""A line of an answer that is not a record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that is not an event: its number in the answer (from 1), its bytes, and why."""

    number: int
    raw: bytes
    error: str
