"""Lines go into a spool and come out again, from memory and from a temporary file."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_mixpanel_parallel.emission.spool import BATCH_BYTES, MEMORY_BYTES, Spool, SpoolLedger

SIZES = st.one_of(
    st.integers(0, 2000),
    st.integers(MEMORY_BYTES - 10, MEMORY_BYTES + 10),
    st.integers(BATCH_BYTES - 10, BATCH_BYTES + 10),
    st.integers(0, 3 * BATCH_BYTES),
)


def spool_without_limit() -> Spool:
    return Spool(SpoolLedger(1 << 40, threading.Event()))


def test_spool_when_nothing_was_written() -> None:
    """An empty spool has no batch and no line."""
    spool = spool_without_limit()
    assert (list(spool.batches()), list(spool.lines()), spool.size_bytes) == ([], [], 0)
    spool.close()


@settings(max_examples=40)
@given(st.lists(SIZES, max_size=6), st.booleans())
def test_batches_when_lines_are_of_any_length(sizes: list[int], one_write: bool) -> None:
    """Bytes out are bytes in; each batch ends at a line's end and none is empty."""
    lines = [bytes([97 + number]) * size + b"\n" for number, size in enumerate(sizes)]
    written, spool = b"".join(lines), spool_without_limit()
    for piece in [written] if one_write else lines:
        spool.write(piece)
    batches = list(spool.batches())
    assert b"".join(batches) == written
    assert all(batch.endswith(b"\n") for batch in batches)
    assert spool.size_bytes == len(written)
    assert list(spool.lines()) == lines
    spool.close()


def test_batches_when_lines_are_short() -> None:
    """A batch holds at most a mebibyte and the rest of a line, however much was written."""
    spool = spool_without_limit()
    for _ in range(50):
        spool.write(b"x" * 99_999 + b"\n")
    assert max(len(batch) for batch in spool.batches()) <= BATCH_BYTES + 100_000
    spool.close()


def test_lines_when_text_holds_other_line_ends() -> None:
    """Only a newline ends a line: not U+2028, U+0085, a form feed or a carriage return."""
    lines = ["a\u2028b\u0085c\x0c\x1e\rd\n".encode(), b"e\r\n"]
    spool = spool_without_limit()
    spool.write(b"".join(lines))
    assert list(spool.lines()) == lines
    spool.close()


def test_batches_when_called_again() -> None:
    """Reading starts from the first byte each time."""
    spool = spool_without_limit()
    spool.write(b"a\nb\n")
    assert [list(spool.batches()), list(spool.batches())] == [[b"a\nb\n"], [b"a\nb\n"]]
    spool.close()


def test_spool_when_it_is_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file has no name: nothing is left, however the process ends."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = spool_without_limit()
    spool.write(b"x" * (2 * MEMORY_BYTES) + b"\n")
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_batches_when_the_spool_is_closed() -> None:
    """A closed spool gives nothing back, rather than half of it."""
    spool = spool_without_limit()
    spool.write(b"a\n")
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        list(spool.batches())


class Writer:
    """A fetcher that writes *size_bytes* into a spool of its own, in a thread."""

    def __init__(self, ledger: SpoolLedger, size_bytes: int) -> None:
        self.spool = Spool(ledger)
        self.wrote = threading.Event()
        self._size_bytes = size_bytes
        threading.Thread(target=self._write, daemon=True).start()

    def _write(self) -> None:
        self.spool.write(b"x" * self._size_bytes)
        self.wrote.set()


def test_ledger_when_one_spool_alone_is_larger_than_the_limit() -> None:
    """A day that is larger than the limit passes, alone."""
    spool = Spool(SpoolLedger(100, threading.Event()))
    for _ in range(3):
        spool.write(b"x" * 99 + b"\n")
    assert spool.size_bytes == 300
    spool.close()


def test_ledger_when_the_limit_is_reached() -> None:
    """Past the limit one spool may go on; another waits, until enough has been written out."""
    ledger = SpoolLedger(100, threading.Event())
    full, large = Spool(ledger), Spool(ledger)
    full.write(b"x" * 100)
    large.write(b"x" * 500)
    waiting = Writer(ledger, 100)
    assert not waiting.wrote.wait(0.05)
    full.close()
    assert not waiting.wrote.wait(0.05)
    large.close()
    assert waiting.wrote.wait(10)
    waiting.spool.close()


def test_ledger_when_a_spool_is_closed_twice() -> None:
    """Its bytes are given back once: another spool still waits for the rest."""
    ledger = SpoolLedger(100, threading.Event())
    first, second, exempt = Spool(ledger), Spool(ledger), Spool(ledger)
    first.write(b"x" * 50)
    second.write(b"x" * 50)
    exempt.write(b"x")
    first.close()
    first.close()
    waiting = Writer(ledger, 60)
    assert not waiting.wrote.wait(0.05)
    second.close()
    assert waiting.wrote.wait(10)
    exempt.close()
    waiting.spool.close()


def test_ledger_when_the_sync_is_stopped() -> None:
    """A stopped sync lets every writer go on to its end: nobody waits for an output that has ended."""
    stop = threading.Event()
    ledger = SpoolLedger(100, stop)
    exempt = Spool(ledger)
    exempt.write(b"x" * 200)
    waiting = Writer(ledger, 100)
    assert not waiting.wrote.wait(0.05)
    stop.set()
    assert waiting.wrote.wait(10)
    exempt.close()
    waiting.spool.close()
