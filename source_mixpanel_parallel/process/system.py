"""The systems that the source runs on: those with `fcntl`, so not Windows. Imports nothing that Windows lacks."""

import sys


def refuse_windows() -> None:
    """End the process with a sentence where the source can't run."""
    try:
        import fcntl  # noqa: F401, PLC0415 - what is tried here
    except ModuleNotFoundError:
        sys.exit(
            "source-mixpanel-parallel runs on Linux and macOS; on Windows use WSL (Windows Subsystem for Linux), which"
            " `wsl --install` sets up."
        )
