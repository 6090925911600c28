"""The published figures are those of benchmarks/results: in README, docs/benchmarks.md and docs/scale.md, as text."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import FIGURES_PAGE, README
from benchmarks.figure import Figure, figure_from_json, shown
from benchmarks.scale import PAGE, RESULTS, page_with_tables, planned
from benchmarks.table import highlights, markdown, text_table, with_table
from source_mixpanel_parallel.rate_limits.limits import HOUR_S, SECOND_S
from source_mixpanel_parallel.windows.plan_duration import estimated_s

PUBLISHED = json.loads(RESULTS.read_text())
FIGURES = [figure_from_json(fields) for fields in PUBLISHED["figures"]]


def test_readme_shows_the_highlights() -> None:
    """The README's five rows are those of the results."""
    readme = README.read_text()
    assert readme == with_table(readme, "highlights", highlights(FIGURES))
    assert "benchmarks/results/benchmarks.svg" in readme


def test_benchmarks_page_shows_the_results() -> None:
    """The table of docs/benchmarks.md is the one that the results make."""
    page = FIGURES_PAGE.read_text()
    assert page == with_table(page, "figures", markdown(PUBLISHED["machine"], FIGURES))


def test_scale_page_shows_the_results() -> None:
    """The tables of docs/scale.md are computed from the results."""
    page = PAGE.read_text()
    assert page == page_with_tables(page, FIGURES)


def test_text_is_that_of_the_results() -> None:
    """benchmarks.txt and benchmarks.svg lie beside the JSON that they were made of."""
    assert RESULTS.with_suffix(".txt").read_text() == text_table(PUBLISHED["machine"], FIGURES)
    assert RESULTS.with_suffix(".svg").read_text().startswith("<?xml")


def test_with_table_when_the_page_has_no_marks() -> None:
    """A page that lost its marks is not taken for one without a table."""
    with pytest.raises(ValueError, match="the page has no marks for figures"):
        with_table("# README", "figures", "| |")


@pytest.mark.parametrize(
    ("values", "median", "spread"),
    [((2.0,), 2.0, ""), ((1.0, 3.0, 1234.5), 3.0, "1.00 to 1,234"), ((10.04, 12.0), 11.02, "10.0 to 12.0")],
)
def test_figure_tells_its_median_and_spread(values: tuple[float, ...], median: float, spread: str) -> None:
    """One value has no spread; sizes decide the digits."""
    figure = Figure("source", "x", "s", values)
    assert (figure.median, figure.spread) == (median, spread)


@pytest.mark.parametrize(
    ("limits", "goal"),
    [
        ({}, ""),
        ({"at_least": 2.0}, "≥ 2.00 ✓"),
        ({"at_least": 2.1}, "≥ 2.10 ✗"),
        ({"at_most": 2.0}, "≤ 2.00 ✓"),
        ({"at_most": 1.5}, "≤ 1.50 ✗"),
    ],
)
def test_figure_tells_whether_its_goal_is_reached(limits: dict[str, float], goal: str) -> None:
    """The median decides."""
    assert Figure("source", "x", "s", (1.0, 2.0, 9.0), **limits).goal == goal


@pytest.mark.parametrize(("value", "text"), [(0.123, "0.12"), (12.34, "12.3"), (123456.7, "123,457")])
def test_shown_keeps_about_three_digits(value: float, text: str) -> None:
    """Small values keep two decimals, large ones none."""
    assert shown(value) == text


def test_simulate_when_the_hour_is_full() -> None:
    """The 61st request waits for the first to be an hour old, whatever the connections."""
    assert estimated_s([1] * 60, 40, 0.0) == pytest.approx(19 * SECOND_S)
    assert estimated_s([1] * 61, 40, 0.0) == HOUR_S


def test_simulate_when_connections_are_few() -> None:
    """Each connection reads one window after the other."""
    assert estimated_s([2, 2, 2, 2], 2, 10.0) == 40.0
    assert estimated_s([4], 2, 10.0) == 40.0


def test_simulate_when_windows_are_planned() -> None:
    """Planned windows end together: within the cost of two days of each other, and far before one connection would."""
    assert estimated_s(planned(365), 40, 0.667) < 365 * 0.667 / 16
