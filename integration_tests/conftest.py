"""What every test here needs: a cache of catalogs of its own, and a Ctrl-C that reaches the processes it starts."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

# Whoever starts the tests in the background, such as `sh -c 'make tests &'`, lets them ignore Ctrl-C, and every process
# that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
