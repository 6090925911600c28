"""Rows a day as inline SVG: a bar a day, the days of this sync strong, earlier ones pale, failed ones marked.

In: one stream's days, and the ranges that this sync read and failed to read; out: HTML. Pure. The SVG has no text and
is stretched to the width there is; labels stand around it, so that they stay readable on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape

from mixpanel_to_duckdb.database.finished_days import Range
from mixpanel_to_duckdb.report.data import DayBar, StreamDays

HEIGHT = 100.0
GAP = 0.18
LOST_HEIGHT = 5.0


def day_chart(days: StreamDays, colour: int, read: Sequence[Range], failed: Sequence[Range]) -> str:
    """Return the chart of one stream."""
    unit = "events" if days.is_events else "profiles last seen"
    title = f'<h3><span class="dot" style="--c:var(--s{colour})"></span>{escape(days.stream)}</h3>'
    rows = f'<span class="soft small">{days.rows:,} rows in the database</span>'
    if not days.bars:
        return f'<div class="days"><div class="head">{title}{rows}</div></div>'
    most = max(bar.rows for bar in days.bars)
    width = days.bars[0].days
    per = "a day" if width == 1 else f"in {width} days"
    rects = "".join(_rect(index, bar, most, read, failed) for index, bar in enumerate(days.bars))
    last = days.bars[-1].first + timedelta(days=days.bars[-1].days - 1)
    return (
        f'<div class="days"><div class="head">{title}{rows}</div>'
        f'<div class="plot" style="--c:var(--s{colour})">'
        f'<svg viewBox="0 0 {len(days.bars)} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(days.stream)}: {unit} {per}, at most {most:,}">{rects}</svg>'
        f'<div class="top"><span>{most:,} {unit} {per}</span></div></div>'
        f'<div class="axis"><span>{days.bars[0].first}</span><span>{last}</span></div></div>'
    )


def _rect(index: int, bar: DayBar, most: int, read: Sequence[Range], failed: Sequence[Range]) -> str:
    last = bar.first + timedelta(days=bar.days - 1)
    lost = _touches(bar.first.isoformat(), last.isoformat(), failed)
    height = max(bar.rows / max(most, 1) * HEIGHT, 0.8 if bar.rows else 0.0)
    kind = "" if _touches(bar.first.isoformat(), last.isoformat(), read) else ' class="old"'
    when = str(bar.first) if bar.days == 1 else f"{bar.first}..{last}"
    note = ", not read: failed" if lost else ""
    rect = (
        f'<rect x="{index + GAP / 2:.2f}" y="{HEIGHT - height:.2f}" width="{1 - GAP:.2f}" height="{height:.2f}"{kind}>'
        f"<title>{when}: {bar.rows:,}{note}</title></rect>"
    )
    if lost:
        rect += (
            f'<rect class="lost" x="{index:.2f}" y="{HEIGHT - LOST_HEIGHT:.2f}" width="1" height="{LOST_HEIGHT:g}">'
            f"<title>{when}: failed</title></rect>"
        )
    return rect


def _touches(first: str, last: str, ranges: Sequence[Range]) -> bool:
    return any(begin <= last and first <= end for begin, end in ranges)
