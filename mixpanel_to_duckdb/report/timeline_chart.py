"""The timeline as HTML: lanes of bars over a grid of seconds, drawn with percentages, so that it fits any width.

In: a `Timeline`; out: HTML. Pure. Every bar tells on hovering what it was.
"""

from __future__ import annotations

from html import escape

from mixpanel_to_duckdb.report.timeline import Bar, StreamLanes, Timeline, most_at_once, tick_s
from mixpanel_to_duckdb.result import Wait
from mixpanel_to_duckdb.terminal.display import duration_text
from source_mixpanel_parallel import ProfileProgress


def timeline_chart(timeline: Timeline, colours: dict[str, int], began_s: float) -> str:
    """Return all streams' lanes under each other, on the same scale."""
    charts = "".join(
        _stream(stream, timeline.duration_s, colours[stream.stream], began_s) for stream in timeline.streams
    )
    return f"{_key()}{charts}"


def _key() -> str:
    return (
        '<div class="key">'
        '<span><i style="background:var(--s0)"></i>a request, from its start until its answer was whole</span>'
        '<span><i style="background:var(--bad)"></i>given up</span>'
        '<span><i class="pause"></i>waiting: for the quota, or before a retry</span></div>'
    )


def _stream(stream: StreamLanes, duration_s: float, colour: int, began_s: float) -> str:
    waits = "".join(_pause(wait, began_s, 0.0, duration_s) for wait in stream.quota_waits)
    rows = f'<div class="lane">{waits}</div>' if waits else ""
    rows += "".join(
        f'<div class="lane">{"".join(_bar(bar, duration_s, began_s) for bar in lane.bars)}</div>'
        for lane in stream.lanes
    )
    count = sum(bar.batch is not None for lane in stream.lanes for bar in lane.bars)
    unit = (
        "pages"
        if any(isinstance(bar.batch, ProfileProgress) for lane in stream.lanes for bar in lane.bars)
        else "windows"
    )
    at_once = most_at_once([bar.batch for lane in stream.lanes for bar in lane.bars if bar.batch])
    facts = f"{count:,} {unit}, at most {at_once:,} concurrently"
    return (
        f'<div class="stream" style="--c:var(--s{colour})"><div class="head">'
        f'<h3><span class="dot"></span>{escape(stream.stream)}</h3><span class="soft small">{facts}</span></div>'
        f'<div class="lanes">{_start(stream, duration_s)}{_grid(duration_s)}{rows}</div></div>'
    )


def _start(stream: StreamLanes, duration_s: float) -> str:
    """Return the time before the first request, when both programs are started and the plan is made."""
    first_s = min((bar.start_s for lane in stream.lanes for bar in lane.bars), default=0.0)
    return f'<div class="start" style="width:{first_s / duration_s:.3%}"><span>starting</span></div>'


def _grid(duration_s: float) -> str:
    step, marks = tick_s(duration_s), []
    for index in range(int(duration_s / step) + 1):
        at_s = index * step
        label = f"<span>{_moment(at_s)}</span>" if at_s / duration_s < 0.95 else ""  # noqa: PLR2004 - the rest has no room
        marks.append(f'<i style="left:{at_s / duration_s:.3%}">{label}</i>')
    return f'<div class="grid">{"".join(marks)}</div>'


def _moment(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:g} s"
    return duration_text(seconds)


def _bar(bar: Bar, duration_s: float, began_s: float) -> str:
    if bar.batch is None:
        return "".join(_pause(wait, began_s, 0.0, duration_s) for wait in bar.waits)
    share = (bar.end_s - bar.start_s) / duration_s
    kind = "bar lost" if bar.batch.failed else "bar cut" if bar.batch.interrupted else "bar"
    pauses = "".join(_pause(wait, began_s, bar.start_s, bar.end_s) for wait in bar.waits)
    return (
        f'<div class="{kind}" style="left:{bar.start_s / duration_s:.3%};width:{share:.3%}" '
        f'title="{escape(_tooltip(bar))}">{_label(bar)}{pauses}</div>'
    )


def _pause(wait: Wait, began_s: float, from_s: float, to_s: float) -> str:
    """Return a wait, placed within the seconds *from_s* to *to_s* of the sync."""
    span_s = max(to_s - from_s, 0.001)
    start_s = wait.at_s - began_s
    end_s = min(start_s + wait.wait_s, to_s)
    title = f"{wait.place or wait.stream} waited {duration_text(wait.wait_s)}: {wait.text}"
    left, width = (start_s - from_s) / span_s, max(end_s - start_s, 0) / span_s
    return f'<div class="pause" style="left:{left:.3%};width:{width:.3%}" title="{escape(title)}"></div>'


def _label(bar: Bar) -> str:
    """Return a short and a long text, of which the bar shows what it has room for; the year is the day chart's."""
    if isinstance(bar.batch, ProfileProgress):
        short, long = str(bar.batch.page_index), bar.place
    else:
        assert bar.batch
        short, last = bar.batch.from_date[5:], bar.batch.to_date[5:]
        long = short if short == last else f"{short} to {last}"
    return f"<span class=s>{short}</span><span class=l>{long}</span>"


def _tooltip(bar: Bar) -> str:
    assert bar.batch
    took = f"{bar.stream} {bar.place}: {duration_text(bar.end_s - bar.start_s)}, from {bar.start_s:.1f} s on"
    tries = f", asked {len(bar.waits) + 1} times" if bar.waits else ""
    failed = "interrupted" if bar.batch.interrupted else f"failed: {bar.batch.error}"
    outcome = f"{bar.batch.rows:,} rows" if bar.batch.success else failed
    return f"{took}{tries}, {outcome}"
