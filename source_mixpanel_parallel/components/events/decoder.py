r"""Export bytes in, RECORD lines out: the hot path of the source.

In: decompressed chunks of one window's answer, cut anywhere. Out: Airbyte RECORD lines, whole and encoded once.
Raises IncompleteAnswer where the text shows that Mixpanel gave up or was cut; lines that are not events are collected
in `rejected`, verbatim. Splits on b"\n" only: text may hold U+2028, which str.splitlines would take for a line's end.
"""

from __future__ import annotations

import json
import time

from source_mixpanel_parallel.components.events.event_line import EventFields, decode_block, decode_line
from source_mixpanel_parallel.components.events.in_band_error import LIKE_AN_EVENT, ends_an_export, says_gave_up
from source_mixpanel_parallel.emission.rejected_line import RejectedLine
from source_mixpanel_parallel.errors import IncompleteAnswer
from source_mixpanel_parallel.project_time.timestamps import EventTime

MAX_REJECTED_BYTES = 64 * 1024 * 1024


class UnterminatedLine(IncompleteAnswer):
    """The answer's last line, *tail*, has no newline."""

    def __init__(self, tail: bytes) -> None:
        super().__init__(f"the last line ({len(tail)} bytes) has no newline: the response was cut off")
        self.tail = tail


class EventDecoder:
    """Decodes one answer. *known_tail*: a last line without newline that an earlier whole answer had as well."""

    def __init__(self, stream: str, clock: EventTime, known_tail: bytes | None = None) -> None:
        self.rows = 0
        self.lines = 0
        self.rejected: list[RejectedLine] = []
        self._last_number = 0  # of the last line that is not blank
        self._rejected_bytes = 0
        self._clock = clock
        self._known_tail = known_tail
        self._names: dict[str, bytes] = {}
        self._pieces: list[bytes] = []
        name = json.dumps(stream).encode().replace(b"%", b"%%")
        self._template = (
            b'{"type":"RECORD","record":{"stream":' + name + b',"data":{"event":%b,"time":"%b",'
            b'"distinct_id":%b,"insert_id":%b,"properties":%b},"emitted_at":'
            + b"%d" % (time.time_ns() // 1_000_000)
            + b"}}\n"
        )

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes of the answer; return the RECORD lines that they complete."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._pieces.append(chunk)
            return b""
        self._pieces.append(chunk[:end])
        block = b"".join(self._pieces)
        self._pieces = [chunk[end:]]
        return self._decode(block)

    def finish(self) -> bytes:
        """Say that the answer has ended, proven complete by its transfer; return what is left."""
        tail = b"".join(self._pieces)
        self._pieces = []
        if not tail.strip():
            self._refuse_last_message()
            return b""
        try:
            decode_line(tail)
        except (ValueError, RecursionError) as error:
            # An event that merely mentions an error is one. What is none is never believed, however often it comes.
            if says_gave_up(tail) or not LIKE_AN_EVENT.search(tail):
                raise self._gave_up(tail) from error
            raise UnterminatedLine(tail) from error
        if tail != self._known_tail:
            raise UnterminatedLine(tail)
        return self._decode(tail + b"\n")

    def _refuse_last_message(self) -> None:
        """Raise IncompleteAnswer if the last line that is not blank is no part of an event.

        Of an answer without any event that is for the caller to say: it is no export at all.
        """
        if not self.rejected or self.rejected[-1].number != self._last_number:
            return
        last = self.rejected[-1].raw
        has_events = self.rows or any(LIKE_AN_EVENT.search(line.raw) for line in self.rejected)
        if has_events and ends_an_export(last):
            raise self._gave_up(last)

    def _decode(self, block: bytes) -> bytes:
        try:
            template, render = self._template, self._clock.render
            encoded = [
                template % (event, render(moment), distinct_id, insert_id, properties)
                for event, moment, distinct_id, insert_id, properties in decode_block(block, self._names)
            ]
        except (ValueError, RecursionError):
            return self._decode_line_by_line(block)
        output = b"".join(encoded)
        if output.count(b"\n") != len(encoded):  # as many events as lines, but one spans two, and two share one
            return self._decode_line_by_line(block)
        self.rows += len(encoded)
        self.lines += len(encoded)
        self._last_number = self.lines
        return output

    def _decode_line_by_line(self, block: bytes) -> bytes:
        encoded = []
        for line in block.split(b"\n")[:-1]:
            self.lines += 1
            if not line.strip():
                continue
            self._last_number = self.lines
            try:
                encoded.append(self._encode(decode_line(line)))
                self.rows += 1
            except (ValueError, RecursionError) as error:
                self._reject(line, error)
        return b"".join(encoded)

    def _encode(self, fields: EventFields) -> bytes:
        event, moment, distinct_id, insert_id, properties = fields
        return self._template % (event, self._clock.render(moment), distinct_id, insert_id, properties)

    def _reject(self, line: bytes, error: Exception) -> None:
        if says_gave_up(line):
            raise self._gave_up(line) from error
        self._rejected_bytes += len(line)
        if self._rejected_bytes > MAX_REJECTED_BYTES:
            raise IncompleteAnswer(
                f"more than {MAX_REJECTED_BYTES >> 20} MiB of lines are not events: this is not an export"
            )
        self.rejected.append(RejectedLine(self.lines, line, str(error)))

    def _gave_up(self, line: bytes) -> IncompleteAnswer:
        text = line[-200:].decode(errors="replace").strip()
        return IncompleteAnswer(f"Mixpanel gave up after {self.rows:,} events: {text!r}")
