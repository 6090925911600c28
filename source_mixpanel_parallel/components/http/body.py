"""An HTTP answer's body as plain bytes, proven complete.

In: a `requests.Response` whose body is not read yet. Out: decompressed chunks of bounded size. Raises IncompleteAnswer
where the connection breaks, the body is shorter than its Content-Length or its chunked coding says, or the gzip stream
has no trailer or a wrong checksum. A body with neither length, nor chunks, nor gzip can't be proven: then only what is
in the text tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import requests
import urllib3
from isal import isal_zlib

from source_mixpanel_parallel.errors import IncompleteAnswer

READ_BYTES = 128 * 1024
INFLATED_BYTES = 1024 * 1024
GZIP = 16 + isal_zlib.MAX_WBITS


@dataclass(slots=True)
class Received:
    """How many bytes of a body have come, as they were on the wire, before decompression."""

    size_bytes: int = 0


class Identity:
    """The coding of a body that is not compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes as they are."""
        yield data

    def finish(self) -> None:
        """Do nothing: the transfer alone tells whether the body is whole."""


class Gzip:
    """The coding of a compressed body: one gzip member or more, the last ended by its trailer."""

    def __init__(self) -> None:
        self._member = isal_zlib.decompressobj(GZIP)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* decompresses to, in pieces of bounded size."""
        while data:
            if self._member.eof:
                self._member = isal_zlib.decompressobj(GZIP)
            try:
                inflated = self._member.decompress(data, INFLATED_BYTES)
            except isal_zlib.error as error:  # type: ignore[misc] # its stub calls this class an instance
                raise IncompleteAnswer(f"the gzip stream is damaged: {error}") from error
            if inflated:
                yield inflated
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def finish(self) -> None:
        """Say that the transfer has ended; raise IncompleteAnswer unless the gzip stream has, too."""
        if not self._member.eof:
            raise IncompleteAnswer("the gzip stream ends without its trailer")


def coding_of(response: requests.Response) -> Identity | Gzip:
    """Return the coding in the response's headers; raise IncompleteAnswer for one that was not requested."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in {"", "identity"} or response.headers.get("Content-Length") == "0":
        return Identity()
    if coding in {"gzip", "x-gzip"}:
        return Gzip()
    raise IncompleteAnswer(f"the response is compressed as {coding!r}, though only gzip was requested")


def read_body(response: requests.Response) -> Iterator[bytes]:
    """Yield the body's bytes as they come, decompressed; return only if the whole body has come."""
    coding = coding_of(response)
    for chunk in receive(response, Received()):
        yield from coding.feed(chunk)
    coding.finish()


def receive(response: requests.Response, received: Received) -> Iterator[bytes]:
    """Yield the body as it is on the wire, and count it in *received*; return only if the transfer was whole."""
    try:
        for chunk in response.raw.stream(READ_BYTES, decode_content=False):
            received.size_bytes += len(chunk)
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise IncompleteAnswer(f"the connection broke in the middle of the response: {error}") from error
