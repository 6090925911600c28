"""Who may import whom: between the packages, and between the rooms of each.

A room is a folder of a package, or a module beside the folders. Each package is one row of PACKAGES.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"source_mixpanel_parallel", "destination_duckdb", "mixpanel_to_duckdb", "mixpanel_simulator"}


@dataclass(frozen=True)
class Package:
    """A package's rooms, lowest first, each with the rooms that it imports; and the packages that it imports."""

    name: str
    rooms: Mapping[str, set[str]]
    packages: frozenset[str] = frozenset()


DESTINATION = Package(
    "destination_duckdb",
    {
        "errors": set(),
        "identifiers": set(),
        "config_check": {"errors"},
        "config": {"errors", "config_check"},
        "protocol": {"errors", "config"},
        "values": {"errors", "identifiers", "protocol"},
        "tables": {"identifiers", "protocol", "values"},
        "database": {"errors", "identifiers", "config", "tables"},
        "input": {"errors", "config", "protocol", "values"},
        "loading": {
            "errors",
            "identifiers",
            "config",
            "protocol",
            "values",
            "tables",
            "database",
            "input",
        },
        "reset_command": {"errors", "config", "protocol", "database", "loading"},
        "command": {"errors", "config", "protocol", "tables", "database", "input", "loading", "reset_command"},
        "system": set(),
        "run": {"command", "system"},
        "__main__": {"run"},
    },
)
PACKAGES = (DESTINATION,)


def modules(package: str) -> dict[str, Path]:
    """Return the files of a package by the name under which they are imported."""
    files = (ROOT / package).rglob("*.py")
    names = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
    return {name.removesuffix(".__init__"): file for file, name in names.items()}


def imports(file: Path) -> Iterator[str]:
    """Yield the full name of everything that *file* imports, also inside of functions."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def module_of(name: str, known: Mapping[str, Path]) -> str | None:
    """Return the module that an imported name is, or is in; None where it is not one of *known*."""
    for candidate in (name, name.rpartition(".")[0]):
        if candidate in known:
            return candidate
    return None


def room_of(module: str) -> str:
    """Return the folder of a module within its package, or the module itself."""
    return [*module.split("."), ""][1]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_between_packages(package: Package) -> None:
    """A package imports those of ours that its row names, and no other."""
    found = {name.split(".")[0] for file in modules(package.name).values() for name in imports(file)}
    assert found & (OURS - {package.name}) == package.packages


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_between_rooms(package: Package) -> None:
    """Every room imports exactly the rooms that its row names, and all of these come before it: downward only."""
    known = modules(package.name)
    found: dict[str, set[str]] = {}
    for module, file in known.items():
        targets = {target for name in imports(file) if (target := module_of(name, known))}
        found.setdefault(room_of(module), set()).update(room_of(target) for target in targets)
    found.pop("")
    assert {room: below - {room, ""} for room, below in found.items()} == package.rooms
    rooms = list(package.rooms)
    for room, below in package.rooms.items():
        assert below <= set(rooms[: rooms.index(room)]), f"{room} imports upward"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_within_rooms(package: Package) -> None:
    """No modules import each other in a circle, not even within a room."""
    known = modules(package.name)
    graph = {
        module: {target for name in imports(file) if (target := module_of(name, known))}
        for module, file in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


def test_kinds_of_database_are_chosen_in_one_place() -> None:
    """Only kinds.py imports a kind of database, so nothing else can depend on which one it is."""
    known = modules("destination_duckdb")
    kinds = {f"destination_duckdb.database.{name}" for name in ("file", "motherduck")}
    importers = {module for module, file in known.items() if any(module_of(n, known) in kinds for n in imports(file))}
    assert importers == {"destination_duckdb.database.kinds"}
