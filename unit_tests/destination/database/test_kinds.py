"""What differs between the kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from destination_duckdb.config import Config
from destination_duckdb.database.file import DatabaseFile
from destination_duckdb.database.kinds import kind_of
from destination_duckdb.database.motherduck import MotherDuck
from destination_duckdb.errors import ConfigError


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/local/x.duckdb", DatabaseFile),
        ("x", DatabaseFile),
        ("md:x", MotherDuck),
        ("motherduck:x", MotherDuck),
        ("md", DatabaseFile),
        ("./md:x", DatabaseFile),
        ("postgres:host=x", DatabaseFile),
    ],
)
def test_kind_of_when_the_path_begins_with(path: str, kind: type[object]) -> None:
    """The beginning of the path decides; what no kind claims is a file, which refuses what is none."""
    assert type(kind_of(Config(path))) is kind


def test_file(tmp_path: Path) -> None:
    """A file's rows are spooled beside it; its path is no secret, whatever it looks like."""
    path = str(tmp_path / "x.duckdb?motherduck_token=t")
    kind = kind_of(Config(path))
    assert (kind.shown_path, kind.secrets, kind.spool_path) == (path, (), Path(f"{path}.spool"))
    assert (kind.has_growing_row_ids, kind.is_missing()) == (True, True)
    Path(path).touch()
    assert not kind.is_missing()


def test_motherduck() -> None:
    """Tokens are secrets wherever they are given, and a path is shown without its parameters."""
    kind = kind_of(Config("md:x?motherduck_token=t0&a=1&Other_Token=t1", motherduck_api_key="t2"))
    assert (kind.shown_path, kind.secrets) == ("md:x", ("t2", "t0", "t1"))
    assert (kind.spool_path, kind.has_growing_row_ids, kind.is_missing()) == (None, False, False)


@pytest.mark.parametrize("path", ["md:x", "md:x?a=1"])
def test_motherduck_when_there_is_no_token(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before DuckDB opens a browser; a token in the environment will do."""
    monkeypatch.delenv("motherduck_token", raising=False)
    kind = kind_of(Config(path))
    with pytest.raises(ConfigError, match=r"md:x is a MotherDuck database: set motherduck_api_key"):
        kind.refuse_unusable()
    monkeypatch.setenv("MOTHERDUCK_TOKEN", "t")
    kind.refuse_unusable()
