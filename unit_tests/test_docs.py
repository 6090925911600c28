"""The documents name commands, options, fields and files that exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, AirbyteStateType

import source_mixpanel_parallel
from destination_duckdb.config_check import checked_fields
from destination_duckdb.tables.evolution import columns_of
from destination_duckdb.tables.registry import Registry
from destination_duckdb.tables.state_table import StateTable
from destination_duckdb.tables.table import OWN_COLUMNS, Table, create_table, current_database
from destination_duckdb.values.column_types import ColumnType, column_type
from docs import config_page
from mixpanel_to_duckdb.cli.commands import cli
from mixpanel_to_duckdb.database import day_rows, history, project, views
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.replacement import KeptDays, Replacement
from mixpanel_to_duckdb.result import ErrorReport, SyncResult, Wait
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.components.events.rejected_lines import NoSlices
from source_mixpanel_parallel.components.profiles.state import ProfilesState, ReadingState, SessionState, parse_state
from source_mixpanel_parallel.config.check import check_config
from source_mixpanel_parallel.progress import StreamReadResult
from source_mixpanel_parallel.windows.finished_days import FinishedDays
from unit_tests.test_boundaries import PACKAGES, Package

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
OPERATING = (DOCS / "operating.md").read_text()
COMMAND = re.compile(r"mixpanel-to-duckdb ((?:sync|plan|status|views|reset|init) [^|>&\n`]*)")
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")
OUTSIDE_CREDENTIALS = [part for part in config_page.source_parts() if "`credentials`" not in (part.title or "")]
TEXTS = [*PAGES, ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("*/BEHAVIOR.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
USERS_FILES = "".join(example for text in TEXTS for example in FENCED.findall(text.read_text(encoding="utf-8")))
MADE_BY_PROGRAMS = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
CREDENTIALS = {"username": "u", "secret": "s", "project_id": 1}


@pytest.mark.parametrize("line", sorted(set(COMMAND.findall(OPERATING))))
def test_commands_of_operating_parse(line: str) -> None:
    """Each command line is one that the program's own parser takes."""
    name, *arguments = shlex.split(line.partition(" # ")[0].removesuffix('",'))
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    command.make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a page has for its headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text.relative_to(ROOT)))
def test_anchors_are_headings(text: Path) -> None:
    """Every relative link to a part of a page names one of its headings."""
    for page, anchor in re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", text.read_text(encoding="utf-8")):
        assert anchor in anchors_of(text.parent / page if page else text), f"{page}#{anchor}"


def is_path(name: str, folders: Collection[Path]) -> bool:
    """Tell whether *name* stands for a file or folder of this repository.

    Not: a user's file, which the examples name; what programs make, which git ignores; a path of a URL.
    """
    if not re.fullmatch(r"[\w.<>*-][\w./<>*-]*", name) or name in MADE_BY_PROGRAMS:
        return False
    if "/" not in name:
        return name.endswith((".py", ".yaml")) or (name.endswith(".json") and name not in USERS_FILES)
    first = name.partition("/")[0]
    has_end = name.endswith(("/", ".py", ".yaml", ".json", ".md", ".css", ".txt"))
    return has_end or any((folder / first).is_dir() for folder in folders)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text.relative_to(ROOT)))
def test_paths_exist(text: Path) -> None:
    """Every path in backticks is there: from the root, in BEHAVIOR.md from its package, too; <…> and * may be any name.

    A name without a folder is that of a file which the same text names with its folder, or of one in the root.
    """
    folders = {ROOT, text.parent} if text.name == "BEHAVIOR.md" else {ROOT}
    spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", text.read_text(encoding="utf-8")))
    named = {name for name in spans if is_path(name, folders)}
    known = {name.rpartition("/")[2] for name in named if "/" in name}
    missing = {
        name
        for name in named - known
        if not any(found for folder in folders for found in folder.glob(re.sub(r"<\w+>", "*", name)))
    }
    assert missing == set()


@pytest.mark.parametrize("package", PACKAGES[1:], ids=lambda package: package.name)
def test_rooms_are_in_contributing(package: Package) -> None:
    """CONTRIBUTING names the folders of each package, in the order of the imports."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [row] = re.findall(rf"^\| `{package.name}/` \| (.*) \|$", page, re.MULTILINE)
    folders = [room for room in package.rooms if (ROOT / package.name / room).is_dir()]
    assert re.findall(r"`(\w+)`", row) == folders


def test_the_config_page_is_current() -> None:
    """docs/config.md is what its generator makes of the two specs."""
    written = (DOCS / "config.md").read_text(encoding="utf-8")
    assert written == config_page.page(), f"docs/config.md is out of date: run {config_page.COMMAND}"


def nested(place: str, value: Any) -> dict[str, Any]:
    """Return the config that has *value* at *place*, such as profiles.where or event_streams[].name."""
    name, _, rest = place.partition(".")
    inner = nested(rest, value) if rest else value
    if name.endswith("[]"):
        return {name.removesuffix("[]"): [{"name": "more", **inner}]}
    return {name: inner}


def fields_of(parts: list[config_page.Part]) -> list[Any]:
    """Return the fields that have an example, each as a parameter of a test."""
    fields = [field for part in parts for field in part.fields]
    return [pytest.param(field, id=field.place) for field in fields if field.example is not None]


@pytest.mark.parametrize("field", fields_of(OUTSIDE_CREDENTIALS))
def test_examples_of_the_source_are_valid(field: config_page.Field) -> None:
    """The source takes each example."""
    check_config({"credentials": CREDENTIALS, **nested(field.place, field.example)})


@pytest.mark.parametrize("field", fields_of(config_page.destination_parts()))
def test_examples_of_the_destination_are_valid(field: config_page.Field) -> None:
    """The destination takes each example."""
    checked_fields({"destination_path": "mixpanel.duckdb", field.place: field.example})


def tables_of(page: str, title: str) -> list[set[str]]:
    """Return, for each table under a heading, the names in backticks of its first column."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [
        {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)(?:\([a-z]*\))?`", row.split("|")[1])}
        for table in tables
    ]


@pytest.mark.parametrize(
    ("title", "number", "kind", "more"),
    [
        ("streams", 0, ParallelFetchResult, {"has_failures"}),
        ("streams", 1, ParallelProfileResult, {"has_failures"}),
        ("streams", 2, StreamReadResult, {"has_failures"}),
        ("batches", 0, BatchProgress, set()),
        ("batches", 1, ProfileProgress, set()),
        ("waits", 0, Wait, set()),
        ("replacements", 0, Replacement, set()),
        ("replacements", 1, KeptDays, set()),
        ("SyncResult", 1, ErrorReport, set()),
    ],
)
def test_fields_of_the_result(title: str, number: int, kind: type, more: set[str]) -> None:
    """Each table of the page on the result names the fields of its dataclass."""
    assert tables_of("sync-result.md", title)[number] == {each.name for each in fields(kind)} | more


def test_the_result_itself() -> None:
    """The page names every field of the document, and everything public of SyncResult."""
    result = SyncResult("m.duckdb", ExitCode.DONE, datetime(2026, 1, 11, tzinfo=timezone.utc), 1.0)
    assert tables_of("sync-result.md", "Document") == [set(result.as_json())]
    public = {name for name in dir(SyncResult) if not name.startswith("_")}
    assert tables_of("sync-result.md", "SyncResult")[0] == public - {"with_error", "with_replacements"}


def made_columns() -> dict[str, dict[str, str]]:
    """Return the columns and types of every table that a sync makes, by its name, without those of every stream."""
    connection = duckdb.connect()
    Registry(connection).create()
    StateTable(connection, "main").create()
    for statements in (history.CREATE, history.CREATE_RESETS, project.CREATE, day_rows.CREATE, views.CREATE):
        connection.execute(statements)
    for file in Path(source_mixpanel_parallel.__file__).parent.glob("schemas/*.json"):
        properties = json.loads(file.read_text(encoding="utf-8"))["properties"]
        columns = columns_of({name: column_type(schema) for name, schema in properties.items()})
        create_table(connection, Table(current_database(connection), "main", file.stem), columns)
    found: dict[str, dict[str, str]] = {}
    query = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    for table, column, kind in connection.execute(query).fetchall():
        if column not in OWN_COLUMNS:
            found.setdefault(table, {})[column] = kind
    return found


def test_columns_are_those_of_the_tables() -> None:
    """docs/columns.md names every table, every column and its type, and no others."""
    page = (DOCS / "columns.md").read_text(encoding="utf-8")
    written: dict[str, dict[str, str]] = {}
    name = ""
    for line in page.splitlines():
        if found := re.match(r"## (.*)|`(\w+)`, .*:$", line):
            name = found[1] or found[2]
        elif line.startswith("| `") and len(cells := line.split(" | ")) == 3 and cells[1].isupper():
            written.setdefault(name, {}).update(dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), cells[1]))
    assert written.pop("Columns of every table") == dict(OWN_COLUMNS)
    assert written == made_columns()


def test_types_are_those_of_the_destination() -> None:
    """docs/columns.md names the type of each kind of column."""
    types = (DOCS / "columns.md").read_text(encoding="utf-8").partition("\n## Types\n")[2].partition("\n## ")[0]
    missing = [kind.sql for kind in ColumnType if not re.search(rf"\b{kind.sql}\b(?! WITH)", types)]
    assert missing == []


def states_of(title: str) -> list[Any]:
    """Return the JSON examples under a heading of the page on states."""
    text = (DOCS / "states.md").read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [json.loads(example) for example in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_states_of_events_are_read() -> None:
    """Each example is a state that the source reads and writes; so is what `destination-duckdb state` prints."""
    examples = states_of("Events")
    assert len(examples) == 2
    assert [FinishedDays.from_json(example).as_json() for example in examples] == examples
    [printed] = states_of("Read one")
    assert list(finished_days(json.dumps(printed).encode())) == ["events"]
    assert [AirbyteStateMessageSerializer.load(state).type for state in printed] == [AirbyteStateType.STREAM] * 2


def test_states_of_profiles_are_read() -> None:
    """Each example is a state that the source reads and writes."""
    examples = states_of("Profiles")
    assert len(examples) == 4
    assert [parse_state("profiles", example).to_json() for example in examples] == examples
    assert states_of("rejected_lines and plain YAML streams") == [NoSlices().state]


def test_older_states_are_read() -> None:
    """A state of release 0.1.0 turns into the present form."""
    [old] = states_of("Older states")
    new = {"filters" if name == "asked" else name: value for name, value in old.items()}
    assert FinishedDays.from_json(old).as_json() == new


def test_fields_of_the_states() -> None:
    """The page names every field of a state."""
    tables = tables_of("states.md", "Profiles")
    names = [set(kind.__struct_encode_fields__) for kind in (ProfilesState, ReadingState, SessionState)]
    assert tables == [names[0] - {"__ab_full_refresh_sync_complete"}, *names[1:]]
    assert tables_of("states.md", "Events") == [{"finished_ranges", "read_through", "filters", "other_filters"}]
