"""Rendered bodies, kept up to a number of bytes: what was not used for longest goes first.

In: a key and how to render it. Out: the rendered body, made once in a thread, however many requests wait for it.
So a repeated request costs little more than the copying of its bytes.
"""

import asyncio
import os
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from mixpanel_simulator.gzip_stream import BlockChecksum, deflate_block

DEFLATERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """A body, or a part of one, in the pieces in which it is sent; only deflated pieces have checksums."""

    pieces: tuple[bytes, ...]
    checksums: tuple[BlockChecksum, ...]
    plain_size_bytes: int

    @property
    def size_bytes(self) -> int:
        """The length of the pieces together."""
        return sum(map(len, self.pieces))


def render_body(pieces: Iterable[bytes], *, is_gzip: bool) -> RenderedBody:
    """Return *pieces* as they are, or deflated; of deflated ones the plain text is never held whole."""
    if not is_gzip:
        plain = tuple(pieces)
        return RenderedBody(plain, (), sum(map(len, plain)))
    deflated, checksums = [], []
    for piece, checksum in _deflate(pieces):
        deflated.append(piece)
        checksums.append(checksum)
    return RenderedBody(tuple(deflated), tuple(checksums), sum(checksum.size_bytes for checksum in checksums))


def _deflate(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, BlockChecksum]]:
    """Deflate *pieces* in threads, in order, a few ahead: zlib works without the interpreter's lock."""
    waiting: deque[Future[tuple[bytes, BlockChecksum]]] = deque()
    with ThreadPoolExecutor(DEFLATERS) as deflaters:
        for piece in pieces:
            waiting.append(deflaters.submit(deflate_block, piece))
            if len(waiting) > 2 * DEFLATERS:
                yield waiting.popleft().result()
        for deflation in waiting:
            yield deflation.result()


class BodyCache:
    """Rendered bodies by key, each rendered once while it is kept."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept_bytes = 0
        self._bodies: OrderedDict[Hashable, RenderedBody] = OrderedDict()
        self._rendering: dict[Hashable, asyncio.Task[RenderedBody]] = {}

    async def body(self, key: Hashable, render: Callable[[], RenderedBody]) -> RenderedBody:
        """Return the body of *key*, which *render* makes if it isn't kept."""
        if key in self._bodies:
            self._bodies.move_to_end(key)
            return self._bodies[key]
        if key not in self._rendering:
            self._rendering[key] = asyncio.create_task(asyncio.to_thread(render))
            self._rendering[key].add_done_callback(lambda task: self._keep(key, task))
        return await asyncio.shield(self._rendering[key])

    def _keep(self, key: Hashable, task: "asyncio.Task[RenderedBody]") -> None:
        del self._rendering[key]
        if task.cancelled() or task.exception():
            return
        self._bodies[key] = task.result()
        self._kept_bytes += task.result().size_bytes
        while self._kept_bytes > self._limit_bytes and len(self._bodies) > 1:
            _, oldest = self._bodies.popitem(last=False)
            self._kept_bytes -= oldest.size_bytes
