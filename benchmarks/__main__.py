"""All benchmarks, one after the other: `make bench`, or python -m benchmarks [--quick] [--results FOLDER].

Prints each figure as it comes, and writes benchmarks.json, benchmarks.txt and benchmarks.svg to FOLDER. Where FOLDER
is the project's own, README, docs/benchmarks.md and docs/scale.md get the same figures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.figure import Figure, figure_from_json
from benchmarks.machine import machine
from benchmarks.scale import PAGE, page_with_tables
from benchmarks.table import highlights, markdown, text_table, with_table
from client_tests.environments import client_program

FOLDER = Path(__file__).with_name("results")
README = Path(__file__).parents[1] / "README.md"
FIGURES_PAGE = README.parent / "docs" / "benchmarks.md"
ALL = (
    "source_events",
    "destination_load",
    "destination_pipe",
    "peers.run",
    "destination_merge",
    "destination_memory",
    "source_profiles",
    "latency",
)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows, and one run of each: does it work?")
    parser.add_argument("--results", type=Path, help="a folder for the results (default: the project's own)")
    options = parser.parse_args()
    if options.quick and options.results is None:
        parser.error("--quick measures too little for the project's own results: give --results FOLDER")
    started_s = time.monotonic()
    figures = [figure for name in ALL for figure in measured(name, quick=options.quick)]
    folder: Path = options.results or FOLDER
    write(folder, machine(), figures)
    if folder == FOLDER:
        README.write_text(with_table(README.read_text(), "highlights", highlights(figures)))
        FIGURES_PAGE.write_text(with_table(FIGURES_PAGE.read_text(), "figures", markdown(machine(), figures)))
        PAGE.write_text(page_with_tables(PAGE.read_text(), figures))
    print(f"{len(figures)} figures in {time.monotonic() - started_s:.0f} s, written to {folder}")


def measured(name: str, *, quick: bool) -> Sequence[Figure]:
    """Return the figures of one benchmark, which prints them as they come.

    In a process of its own: what it keeps in memory would count as the peak of every program that the next one starts.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        options = ["--quick"] if quick else []
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", "--json", str(path), *options], check=True)
        return [figure_from_json(fields) for fields in json.loads(path.read_text())]


def write(folder: Path, where: Mapping[str, str], figures: Sequence[Figure]) -> None:
    """Write the figures as JSON, as text and as a chart."""
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "benchmarks.json"
    results.write_text(
        json.dumps({"machine": where, "figures": [asdict(figure) for figure in figures]}, indent=1) + "\n"
    )
    (folder / "benchmarks.txt").write_text(text_table(where, figures))
    chart = [client_program("benchmarks", "python"), Path(__file__).with_name("chart.py")]
    subprocess.run([*chart, results, folder / "benchmarks.svg"], check=True)


if __name__ == "__main__":
    main()
