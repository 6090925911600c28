"""Runs the command: ``python -m mixpanel_to_duckdb``."""

import sys

from mixpanel_to_duckdb.run import main

if __name__ == "__main__":
    sys.exit(main())
