"""The chart of the figures: rows a second and memory against rows, speed-up against days.

    build/clients/benchmarks/bin/python benchmarks/chart.py RESULTS.json CHART.svg

Runs in an environment of its own, which has matplotlib; imports nothing of this project. In: the JSON that
`python -m benchmarks` writes. Out: an SVG that reads on light and on dark pages.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter

Point = tuple[float, float]
INK = "#7a7f87"  # between light and dark, so that it reads on both
LINES = {
    "source": ("#3b82c4", "o"),
    "destination": ("#d9822b", "s"),
    "faster": ("#3b82c4", "o"),
    "hoped for": ("#9aa0a6", "x"),
}


def main() -> None:
    """Draw."""
    figures = json.loads(Path(sys.argv[1]).read_text())["figures"]
    mpl.rcParams.update({"svg.hashsalt": "figures", "svg.fonttype": "none", "font.family": "sans-serif"})
    mpl.rcParams.update(dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK))
    picture, (rates, memory, gains) = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for group in ("source", "destination"):
        draw(rates, group, points(figures, group, "rate"))
        draw(memory, group, points(figures, group, "peak memory"))
    draw(gains, "faster", points(figures, "latency", "speed-up"))
    draw(gains, "hoped for", points(figures, "latency", "speed-up", "at_least"))
    finish(rates, "rows a second, thousands", "rows", lambda value: f"{value / 1000:,.0f}")
    finish(memory, "peak memory, MB", "rows", lambda value: f"{value:,.0f}")
    finish(gains, "times as fast as one connection", "days", lambda value: f"{value:g}")
    picture.savefig(sys.argv[2], transparent=True, metadata={"Date": None})


def points(figures: list[dict[str, Any]], group: str, part: str, field: str = "values") -> list[Point]:
    """Return where the figures of *group* whose name holds *part* stand: the median, or another field."""
    found = []
    for figure in figures:
        if figure["group"] == group and part in figure["name"] and figure["at"] is not None:
            values = figure[field] if field == "values" else [figure[field]]
            found.append((figure["at"], sorted(values)[len(values) // 2]))
    return sorted(found)


def draw(axes: Any, name: str, line: list[Point]) -> None:
    """Draw one line with its name."""
    color, marker = LINES[name]
    style = "--" if name == "hoped for" else "-"
    axes.plot(*zip(*line, strict=True), color=color, marker=marker, linestyle=style, label=name)


def finish(axes: Any, title: str, unit: str, told: Callable[[float], str]) -> None:
    """Give the axes their title, their ticks and their limits."""
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(unit)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.08)
    marks = sorted({x for line in axes.lines for x in line.get_xdata()})
    axes.set_xticks(marks, [short(mark) for mark in marks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: told(value)))
    axes.grid(visible=True, axis="y", color=INK, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.legend(frameon=False, fontsize=9)


def short(value: float) -> str:
    """Return a count as a tick shows it: 365, 100k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


if __name__ == "__main__":
    main()
