"""What every benchmark's command line does: measure, print each figure as it comes, and write JSON where asked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.figure import Figure, shown

Measure = Callable[[bool], Iterable[Figure]]


def run_command(measure: Measure, doc: str | None) -> None:
    """Run `measure(quick)` for the command line."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows, and one run of each")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures = list(told(measure(options.quick)))
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")


def told(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Yield *figures*, and print each."""
    for figure in figures:
        value = f"{shown(figure.median)} {figure.unit}"
        print(f"{figure.group:<12} {figure.name:<72} {value:>18}  {figure.spread:<22} {figure.goal}", flush=True)
        yield figure
