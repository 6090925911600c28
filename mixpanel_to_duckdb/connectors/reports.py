"""What the source reports in its log, for programs: progress, results, plans and waits, and what `check` found.

In: the text of a LOG message; out: the source's own dataclasses, see docs/log-lines.md. Any other text is None. Raises
SyncError for a report without the fields of this release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec

from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.result import SliceProgress, StreamResult
from source_mixpanel_parallel.log_lines import (
    CHECK_PREFIX,
    PLAN_PREFIX,
    WAIT_PREFIX,
    FetchPlan,
    FetchWait,
    PagePlace,
    WindowPlace,
)
from source_mixpanel_parallel.progress import (
    PROGRESS_PREFIX,
    RESULT_PREFIX,
    BatchProgress,
    ParallelFetchResult,
    ParallelProfileResult,
    ProfileProgress,
    StreamReadResult,
)


class Checked(msgspec.Struct, frozen=True):
    """What `check` found; *code* is None where the config works."""

    code: str | None


# A wait whose place is still JSON: msgspec tells no two dataclasses apart.
FIELDS = msgspec.defstruct("FIELDS", [*({**get_type_hints(FetchWait), "place": dict[str, Any] | None}).items()])

Report = SliceProgress | StreamResult | FetchPlan | FetchWait | Checked
Document = Mapping[str, Any]


def parse_report(text: str) -> Report | None:
    """Return the report that *text* is, if it is one."""
    for prefix, convert in KINDS.items():
        if text.startswith(prefix):
            try:
                document = msgspec.json.decode(text.removeprefix(prefix))
            except msgspec.DecodeError:
                return None  # a sentence that begins alike
            return _converted(document, convert, prefix) if isinstance(document, dict) else None
    return None


def _converted(document: Document, convert: Callable[[Document], Report], prefix: str) -> Report:
    try:
        return convert(document)
    except msgspec.ValidationError as error:
        raise SyncError(
            f"The source writes a `{prefix.strip()}` line that this release can't read ({error}): install the source "
            "and the command from the same release."
        ) from error


def _progress(document: Document) -> SliceProgress:
    if "page_index" in document:
        return msgspec.convert(document, ProfileProgress)
    return msgspec.convert(document, BatchProgress)


def _result(document: Document) -> StreamResult:
    if "successful_pages" in document:
        return msgspec.convert(document, ParallelProfileResult)
    if "successful_batches" in document:
        return msgspec.convert(document, ParallelFetchResult)
    return msgspec.convert(document, StreamReadResult)


def _wait(document: Document) -> FetchWait:
    fields = msgspec.structs.asdict(msgspec.convert(document, FIELDS))
    place = fields["place"]
    if place is not None:
        fields["place"] = msgspec.convert(place, PagePlace if "page_index" in place else WindowPlace)
    return FetchWait(**fields)


KINDS: Mapping[str, Callable[[Document], Report]] = {
    PROGRESS_PREFIX: _progress,
    RESULT_PREFIX: _result,
    PLAN_PREFIX: lambda document: msgspec.convert(document, FetchPlan),
    WAIT_PREFIX: _wait,
    CHECK_PREFIX: lambda document: msgspec.convert(document, Checked),
}
