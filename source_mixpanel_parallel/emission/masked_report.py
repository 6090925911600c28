"""Reports as log lines without secrets. Only sentences are masked: a secret may be a letter that field names have."""

from __future__ import annotations

from dataclasses import replace

from airbyte_cdk.models import AirbyteLogMessage, AirbyteMessage, Level, Type
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from source_mixpanel_parallel.log_lines import FetchPlan, FetchWait, plan_line, wait_line
from source_mixpanel_parallel.progress import SliceProgress, StreamResult, progress_line, result_line


def plan_message(plan: FetchPlan) -> AirbyteMessage:
    """Return the LOG message of a plan."""
    return _log(Level.INFO, plan_line(plan))


def wait_message(level: Level, wait: FetchWait) -> AirbyteMessage:
    """Return the LOG message of a pause."""
    return _log(level, wait_line(replace(wait, text=filter_secrets(wait.text))))


def progress_message(progress: SliceProgress) -> AirbyteMessage:
    """Return the LOG message of a window or page that ended."""
    masked = replace(progress, error=filter_secrets(progress.error)) if progress.error else progress
    return _log(Level.INFO, progress_line(masked))


def result_message(result: StreamResult) -> AirbyteMessage:
    """Return the LOG message of a stream that ended."""
    return _log(Level.INFO, result_line(result))


def _log(level: Level, line: str) -> AirbyteMessage:
    return AirbyteMessage(type=Type.LOG, log=AirbyteLogMessage(level=level, message=line))
