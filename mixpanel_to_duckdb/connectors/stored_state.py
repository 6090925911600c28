"""The state in a database, as printed by `destination-duckdb state`.

In: a database that is there; out: the states as JSON. Raises SyncError with the destination's sentence.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from mixpanel_to_duckdb.connectors.process import DESTINATION, Answer, RunningCommand
from mixpanel_to_duckdb.connectors.stop_request import StopRequest
from mixpanel_to_duckdb.errors import BadArguments, SyncError


def stored_state(database: str, schema: str) -> bytes:
    """Return the states of all streams in *schema*."""
    with tempfile.TemporaryDirectory(prefix="mixpanel-to-duckdb-") as folder:
        config = Path(folder) / "duckdb.json"
        config.write_text(json.dumps({"destination_path": database, "schema": schema}), encoding="utf-8")
        answer = RunningCommand([*DESTINATION, "state", "--config", str(config)], StopRequest()).answer()
    refuse_failed(answer)
    return answer.stdout


def refuse_failed(*answers: Answer) -> None:
    """Raise the first error of commands that failed."""
    for error in (error for answer in answers for error in answer.errors if answer.exit_code):
        kind = BadArguments if error.failure_type == "config_error" else SyncError
        raise kind(error.message)
