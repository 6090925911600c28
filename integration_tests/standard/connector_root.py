"""The connector's directory as the standard tests see it.

They take the connector's name from the directory's, read acceptance-test-config.yml there when tests are collected, and
the configs that it names when tests run. So each test class gets a directory of its own, named for its connector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar


class ConnectorRoot:
    """Mixed into a test class; until `place` is called, the root is where acceptance-test-config.yml is kept."""

    root: ClassVar[Path]

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        """Return the directory that paths in acceptance-test-config.yml are relative to."""
        return cls.root

    @classmethod
    def place(cls, root: Path, configs: Mapping[str, Mapping[str, Any]]) -> None:
        """Make *root* the connector's directory and write *configs*, by their paths, into it."""
        for path, config in configs.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(json.dumps(config))
        cls.root = root
