"""A hundred reads with PYTHONUNBUFFERED set, 18 connections, a thread that logs, signals, and a slow reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from integration_tests.source_run import config_for
from mixpanel_simulator import Scenario, start_simulator

READS, AT_ONCE, DAYS, EVENTS_PER_DAY = 100, 50, 18, 90


def test_a_hundred_reads(tmp_path: Path) -> None:
    """Every line of every read is a message, and none of its records is missing.

    A read lasts 13 seconds, since three requests may start a second and all are to be under way: so many run at once.
    """
    scenario = Scenario(days=DAYS, events_per_day=EVENTS_PER_DAY, event_bytes=1000, latency_per_day_s=6.5)
    config = tmp_path / "config.json"
    stream = {"name": "events", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    configured = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    Path(f"{config}.catalog").write_text(json.dumps({"streams": [configured]}))
    with start_simulator(scenario) as simulator:
        config.write_text(json.dumps(config_for(simulator, window_days=1, num_workers=18)))
        command = [sys.executable, "-m", "integration_tests.source.forked_reads", str(config), str(READS), str(AT_ONCE)]
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    ended = json.loads(done.stdout)
    assert ended == {"exit_codes": [0], "records": [DAYS * EVENTS_PER_DAY] * READS, "bad": []}
