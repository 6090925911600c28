"""One gzip stream made of blocks that were deflated earlier, each by itself.

A block ends with a full flush, so it can follow any other; the checksum of the whole is combined from those of the
blocks. So an answer over any range of days is a single gzip member, at the cost of copying bytes.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LAST_BLOCK = b"\x03\x00"
LEVEL = 1
CRC_POLYNOMIAL = 0xEDB88320
TOP_BIT = 1 << 31


@dataclass(frozen=True, slots=True)
class BlockChecksum:
    """What the trailer of a stream needs to know of a block."""

    size_bytes: int
    crc: int
    crc_shift: int


def _multiply(left: int, right: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32, bits reflected as in zlib."""
    product = 0
    bit = TOP_BIT
    while left:
        if left & bit:
            product ^= right
            left ^= bit
        bit >>= 1
        right = (right >> 1) ^ CRC_POLYNOMIAL if right & 1 else right >> 1
    return product


@lru_cache(maxsize=4096)
def _crc_shift(size_bytes: int) -> int:
    """Return what multiplies a checksum when *size_bytes* bytes follow: x to the power of their bits."""
    power, square = TOP_BIT, TOP_BIT >> 8
    while size_bytes:
        if size_bytes & 1:
            power = _multiply(square, power)
        square = _multiply(square, square)
        size_bytes >>= 1
    return power


def deflate_block(plain: bytes) -> tuple[bytes, BlockChecksum]:
    """Deflate *plain* so that it can stand anywhere in a stream."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = deflater.compress(plain) + deflater.flush(zlib.Z_FULL_FLUSH)
    return deflated, BlockChecksum(len(plain), zlib.crc32(plain), _crc_shift(len(plain)))


class GzipTrailer:
    """The end of a gzip stream, kept up to date while blocks are sent."""

    def __init__(self) -> None:
        self._crc = 0
        self._size_bytes = 0

    def extend(self, blocks: Iterable[BlockChecksum]) -> None:
        """Take note that *blocks* were sent."""
        for block in blocks:
            self._crc = _multiply(block.crc_shift, self._crc) ^ block.crc
            self._size_bytes += block.size_bytes

    def encode(self) -> bytes:
        """Return the last deflate block, the checksum and the length."""
        return LAST_BLOCK + struct.pack("<LL", self._crc, self._size_bytes & 0xFFFFFFFF)


def gzip_whole(plain: bytes) -> bytes:
    """Return *plain* as one gzip stream."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return deflater.compress(plain) + deflater.flush()
