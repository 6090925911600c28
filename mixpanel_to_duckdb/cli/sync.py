"""`mixpanel-to-duckdb sync`: one sync with its progress, its summary, and the report, metrics and views.

In: options; out: an exit code, text on stdout (summary or JSON) and stderr (progress, errors). Raises BadArguments
before anything starts, and SyncError.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import source_config
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import SyncResult
from mixpanel_to_duckdb.sync.follow_up import FollowUp
from mixpanel_to_duckdb.sync.reread import streams_to_read
from mixpanel_to_duckdb.sync.sync_run import SyncRun
from mixpanel_to_duckdb.sync.unread_rows import agree_on_refresh
from mixpanel_to_duckdb.terminal.agreement import ask
from mixpanel_to_duckdb.terminal.display import Display, NoDisplay, PlainDisplay
from mixpanel_to_duckdb.terminal.printing import print_json, print_page
from mixpanel_to_duckdb.terminal.wrapping import say


@dataclass(frozen=True, slots=True)
class SyncOutput:
    """What a sync prints."""

    as_json: bool = False
    quiet: bool = False
    progress: str = "auto"


def run_sync(options: SyncOptions, config_path: str | None, output: SyncOutput, follow_up: FollowUp) -> int:
    """Run one sync; return its exit code."""
    try:
        config = source_config(config_path, options)
        streams_to_read(config, options)  # refused now, if at all
        agree_on_refresh(options, config, ask)
        result = SyncRun(options, config, _display(output)).run()
    except SyncError as error:
        follow_up.without_result(options, error.exit_code)
        raise
    result = follow_up.make(result, config.zone.key)
    _print_result(result, output)
    return result.exit_code


def _display(output: SyncOutput) -> Display:
    kind = "none" if output.quiet else output.progress
    if kind == "auto":
        kind = "rich" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else "plain"
    if kind == "rich":
        from mixpanel_to_duckdb.terminal.rich_display import RichDisplay  # noqa: PLC0415 - when it is needed

        return RichDisplay()
    return PlainDisplay() if kind == "plain" else NoDisplay()


def _print_result(result: SyncResult, output: SyncOutput) -> None:
    if output.as_json:
        print_json(result.as_json())
    elif output.quiet:
        for error in result.errors or _ending(result):
            say(error, err=True)
    else:
        from mixpanel_to_duckdb.terminal.summary import summary  # noqa: PLC0415 - when it is needed

        print_page(summary(result))


def _ending(result: SyncResult) -> list[str]:
    """Return why a sync without errors ended early: it was stopped, or the quota is used up."""
    if result.exit_code == ExitCode.DONE:
        return []
    from mixpanel_to_duckdb.terminal.summary import headline, next_steps  # noqa: PLC0415 - when it is needed

    return [headline(result).plain, *next_steps(result)]
