"""What the source's tests share."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A deadline is a timed assert: on a busy machine it fails for no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class Lines(logging.Handler):
    """Keeps what is logged, as `LEVEL text`."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def airbyte_log() -> Iterator[list[str]]:
    """Collect what the connector logs; pytest's own capture would see it twice, once or never."""
    lines, logger = Lines(), logging.getLogger("airbyte")
    logger.addHandler(lines)
    yield lines.texts
    logger.removeHandler(lines)
