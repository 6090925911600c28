"""Who may import whom: between the packages, and between the rooms of each.

A room is a folder of a package, or a module beside the folders. Each package is one row of PACKAGES; the source's
components, a large room, are a row of their own.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from source_mixpanel_parallel import components

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
        "tables": {"errors", "identifiers", "protocol", "values"},
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
COMPONENTS = Package(
    "source_mixpanel_parallel.components",
    {
        "http": set(),
        "read_context": set(),
        "events": {"http", "read_context"},
        "profiles": {"http", "read_context"},
    },
)
SOURCE = Package(
    "source_mixpanel_parallel",
    {
        "errors": set(),
        "log_lines": set(),
        "progress": set(),
        "stream_names": set(),
        "process": {"errors"},
        "project_time": {"errors"},
        "traced": {"errors"},
        "emission": {"errors", "log_lines", "progress", "traced", "stream_names"},
        "rate_limits": {"emission", "errors", "log_lines"},
        "config": {"errors", "project_time", "stream_names", "rate_limits"},
        "windows": {"rate_limits", "config"},
        "components": {
            "config",
            "emission",
            "errors",
            "log_lines",
            "progress",
            "rate_limits",
            "traced",
            "windows",
            "project_time",
        },
        "catalog": {"components", "stream_names"},
        "connection_check": {"config", "errors", "log_lines", "windows", "components"},
        "stream_composer": {"rate_limits", "components"},
        "source": {
            "config",
            "connection_check",
            "emission",
            "errors",
            "rate_limits",
            "stream_composer",
            "traced",
            "components",
        },
        "entrypoint": {"config", "errors", "source", "log_lines"},
        "command": {"catalog", "config", "errors", "process", "source", "traced", "entrypoint"},
        "run": {"process", "command"},
    },
)
COMMAND = Package(
    "mixpanel_to_duckdb",
    {
        "exit_code": set(),
        "place": set(),
        "replacement": set(),
        "system": set(),
        "result": {"place", "replacement", "exit_code"},
        "errors": {"result", "exit_code"},
        "config": {"place", "errors"},
        "connectors": {"config", "errors", "exit_code", "result"},
        "database": {"errors", "exit_code", "place", "replacement", "result", "config"},
        "terminal": {"connectors", "errors", "place", "result", "exit_code"},
        "report": {"database", "errors", "place", "result", "terminal", "exit_code"},
        "sync": {"connectors", "database", "errors", "exit_code", "place", "report", "result", "terminal", "config"},
        "api": {"errors", "exit_code", "place", "result", "sync", "terminal", "config"},
        "cli": {"connectors", "database", "errors", "exit_code", "place", "result", "sync", "terminal", "config"},
        "run": {"cli", "errors", "system", "terminal", "exit_code"},
        "__main__": {"run"},
    },
    frozenset({"source_mixpanel_parallel", "mixpanel_simulator"}),
)
SIMULATOR = Package(
    "mixpanel_simulator",
    {
        "day_sizes": set(),
        "gzip_stream": set(),
        "system": set(),
        "faults": {"gzip_stream"},
        "scenario": {"day_sizes"},
        "answers": {"gzip_stream", "faults"},
        "data": {"scenario"},
        "apis": {"answers", "faults", "gzip_stream", "scenario", "data"},
        "simulator": {"answers", "faults", "scenario", "data"},
        "server": {"answers", "apis", "faults", "scenario", "data"},
        "command": {"scenario", "server"},
        "__main__": {"command", "system"},
    },
)
PACKAGES = (COMPONENTS, SOURCE, DESTINATION, COMMAND, SIMULATOR)
# What the command may use of the source: its root's public names and these modules. None of them imports the CDK.
PUBLIC = {
    "source_mixpanel_parallel",
    *(
        f"source_mixpanel_parallel.{name}"
        for name in (
            "config.check",
            "config.environment",
            "config.filters",
            "config.names",
            "config.regions",
            "config.settings",
            "errors",
            "log_lines",
            "progress",
            "project_time.zone",
            "rate_limits.limits",
            "stream_names",
            "windows.date_windows",
            "windows.finished_days",
            "windows.plan_duration",
            "windows.planner",
        )
    ),
}


def modules(package: str) -> dict[str, Path]:
    """Return the files of a package by the name under which they are imported."""
    files = ROOT.joinpath(*package.split(".")).rglob("*.py")
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


def room_of(module: str, package: str) -> str:
    """Return the folder of a module within *package*, or the module itself; nothing for the package's own file."""
    return module.removeprefix(package).removeprefix(".").split(".")[0]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_between_packages(package: Package) -> None:
    """A package imports those of ours that its row names, and no other."""
    found = {name.split(".")[0] for file in modules(package.name).values() for name in imports(file)}
    assert found & (OURS - {package.name.split(".")[0]}) == package.packages


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_between_rooms(package: Package) -> None:
    """Every room imports exactly the rooms that its row names, and all of these come before it: downward only."""
    known = modules(package.name)
    found: dict[str, set[str]] = {}
    for module, file in known.items():
        targets = {target for name in imports(file) if (target := module_of(name, known))}
        rooms_of = {room_of(target, package.name) for target in targets}
        found.setdefault(room_of(module, package.name), set()).update(rooms_of)
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


def test_the_command_uses_what_is_public_of_the_source() -> None:
    """The command imports the source's public modules, and nothing that would import the CDK with it."""
    known = modules("source_mixpanel_parallel")
    used = {
        module
        for file in modules("mixpanel_to_duckdb").values()
        for name in imports(file)
        if (module := module_of(name, known))
    }
    assert used == PUBLIC
    loaded = "import sys; print([name for name in sys.modules if name.split('.')[0] == 'airbyte_cdk'])"
    program = f"import {', '.join(sorted(PUBLIC))}; {loaded}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_custom_components_are_indexed() -> None:
    """Every class that the manifest names exists, and the index of components says why YAML can't."""
    manifest = (ROOT / "source_mixpanel_parallel" / "manifest.yaml").read_text()
    named = [name.rpartition(".") for name in re.findall(r"class_name: ([\w.]+)", manifest)]
    assert named
    for module, _, name in named:
        assert hasattr(importlib.import_module(module), name)
        assert name in (components.__doc__ or "")
