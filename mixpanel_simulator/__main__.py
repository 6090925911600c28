"""Runs the simulator: ``python -m mixpanel_simulator``."""

import sys

from mixpanel_simulator.command import main

if __name__ == "__main__":
    sys.exit(main())
