"""Runs the simulator: ``python -m mixpanel_simulator``."""

import sys

from mixpanel_simulator.system import refuse_windows

NEEDS = "the simulator needs aiohttp, which comes with the extra `simulator`: pip install aiohttp\n"

if __name__ == "__main__":
    refuse_windows()
    try:
        from mixpanel_simulator.command import main
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        sys.stderr.write(NEEDS)
        sys.exit(1)
    sys.exit(main())
