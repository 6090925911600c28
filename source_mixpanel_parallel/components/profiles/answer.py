"""The document that a page of the engage API is: its facts, its profiles, and items that are no profiles.

In: the body as JSON text. Out: `Answer`. Facts are read leniently where their meaning is clear (`"total": "25"`), and
one odd item does not stop the others (PostHog 61665, mixpanel-react-native 287): a profile without properties has none,
and one without a `$distinct_id` is rejected, since null is no id. Raises ValueError where the document is no page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from mmap import mmap

import msgspec
from msgspec import Raw, Struct
from msgspec import field as named

from source_mixpanel_parallel.components.http.json_text import elements, members
from source_mixpanel_parallel.emission.rejected_line import RejectedLine

NULL = b"null"
STATUSES = frozenset({"ok", "success"})


class Profile(Struct, gc=False):
    """One profile, each part as the JSON text that came."""

    distinct_id: Raw = named(name="$distinct_id", default=Raw(b""))
    properties: Raw = named(name="$properties", default=Raw(b"{}"))


class _Document(Struct):
    results: list[Profile]
    page: object = None
    page_size: object = None
    total: object = None
    session_id: object = None
    status: object = None
    error: object = None


_decoder = msgspec.json.Decoder(_Document)


@dataclass(slots=True)
class Answer:
    """A page; what it does not say is None."""

    results: list[Profile]
    page: int | None
    page_size: int | None
    total: int | None
    session_id: str | None
    problem: str | None
    rejected: list[RejectedLine] = field(default_factory=list)


def decode_answer(body: bytes | mmap) -> Answer:
    """Return the page in *body*."""
    try:
        document = _decoder.decode(body)
    except msgspec.DecodeError:
        return _item_by_item(bytes(body).decode())
    if all(map(_is_plain, document.results)):
        return _answer(document, document.results)
    return _item_by_item(bytes(body).decode())


def _is_plain(profile: Profile) -> bool:
    return bytes(profile.distinct_id) not in {b"", NULL} and bytes(profile.properties)[:1] == b"{"


def _item_by_item(text: str) -> Answer:
    """Return the same for pages with odd items, or with surrogates, which msgspec refuses."""
    parts = members(text)
    facts = {name: json.loads(value) for name, value in parts.items() if name != "results"}
    document = msgspec.convert({**facts, "results": []}, _Document)
    if "results" not in parts and not document.error:
        raise ValueError("it has no `results`")
    answer = _answer(document, [])
    for number, item in enumerate(elements(parts.get("results", "[]")), start=1):
        try:
            answer.results.append(_profile(item))
        except ValueError as error:
            answer.rejected.append(RejectedLine(number, item.encode(), str(error)))
    return answer


def _profile(item: str) -> Profile:
    try:
        fields = members(item)
    except ValueError as error:
        raise ValueError("it is not an object") from error
    distinct_id, properties = fields.get("$distinct_id", ""), fields.get("$properties", "{}")
    if distinct_id in {"", "null"}:
        raise ValueError("it has no `$distinct_id`")
    if properties == "null":
        properties = "{}"
    if not properties.startswith("{"):
        raise ValueError(f"its `$properties` are {properties[:50]}, not an object")
    return Profile(Raw(distinct_id.encode()), Raw(properties.encode()))


def _answer(document: _Document, results: list[Profile]) -> Answer:
    session = document.session_id
    return Answer(
        results,
        _whole("page", document.page),
        _whole("page_size", document.page_size),
        _whole("total", document.total),
        None if session is None or session == "" else str(session),
        _problem(document),
    )


def _whole(name: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError(f"its `{name}` is {json.dumps(value)[:50]}, not a whole number")


def _problem(document: _Document) -> str | None:
    """Return what the page says that went wrong."""
    status = document.status
    is_fine = status is None or status is True or str(status).lower() in STATUSES
    if is_fine and not document.error:
        return None
    reason = document.error if isinstance(document.error, str) else json.dumps(document.error)
    return f"the page's status is {status or 'ok'!r}: {reason if document.error else 'no reason given'}"
