"""What was measured on: processor, cores, and the versions that matter."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("airbyte-cdk", "duckdb", "msgspec", "isal")


def machine() -> Mapping[str, str]:
    """Return the machine and the versions, in the order they are told."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    name = models[0] if models else platform.machine()
    told = {"machine": f"{name}, {os.cpu_count()} cores, {memory_gb:.0f} GB", "Python": platform.python_version()}
    told |= {package: version(package) for package in PACKAGES}
    return told | {"on": f"{datetime.now(timezone.utc):%Y-%m-%d}"}
