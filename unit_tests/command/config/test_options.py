"""What a person may ask for, and which sentence answers what makes no sense."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mixpanel_to_duckdb.config.options import SyncOptions, checked_database, parse_day, parse_last, parse_names
from mixpanel_to_duckdb.errors import BadArguments

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"last_days": 3, "to_date": MARCH}, "--last can't be combined with --from or --to"),
        ({"from_date": MARCH, "to_date": JANUARY}, "--to 2026-01-01 is before --from 2026-03-01: swap them"),
        ({"full_refresh": True, "retry_failed": True}, "choose one"),
        ({"reread": True, "last_days": 1, "full_refresh": True}, "leave out --full-refresh"),
        ({"reread": True, "last_days": 1, "retry_failed": True}, "leave out --retry-failed"),
        ({"reread": True}, "--reread needs the days to read again"),
        ({"reread": True, "last_days": 1, "where": "1 == 1"}, "--reread can't be combined with --where"),
        ({"full_refresh": True, "where": "1 == 1"}, "--full-refresh can't be combined with --where"),
        ({"retry_failed": True, "last_days": 3}, "leave out --from, --to and --last"),
        ({"workers": 0}, "--workers 0: choose a number from 1 to 100"),
        ({"workers": 101}, "--workers 101: choose a number from 1 to 100"),
        ({"window_days": 0}, "--window-days 0: choose a number from 1 to 100"),
        ({"region": "MARS"}, "--region MARS: choose US, EU or IN"),
    ],
)
def test_options_that_make_no_sense(fields: dict[str, Any], sentence: str) -> None:
    """Each is refused with its value and what would be right."""
    with pytest.raises(BadArguments) as raised:
        SyncOptions("m.duckdb", **fields)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "replaces_days", "replaces_tables"),
    [
        ({}, False, False),
        ({"full_refresh": True}, False, True),
        ({"full_refresh": True, "streams": ("events",), "workers": 3}, False, True),
        ({"full_refresh": True, "from_date": JANUARY}, True, False),
        ({"full_refresh": True, "to_date": JANUARY}, True, False),
        ({"full_refresh": True, "last_days": 3}, True, False),
        ({"full_refresh": True, "events": ("Purchase",)}, True, False),
        ({"reread": True, "to_date": JANUARY}, True, False),
    ],
)
def test_what_a_refresh_replaces(fields: dict[str, Any], *, replaces_days: bool, replaces_tables: bool) -> None:
    """A refresh that is narrowed to days or events replaces these; only one of everything replaces tables."""
    options = SyncOptions("m.duckdb", **fields)
    assert (options.replaces_days, options.replaces_tables) == (replaces_days, replaces_tables)


def test_options_at_their_limits() -> None:
    """The first and last allowed values are taken."""
    SyncOptions("m.duckdb", workers=1, window_days=1, from_date=JANUARY, to_date=JANUARY, region="IN")
    SyncOptions("m.duckdb", workers=100, window_days=100, last_days=1)


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("1d", 1), ("4w", 28), (" 2W ", 14), (None, None)])
def test_parse_last(text: str | None, days: int | None) -> None:
    """Days and weeks are counted."""
    assert parse_last(text) == days


@pytest.mark.parametrize("text", ["", "30", "0d", "d", "-3d", "3m", "1.5d", "3 d"])
def test_parse_last_when_it_is_none(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(BadArguments, match="write it as 30d or 4w"):
        parse_last(text)


def test_parse_day() -> None:
    """A date is taken as it is, a text is parsed, anything else is refused with its option."""
    assert parse_day("--to", "2026-01-01") == parse_day("--to", JANUARY) == JANUARY
    with pytest.raises(BadArguments, match=r"--to '2026-02-30' is not a date: write it as 2026-01-31"):
        parse_day("--to", "2026-02-30")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([], ()),
        (["Sign Up,Purchase"], ("Sign Up", "Purchase")),
        ([" A , B ", "C", "A"], ("A", "B", "C")),
        (['["A, B", "C"]', "D"], ("A, B", "C", "D")),
    ],
)
def test_parse_names(values: list[str], names: tuple[str, ...]) -> None:
    """Names come from commas, repeated options and JSON arrays, each once."""
    assert parse_names("--events", values) == names


@pytest.mark.parametrize("value", ["", "A,,B", "[1]", '["A"', '[""]'])
def test_parse_names_when_they_are_none(value: str) -> None:
    """Empty names and broken arrays are refused with the option's name."""
    with pytest.raises(BadArguments, match="--events"):
        parse_names("--events", [value])


def test_checked_database(tmp_path: Path) -> None:
    """A path in a folder that is there, and a database at MotherDuck, are taken; nothing else."""
    new = str(tmp_path / "new.duckdb")
    assert checked_database(new) == new
    assert checked_database("md:analytics", must_exist=True) == "md:analytics"
    for path, sentence in [
        ("", "give the path of a file"),
        (":memory:", "give the path of a file"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "no" / "m.duckdb"), "does not exist: create it"),
    ]:
        with pytest.raises(BadArguments, match=sentence):
            checked_database(path)
    with pytest.raises(BadArguments, match="no such file"):
        checked_database(new, must_exist=True)
