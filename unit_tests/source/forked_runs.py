"""Runs of the source's command line, one after the other: each a process, forked from one that has imported the CDK.

    python forked_runs.py < JSON list of argument lists > JSON list of [exit code, stdout, stderr]

The import is what takes time. A run ends as any program of Python does, through its excepthook.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

import source_mixpanel_parallel.command  # noqa: F401 - what main imports, for all runs at once
from source_mixpanel_parallel.run import main


def run_all(runs: list[list[str]]) -> list[tuple[int, str, str]]:
    """Fork once a run; in the fork, raise what the run raises."""
    outcomes = []
    for arguments in runs:
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            pid = os.fork()
            if pid == 0:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(stdout.fileno(), 1)
                os.dup2(stderr.fileno(), 2)
                main(arguments)
                sys.exit()
            _, status = os.waitpid(pid, 0)
            texts = []
            for file in (stdout, stderr):
                file.seek(0)
                texts.append(file.read().decode())
            outcomes.append((os.waitstatus_to_exitcode(status), texts[0], texts[1]))
    return outcomes


if __name__ == "__main__":
    print(json.dumps(run_all(json.load(sys.stdin))))
