"""The figures as text: a table for a terminal, and the same as Markdown, between two marks of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.figure import Figure, shown

HEADINGS = ("what", "median", "smallest to largest", "goal")
BAR = "\\|"
HIGHLIGHTS = (
    "90 days: speed-up",
    "1,000,000 events in 5 windows",
    "one day of 3,000,000: peak memory",
    "1,000,000 events, append_dedup: times curl and read_ndjson, start-up apart",
    "source | destination, times as fast as our source, PyAirbyte's cache",
)
TITLES = {
    "latency": "Mixpanel takes its time",
    "source": "The source, nothing to wait for",
    "destination": "The destination",
    "pipe": "Source and destination",
    "peers": "Beside others",
}


def text_table(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Return the table for a terminal."""
    rows = [row for group in groups(figures) for row in ((TITLES[group], "", "", ""), *rows_of(figures, group))]
    widths = [max(len(row[column]) for row in (HEADINGS, *rows)) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (HEADINGS, *rows)]
    return "".join(f"{line.rstrip()}\n" for line in (machine_line(machine), *lines))


def markdown(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Return all figures as Markdown."""
    lines = [f"{machine_line(machine)}\n"]
    for group in groups(figures):
        lines += [f"| {TITLES[group]} | {' | '.join(HEADINGS[1:])} |", "|---|---:|---|---|"]
        lines += [f"| {' | '.join(cells)} |" for cells in rows_of(figures, group, BAR)]
        lines.append("")
    return "\n".join(lines).rstrip()


def highlights(figures: Sequence[Figure]) -> str:
    """Return the five figures that the README shows."""
    by_name = {figure.name: figure for figure in figures}
    lines = ["| measured | median |", "|---|---:|"]
    for name in HIGHLIGHTS:
        figure = by_name[name]
        lines.append(f"| {name.replace('|', BAR)} | {shown(figure.median)} {figure.unit} |")
    return "\n".join(lines)


def with_table(page: str, name: str, table: str) -> str:
    """Return *page* with *table* between the marks called *name*; raise ValueError where it has none."""
    begin, end = f"<!-- {name}: written by `make bench` -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = page.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"the page has no marks for {name}: {begin.strip()} and {end.strip()}")
    return f"{head}{begin}\n{table}\n\n{end}{tail}"


def machine_line(machine: Mapping[str, str]) -> str:
    """Return what was measured on."""
    return ", ".join(f"{name} {value}" if name != "machine" else value for name, value in machine.items()) + "."


def groups(figures: Sequence[Figure]) -> list[str]:
    """Return the groups that have figures, in the order of the titles."""
    present = {figure.group for figure in figures}
    return [group for group in TITLES if group in present]


def rows_of(figures: Sequence[Figure], group: str, bar: str = "|") -> Iterator[tuple[str, str, str, str]]:
    """Yield the cells of a group's rows; *bar* stands for a vertical bar in a name."""
    for figure in figures:
        if figure.group == group:
            name = figure.name.replace("|", bar)
            yield name, f"{shown(figure.median)} {figure.unit}", figure.spread, figure.goal
