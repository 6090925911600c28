"""One page of the engage API: its facts, and its profiles as RECORD lines.

In: the whole body; out: `ProfilePage`, and its lines in batches. Raises IncompleteAnswer where the body is not the JSON
document that a page is. Never alters `$properties`.
"""

from __future__ import annotations

import json
import time
from array import array
from codecs import getincrementaldecoder
from collections.abc import Callable, Container
from dataclasses import dataclass
from mmap import mmap
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct, field

from source_mixpanel_parallel.components.http.json_text import elements, members
from source_mixpanel_parallel.components.profiles.last_seen import latest_seen
from source_mixpanel_parallel.errors import IncompleteAnswer

Body: TypeAlias = bytes | mmap
NULL = b"null"
QUOTE = b'"'
TEXT_PIECE_BYTES = 256 * 1024
BATCH_PROFILES = 1_000  # a page of 50,000 is never there a second time as lines


class _Profile(Struct, gc=False):
    distinct_id: Raw = field(name="$distinct_id")
    properties: Raw = field(name="$properties", default=Raw(b"{}"))


class _LastSeen(Struct, gc=False):
    last_seen: Raw = field(name="$last_seen", default=Raw(NULL))


class _Answer(Struct):
    results: list[_Profile]
    page: int | None = None
    page_size: int | None = None
    total: int | None = None
    session_id: str | None = None
    status: str = "ok"
    error: str | None = None


_answer = msgspec.json.Decoder(_Answer)
_last_seen = msgspec.json.Decoder(_LastSeen)


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A page that is whole; what the answer does not say is None.

    *rows* counts its profiles, *hashes* stands for their distinct ids, *emitted_rows* counts those that were written,
    *newest* is the latest `$last_seen`.
    """

    rows: int
    emitted_rows: int
    hashes: array[int]
    newest: str
    page_size: int | None
    total: int | None
    session_id: str | None


def decode_page(
    stream: str, body: Body, number: int, write: Callable[[bytes], None], skipped: Container[int] = frozenset()
) -> ProfilePage:
    """Decode the body of page *number* and *write* its lines, but for profiles whose hash is *skipped*.

    Raises IncompleteAnswer if the body is no page; what was written before is to be thrown away then.
    """
    try:
        _refuse_what_is_not_text(body)
        try:
            answer = _answer.decode(body)
        except msgspec.DecodeError:
            answer = _decode_with_surrogates(bytes(body).decode())
        if answer.status != "ok" or answer.error:
            raise IncompleteAnswer(f"the page's status is {answer.status!r}: {answer.error or 'no reason given'}")
        if answer.page not in {None, number}:
            raise IncompleteAnswer(f"page {number} was requested, but page {answer.page} arrived")
        return _write_page(stream, answer, write, skipped)
    except (ValueError, RecursionError) as error:
        raise IncompleteAnswer(f"the page is not a valid engage response: {error}") from error


def _refuse_what_is_not_text(body: Body) -> None:
    # In pieces: the text of a whole page of 50,000 profiles is up to four times as large as its bytes.
    decoder = getincrementaldecoder("utf-8")()
    for start in range(0, len(body), TEXT_PIECE_BYTES):
        decoder.decode(memoryview(body)[start : start + TEXT_PIECE_BYTES])
    decoder.decode(b"", final=True)


def _write_page(stream: str, answer: _Answer, write: Callable[[bytes], None], skipped: Container[int]) -> ProfilePage:
    head = b'{"type":"RECORD","record":{"stream":' + json.dumps(stream).encode() + b',"data":{"distinct_id":'
    tail = b'},"emitted_at":%d}}\n' % (time.time_ns() // 1_000_000)
    hashes, newest, emitted_rows = array("q"), "", 0
    for start in range(0, len(answer.results), BATCH_PROFILES):
        lines, times = [], []
        for profile in answer.results[start : start + BATCH_PROFILES]:
            distinct_id, properties = _on_one_line(profile)
            last_seen = _last_seen_of(properties)
            times.append(last_seen)
            hashes.append(each := hash(distinct_id))
            if each not in skipped:
                line = b'%b%b,"last_seen":%b,"properties":%b%b' % (head, distinct_id, last_seen, properties, tail)
                lines.append(line)
        write(b"".join(lines))
        emitted_rows += len(lines)
        newest = max(newest, latest_seen(times))
    facts = answer.page_size, answer.total, answer.session_id
    return ProfilePage(len(answer.results), emitted_rows, hashes, newest, *facts)


def _on_one_line(profile: _Profile) -> tuple[bytes, bytes]:
    properties = bytes(profile.properties)
    distinct_id = bytes(profile.distinct_id)
    if distinct_id[:1] != QUOTE:
        distinct_id = json.dumps(distinct_id.decode()).encode()
    if b"\n" in properties or b"\n" in distinct_id:
        # A document may be laid out over lines, a RECORD may not; JSON texts never hold a bare newline.
        properties, distinct_id = properties.replace(b"\n", b" "), distinct_id.replace(b"\n", b" ")
    return distinct_id, properties


def _last_seen_of(properties: bytes) -> bytes:
    try:
        last_seen = bytes(_last_seen.decode(properties).last_seen)
    except msgspec.DecodeError:
        last_seen = members(properties.decode()).get("$last_seen", "null").encode()
    return last_seen if last_seen[:1] == QUOTE else NULL


def _decode_with_surrogates(text: str) -> _Answer:
    document = members(text)
    facts = {name: json.loads(value) for name, value in document.items() if name != "results"}
    answer = msgspec.convert({**facts, "results": []}, _Answer)
    if "results" not in document and not answer.error:
        raise ValueError("it has no `results`")
    for profile in elements(document.get("results", "[]")):
        fields = members(profile)
        if "$distinct_id" not in fields:
            raise ValueError("a profile has no `$distinct_id`")
        properties = fields.get("$properties", "{}").encode()
        answer.results.append(_Profile(Raw(fields["$distinct_id"].encode()), Raw(properties)))
    return answer
