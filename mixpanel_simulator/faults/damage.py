"""What a fault does to a body: pure functions from whole text to the bytes on the wire and the end of the transfer.

In: a fault and the plain body. Out: a DamagedBody. Nothing is sent here, nothing is decided at random.
"""

import zlib
from dataclasses import dataclass
from typing import Literal

from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.gzip_stream import LEVEL, gzip_whole

# whole: the transfer ends as it should. close: FIN before its end. reset: RST. stall: open, and silent.
Ending = Literal["whole", "close", "reset", "stall"]
ENDINGS: dict[str, Ending] = {"cut": "close", "cut_at_line": "close", "reset": "reset", "stall": "stall"}
MINIMUM_GZIP_BYTES = 1_400
LOST_BYTES = 1_000
TERMINATED_TEXTS = {
    "terminated_early": "terminated early",
    "export_terminated_early": "export terminated early",
    "terminated_early_json": '{"error": "terminated early"}\n',
}
LINE_FAULTS = frozenset({"broken_line", "split_line", "no_event", "no_properties"})
BROKEN_LINE = '{"event": "Song Played", "properties": {"time": 17'


@dataclass(frozen=True, slots=True)
class DamagedBody:
    """Bytes to send, the length that the whole body would have had, and how the transfer ends."""

    wire: bytes
    whole_size_bytes: int
    ending: Ending
    is_gzip: bool


def _cut_lines(fault: Fault, plain: bytes) -> bytes:
    """Return the lines before the place of the fault, each with its newline."""
    lines = _split_lines(plain)
    keep = len(lines) // 2 if fault.after_lines is None else fault.after_lines
    return b"".join(lines[:keep])


def _split_lines(plain: bytes) -> list[bytes]:
    return [line + b"\n" for line in plain.split(b"\n")[:-1]]


def _damaged_line(fault: Fault, line: bytes) -> bytes:
    if fault.kind == "broken_line":
        return (BROKEN_LINE if fault.text is None else fault.text).encode() + b"\n"
    if fault.kind == "split_line":
        middle = len(line) // 2
        return line[:middle] + b"\n" + line[middle:]
    properties_at = line.index(b'"properties":')
    if fault.kind == "no_event":
        return b"{" + line[properties_at:]
    return line[: properties_at - 1] + b"}\n"


def damage_lines(fault: Fault, plain: bytes) -> bytes:
    """Return *plain* with the wrong line or the wrong end that *fault* stands for, if it stands for one."""
    if fault.kind in TERMINATED_TEXTS:
        text = TERMINATED_TEXTS[fault.kind] if fault.text is None else fault.text
        before = _cut_lines(fault, plain) if fault.at_byte is None else plain[: fault.at_byte]
        return before + text.encode()
    if fault.kind == "no_newline":
        return plain.removesuffix(b"\n")
    lines = _split_lines(plain) if fault.kind in LINE_FAULTS else []
    if not lines:
        return plain
    place = min(len(lines) // 2 if fault.after_lines is None else fault.after_lines, len(lines) - 1)
    lines[place] = _damaged_line(fault, lines[place])
    return b"".join(lines)


def damage_text(fault: Fault | None, plain: bytes) -> bytes:
    """Return a page of profiles that breaks off with a text, if that is what *fault* stands for."""
    if fault is None or fault.kind not in TERMINATED_TEXTS:
        return plain
    text = TERMINATED_TEXTS[fault.kind] if fault.text is None else fault.text
    return plain[: len(plain) // 2 if fault.at_byte is None else fault.at_byte] + text.encode()


def _unfinished_gzip(plain: bytes) -> bytes:
    """Return *plain* in a gzip stream that has neither a last block nor a trailer."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return deflater.compress(plain) + deflater.flush(zlib.Z_SYNC_FLUSH)


def damage_transfer(fault: Fault | None, plain: bytes, *, accepts_gzip: bool) -> DamagedBody:
    """Return what is sent of *plain* when *fault* strikes, encoded for a client that takes gzip or not."""
    is_gzip = accepts_gzip and len(plain) > MINIMUM_GZIP_BYTES
    whole = gzip_whole(plain) if is_gzip else plain
    if fault is None:
        return DamagedBody(whole, len(whole), "whole", is_gzip)
    ending = ENDINGS.get(fault.kind, "whole")
    if fault.kind in {"cut_at_line", "cut_gzip"}:
        kept = _cut_lines(fault, plain)
        if fault.kind == "cut_gzip" and not is_gzip:
            # Only a line that is cut tells: an identity body that ends at a newline looks whole.
            following = plain[len(kept) :].partition(b"\n")[0]
            kept = kept + following[: len(following) // 2 + 1] if following else kept[:-1]
        wire = _unfinished_gzip(kept) if is_gzip else kept
    elif fault.kind in {"cut", "reset", "stall", "lost_chunk"}:
        place = len(whole) // 2 if fault.at_byte is None else fault.at_byte
        wire = whole[:place]
        if fault.kind == "lost_chunk":
            wire += whole[place + min(LOST_BYTES, len(whole) // 4) :]
    else:
        wire = whole
    size_bytes = len(wire) if ending == "whole" else max(len(whole), len(wire) + 1)
    return DamagedBody(wire, size_bytes, ending, is_gzip)
