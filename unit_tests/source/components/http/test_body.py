"""A body is whole, or it raises: gzip streams by themselves, and answers of a real socket that closes when it likes."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.components.http.body import INFLATED_BYTES, Gzip, read_body
from source_mixpanel_parallel.errors import IncompleteAnswer

TEXT = b'{"event":"a","properties":{"time":1}}\n{"event":"b","properties":{"time":2}}\n'
LINE_END = TEXT.index(b"\n") + 1
ZIPPED = gzip.compress(TEXT, mtime=0)  # without the time, so that test ids stay the same


def pieces_of(*chunks: bytes) -> Iterator[bytes]:
    coding = Gzip()
    for chunk in chunks:
        yield from coding.feed(chunk)
    coding.finish()


def inflated(*chunks: bytes) -> bytes:
    return b"".join(pieces_of(*chunks))


def test_inflate_when_the_stream_is_whole() -> None:
    """The text comes out, from one piece and byte by byte."""
    assert inflated(ZIPPED) == TEXT
    assert inflated(*(ZIPPED[at : at + 1] for at in range(len(ZIPPED)))) == TEXT
    assert inflated(b"", ZIPPED[:5], b"", ZIPPED[5:], b"") == TEXT


@pytest.mark.parametrize("cut", range(len(ZIPPED)))
def test_inflate_when_the_stream_is_cut(cut: int) -> None:
    """A stream cut anywhere raises, in its trailer too, where all of the text has come."""
    with pytest.raises(IncompleteAnswer, match="the gzip stream ends without its trailer"):
        inflated(ZIPPED[:cut])
    with pytest.raises(IncompleteAnswer, match="the gzip stream ends without its trailer"):
        inflated(ZIPPED, ZIPPED[: cut or 1])


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4), st.data())
def test_inflate_when_there_are_several_members(texts: list[bytes], data: st.DataObject) -> None:
    """Members one after the other are one text, whatever the borders of the chunks."""
    zipped = b"".join(gzip.compress(text) for text in texts)
    borders = sorted(data.draw(st.lists(st.integers(0, len(zipped)), max_size=5)))
    chunks = [zipped[start:stop] for start, stop in zip([0, *borders], [*borders, len(zipped)], strict=True)]
    assert inflated(*chunks) == b"".join(texts)


@pytest.mark.parametrize("at", range(len(ZIPPED)))
def test_inflate_when_a_byte_is_changed(at: int) -> None:
    """A changed byte raises, unless it is one of the header's that say nothing of the text."""
    damaged = ZIPPED[:at] + bytes([ZIPPED[at] ^ 0xFF]) + ZIPPED[at + 1 :]
    if 4 <= at <= 9:  # when, how and on which system it was compressed
        assert inflated(damaged) == TEXT
    else:
        with pytest.raises(IncompleteAnswer):
            inflated(damaged)


@pytest.mark.parametrize("chunk", [TEXT, b"terminated early", b"\x00", ZIPPED + b"terminated early", ZIPPED + b"\x00"])
def test_inflate_when_there_is_garbage(chunk: bytes) -> None:
    """What is not gzip raises, behind a whole member too."""
    with pytest.raises(IncompleteAnswer, match="the gzip stream"):
        inflated(chunk)


def test_inflate_when_the_text_is_large() -> None:
    """A small stream that becomes large comes in pieces of bounded size."""
    pieces = list(pieces_of(gzip.compress(b"x" * (10 * INFLATED_BYTES))))
    assert b"".join(pieces) == b"x" * (10 * INFLATED_BYTES)
    assert max(map(len, pieces)) <= INFLATED_BYTES


class RawServer:
    """Answers every request on a loopback port with the bytes of `answer`, then closes, resets or stalls."""

    def __init__(self) -> None:
        self.answer = b""
        self.end = "close"
        self._stalled: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if not connection.recv(65536):
                connection.close()
                return
            connection.sendall(self.answer)
            if self.end == "stall":
                self._stalled.append(connection)
                continue
            if self.end == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def stop(self) -> None:
        socket.create_connection(self._socket.getsockname()).close()
        self._thread.join()
        for connection in [*self._stalled, self._socket]:
            connection.close()

    def read(self, answer: bytes, end: str = "close") -> bytes:
        """Return the body that a client reads from *answer*, as far as it raises nothing."""
        self.answer, self.end = answer, end
        with requests.get(self.url, stream=True, timeout=0.2 if end == "stall" else 10) as response:
            return b"".join(read_body(response))


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    started = RawServer()
    yield started
    started.stop()


def answer(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "Connection: close", "", ""]).encode() + body


def with_length(body: bytes, *headers: str) -> bytes:
    return answer(body, f"Content-Length: {len(body)}", *headers)


def chunked(pieces: list[bytes], *headers: str) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return answer(body, "Transfer-Encoding: chunked", *headers)


GZIP = "Content-Encoding: gzip"
# Answer, its text, and how many of its last bytes may be missing: behind the last chunk's size nothing is left to come.
WHOLE = {
    "length": (with_length(TEXT), TEXT, 0),
    "length, gzip": (with_length(ZIPPED, GZIP), TEXT, 0),
    "length, GZIP": (with_length(ZIPPED, "content-encoding:  GZIP "), TEXT, 0),
    "length, x-gzip": (with_length(ZIPPED, "Content-Encoding: x-gzip"), TEXT, 0),
    "length, identity": (with_length(TEXT, "Content-Encoding: identity"), TEXT, 0),
    "chunked": (chunked([TEXT[:LINE_END], TEXT[LINE_END:]]), TEXT, 4),
    "chunked, gzip": (chunked([ZIPPED[:20], ZIPPED[20:]], GZIP), TEXT, 4),
    "no length, gzip": (answer(ZIPPED, GZIP), TEXT, 0),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_read_when_the_answer_is_whole(server: RawServer, kind: str) -> None:
    """The text comes out, however it was sent."""
    whole, text, _ = WHOLE[kind]
    assert server.read(whole) == text


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("kind", WHOLE)
def test_read_when_the_answer_is_cut(server: RawServer, kind: str, end: str) -> None:
    """An answer cut anywhere behind its head raises: at a line's end too, which no look at the text would show."""
    whole, _, spare = WHOLE[kind]
    head = whole.index(b"\r\n\r\n") + 4
    for cut in range(head, len(whole) - spare):
        with pytest.raises((IncompleteAnswer, requests.ConnectionError)) as raised:
            server.read(whole[:cut], end)
        # A reset may overtake the head; then the request has no answer at all.
        assert end == "reset" or isinstance(raised.value, IncompleteAnswer)


def test_read_when_the_cut_is_at_a_line_end(server: RawServer) -> None:
    """The message says that the connection broke, and the cause is kept."""
    whole = with_length(TEXT)
    with pytest.raises(IncompleteAnswer, match="the connection broke in the middle of the response") as raised:
        server.read(whole[: LINE_END - len(TEXT)])
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize("kind", WHOLE)
def test_read_when_the_server_stalls(server: RawServer, kind: str) -> None:
    """A server that sends nothing more makes the answer incomplete after the timeout."""
    whole, _, _ = WHOLE[kind]
    with pytest.raises(IncompleteAnswer, match="the connection broke in the middle of the response"):
        server.read(whole[:-10], "stall")


def test_read_when_nothing_says_how_long_the_body_is(server: RawServer) -> None:
    """Without length, chunks or gzip a cut can't be seen here: what came is passed on, and only its text tells."""
    assert server.read(answer(TEXT[:LINE_END])) == TEXT[:LINE_END]


@pytest.mark.parametrize("headers", [(), (GZIP,)])
def test_read_when_the_body_is_empty(server: RawServer, headers: tuple[str, ...]) -> None:
    """An empty answer is whole, even if its head speaks of gzip."""
    assert server.read(with_length(b"", *headers)) == b""


def test_read_when_chunks_say_gzip_but_hold_nothing(server: RawServer) -> None:
    """A gzip stream of no byte is none: it raises, unless the length says so."""
    with pytest.raises(IncompleteAnswer, match="the gzip stream ends without its trailer"):
        server.read(chunked([], GZIP))


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_read_when_the_coding_is_another(server: RawServer, coding: str) -> None:
    """A coding that was not asked for is named, and nothing of the body is taken for text."""
    with pytest.raises(IncompleteAnswer, match=f"compressed as '{coding}', though only gzip was requested"):
        server.read(with_length(ZIPPED, f"Content-Encoding: {coding}"))


def test_read_when_the_text_is_sent_as_gzip_but_is_not(server: RawServer) -> None:
    """A head that is wrong about the body makes the answer incomplete."""
    with pytest.raises(IncompleteAnswer, match="the gzip stream is damaged"):
        server.read(with_length(TEXT, GZIP))
