"""Tries credentials in every region and writes the first config, readable only by its owner.

In: the user's answers; out: the file. Raises BadArguments if the file already exists, AuthenticationFailed if no
region accepts the credentials, SyncError if Mixpanel can't be reached; then nothing is written.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpanel_to_duckdb.connectors.process import SOURCE, Answer, RunningCommand
from mixpanel_to_duckdb.connectors.reports import Checked, parse_report
from mixpanel_to_duckdb.connectors.stop_request import StopRequest
from mixpanel_to_duckdb.errors import AuthenticationFailed, BadArguments, SyncError
from source_mixpanel_parallel.config.regions import REGIONS
from source_mixpanel_parallel.errors import NoAccess, TransientError, UnknownAccount

OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class RegionCheck:
    """The result of a check in one region; *problem* is None if it succeeded, *code* is the source's error code."""

    region: str
    document: Mapping[str, Any]
    problem: str | None
    code: str | None = None


def try_regions(document: Mapping[str, Any], endpoints: Mapping[str, str]) -> list[RegionCheck]:
    """Try *document* in all regions concurrently; *endpoints* replace Mixpanel's URLs, by region."""
    with tempfile.TemporaryDirectory(prefix="mixpanel-to-duckdb-") as folder, StopRequest().on_signals() as stop:
        candidates, running = {}, {}
        for region in REGIONS:
            address = endpoints.get(region)
            stand_in = {"endpoints": {"export": address, "query": address}} if address else {}
            candidates[region] = {**document, "region": region, **stand_in}
            path = Path(folder) / f"{region}.json"
            path.write_text(json.dumps(candidates[region]), encoding="utf-8")
            running[region] = RunningCommand([*SOURCE, "check", "--config", str(path)], stop)
        answers = {region: command.answer() for region, command in running.items()}
    if stop.made:
        raise KeyboardInterrupt
    return [_region_check(region, candidates[region], answer) for region, answer in answers.items()]


def _region_check(region: str, document: Mapping[str, Any], answer: Answer) -> RegionCheck:
    messages = answer.messages
    status = next((message.connection_status for message in messages if message.connection_status), None)
    if status is None:
        return RegionCheck(
            region, document, next((e.message for e in answer.errors), "the check ended without a result")
        )
    if status.status == "SUCCEEDED":
        return RegionCheck(region, document, None)
    reports = (parse_report(message.log.message) for message in messages if message.log)
    codes = (report.code for report in reports if isinstance(report, Checked))
    return RegionCheck(region, document, status.message, next(codes, None))


def chosen_check(checks: list[RegionCheck]) -> RegionCheck:
    """Return the region that works, or raise an error that says what is wrong.

    Regions that don't know the account are ignored if another one knows it.
    """
    if works := [check for check in checks if check.problem is None]:
        return works[0]
    regions = {
        kind: [check.region for check in checks if check.code == kind.code]
        for kind in (NoAccess, TransientError, UnknownAccount)
    }
    foreseen = [region for found in regions.values() for region in found]
    if known := regions[NoAccess]:
        raise AuthenticationFailed(
            f"Mixpanel knows this service account (region {_and(known)}), but it has no access to project "
            f"{checks[0].document['credentials']['project_id']}: check the project number, or grant the account a "
            "role on the project."
        )
    if others := {check.problem: check.region for check in checks if check.region not in foreseen}:
        raise AuthenticationFailed("; ".join(f"{region}: {problem}" for problem, region in others.items()))
    if unreachable := regions[TransientError]:
        problem = next(str(check.problem) for check in checks if check.region in unreachable)
        unknown = regions[UnknownAccount]
        raise SyncError(f"This service account is unknown in {_and(unknown)}. {problem}" if unknown else problem)
    raise AuthenticationFailed(
        f"Mixpanel does not know this service account in any region ({', '.join(regions[UnknownAccount])}): "
        "check the username and the secret, and that the account has not expired."
    )


def _and(regions: list[str]) -> str:
    return " and ".join(regions)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise BadArguments if a config can't be written to *path*."""
    if not path.absolute().parent.is_dir():
        raise BadArguments(f"--config {path}: the folder {path.absolute().parent} does not exist")
    if path.exists() and not force:
        raise BadArguments(f"--config {path} already exists: choose another path, or --force to overwrite it")


def write_config(path: Path, document: Mapping[str, Any], *, force: bool) -> None:
    """Write *document*, readable only by its owner; the file is complete or not written."""
    refuse_existing(path, force=force)
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".mixpanel-")  # its owner's alone already
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2, ensure_ascii=False)
            file.write("\n")
        Path(name).chmod(OWNER_ONLY)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
