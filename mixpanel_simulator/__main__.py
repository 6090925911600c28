"""Runs the simulator: ``python -m mixpanel_simulator``."""

import sys

from mixpanel_simulator.system import refuse_windows

if __name__ == "__main__":
    refuse_windows()
    from mixpanel_simulator.command import main

    sys.exit(main())
