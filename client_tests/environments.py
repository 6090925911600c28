"""Where the programs are: each client in a virtual environment of its own, ours in this one.

`make test-clients` makes the environments. A client's dependencies contradict ours (another duckdb, another
airbyte-cdk), so it is only ever run, never imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = Path(sys.executable).parent
# Whatever a client would ask of the internet is refused at once; the simulators are on 127.0.0.1.
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "NO_PROXY": "127.0.0.1",
    "DO_NOT_TRACK": "1",
    "AIRBYTE_OFFLINE_MODE": "1",
}


def client_program(environment: str, program: str) -> Path:
    """Return *program* of a client's environment; raise FileNotFoundError that says how to make it."""
    path = ROOT / "build" / "clients" / environment / "bin" / program
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: `make test-clients` makes it")
    return path


def our_program(program: str) -> Path:
    """Return one of this project's programs."""
    return OURS / program


def offline(**more: str) -> Mapping[str, str]:
    """Return this process's environment, cut off from the internet, with *more* variables."""
    return {**os.environ, **OFFLINE, **{name.lower(): value for name, value in OFFLINE.items()}, **more}
