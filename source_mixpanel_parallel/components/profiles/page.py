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
from dataclasses import dataclass, replace
from mmap import mmap
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct, field

from source_mixpanel_parallel.components.http.json_text import members
from source_mixpanel_parallel.components.profiles.answer import NULL, Answer, Profile, decode_answer
from source_mixpanel_parallel.components.profiles.last_seen import latest_seen
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.errors import IncompleteAnswer

Body: TypeAlias = bytes | mmap
QUOTE = b'"'
TEXT_PIECE_BYTES = 256 * 1024
BATCH_PROFILES = 1_000  # a page of 50,000 is never there a second time as lines


class _LastSeen(Struct, gc=False):
    last_seen: Raw = field(name="$last_seen", default=Raw(NULL))


_last_seen = msgspec.json.Decoder(_LastSeen)


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A page that is whole; what the answer does not say is None.

    *rows* counts its items, *hashes* stands for them (of profiles, for their distinct ids), *emitted_rows* counts those
    that were written, *newest* is the latest `$last_seen`, *rejected* are the items that are no profiles.
    """

    rows: int
    emitted_rows: int
    hashes: array[int]
    newest: str
    page_size: int | None
    total: int | None
    session_id: str | None
    rejected: tuple[RejectedLine, ...] = ()


def decode_page(
    stream: str, body: Body, number: int, write: Callable[[bytes], None], skipped: Container[int] = frozenset()
) -> ProfilePage:
    """Decode the body of page *number* and *write* its lines, but for profiles whose hash is *skipped*.

    Raises IncompleteAnswer if the body is no page; what was written before is to be thrown away then.
    """
    try:
        _refuse_what_is_not_text(body)
        answer = decode_answer(body)
        if answer.problem:
            raise IncompleteAnswer(answer.problem)
        if answer.page not in {None, number}:
            raise IncompleteAnswer(f"page {number} was requested, but page {answer.page} arrived")
        return _write_page(stream, answer, number, write, skipped)
    except (ValueError, RecursionError) as error:
        raise IncompleteAnswer(f"the page is not a valid engage response: {error}") from error


def _refuse_what_is_not_text(body: Body) -> None:
    # In pieces: the text of a whole page of 50,000 profiles is up to four times as large as its bytes.
    decoder = getincrementaldecoder("utf-8")()
    for start in range(0, len(body), TEXT_PIECE_BYTES):
        decoder.decode(memoryview(body)[start : start + TEXT_PIECE_BYTES])
    decoder.decode(b"", final=True)


def _write_page(
    stream: str, answer: Answer, number: int, write: Callable[[bytes], None], skipped: Container[int]
) -> ProfilePage:
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
    hashes.extend(hash(line.raw) for line in answer.rejected)
    rejected = tuple(replace(line, error=f"{line.error} (page {number})") for line in answer.rejected)
    facts = answer.page_size, answer.total, answer.session_id
    return ProfilePage(len(hashes), emitted_rows, hashes, newest, *facts, rejected)


def _on_one_line(profile: Profile) -> tuple[bytes, bytes]:
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
