"""An answer and its way onto the wire: headers first, then pieces as they come due, then the end that it has.

In: an Answer whose pieces come from an asynchronous iterator. Out: bytes on the connection, counted in the log.
A client that goes away in the middle ends the answer quietly, as with any server.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from mixpanel_simulator.answers.request_log import RequestLogEntry
from mixpanel_simulator.faults.damage import DamagedBody, Ending

JSON_TYPE = "application/json"
LINES_TYPE = "text/plain; charset=utf-8"
SLOW_PIECES = 8
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers, body in pieces, and how the transfer ends; without a content length it is chunked."""

    pieces: AsyncIterator[bytes]
    status: int = 200
    content_type: str = JSON_TYPE
    is_gzip: bool = False
    content_length: int | None = None
    ending: Ending = "whole"
    headers: dict[str, str] = field(default_factory=dict)


async def one_piece(body: bytes) -> AsyncIterator[bytes]:
    """Yield *body* at once."""
    yield body


async def paced(body: bytes, start_s: float, end_s: float) -> AsyncIterator[bytes]:
    """Yield *body* in even pieces between two times of the loop's clock."""
    size = max(1, -(-len(body) // SLOW_PIECES))
    for number in range(SLOW_PIECES):
        await sleep_until(start_s + (end_s - start_s) * (number + 1) / SLOW_PIECES)
        yield body[number * size : (number + 1) * size]


async def sleep_until(due_s: float) -> None:
    """Sleep until the loop's clock says *due_s*, or not at all."""
    wait_s = due_s - asyncio.get_running_loop().time()
    if wait_s > 0:
        await asyncio.sleep(wait_s)


def whole_answer(body: bytes, status: int, headers: dict[str, str]) -> Answer:
    """Return an answer of one piece, with its length."""
    return Answer(one_piece(body), status=status, content_length=len(body), headers=headers)


def damaged_answer(
    body: DamagedBody, content_type: str, between_s: tuple[float, float], *, with_length: bool
) -> Answer:
    """Return the answer that carries a damaged body, sent between two times of the loop's clock."""
    return Answer(
        paced(body.wire, *between_s),
        content_type=content_type,
        is_gzip=body.is_gzip,
        content_length=body.whole_size_bytes if with_length else None,
        ending=body.ending,
    )


async def send_answer(request: web.Request, answer: Answer, entry: RequestLogEntry) -> web.StreamResponse:
    """Send *answer*, and write into *entry* what was sent of it."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.headers["Content-Type"] = answer.content_type
    if answer.is_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.content_length = answer.content_length
    entry.status = answer.status
    try:
        await _send_body(request, response, answer, entry)
        if answer.ending == "whole":
            await response.write_eof()
        else:
            await _break_off(request, answer.ending)
    except ConnectionError:
        # The client has gone; the log keeps the bytes that went out.
        pass
    return response


async def _send_body(
    request: web.Request, response: web.StreamResponse, answer: Answer, entry: RequestLogEntry
) -> None:
    """Send headers and pieces; a fault before the first byte sends no headers either."""
    broken = answer.ending in {"reset", "stall"}
    if not broken:
        await response.prepare(request)
    async for piece in answer.pieces:
        if not piece:
            continue
        if not response.prepared:
            await response.prepare(request)
        await response.write(piece)
        entry.bytes_sent += len(piece)


async def _break_off(request: web.Request, ending: Ending) -> None:
    """End the connection as *ending* says, after all that was written has gone out."""
    transport = request.transport
    if transport is None:
        return
    connection: socket.socket = transport.get_extra_info("socket")
    while not transport.is_closing() and (transport.get_write_buffer_size() or _unacknowledged_bytes(connection)):
        await asyncio.sleep(POLL_S)
    if ending == "stall":
        while not transport.is_closing():
            await asyncio.sleep(POLL_S)
    elif ending == "reset":
        # A linger time of zero turns the close into a RST.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


def _unacknowledged_bytes(connection: socket.socket) -> int:
    """Return how many bytes the kernel still holds, which a RST would drop; only Linux tells."""
    if sys.platform != "linux":
        return 0
    count: int = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return count
