"""What became of stored rows whose days were read again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptDays:
    """Days that were to be replaced, and why stored rows of them stay."""

    from_date: str
    to_date: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """What became of the stored rows of one stream; *contradiction* says why none was removed at all."""

    removed_rows: int = 0
    replaced_ranges: tuple[tuple[str, str], ...] = ()
    kept: tuple[KeptDays, ...] = ()
    contradiction: str | None = None
