"""CRC-32C (Castagnoli), which Python's library does not have, for arrays of any length."""

from __future__ import annotations

from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78


def _table() -> Any:
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = np.where(crc & 1, (crc >> 1) ^ np.uint32(_POLYNOMIAL), crc >> 1)
    return crc


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """The checksum of all bytes.

    Pieces of one length are computed side by side. The checksum is linear over them: what stands in front of a
    piece is moved over it as over as many zeros, which is a matrix of bits.
    """
    values = np.frombuffer(data, dtype=np.uint8)
    length = max(1, int(len(values) ** 0.5))
    count = len(values) // length
    pieces = values[: count * length].reshape(count, length)
    # The last 32 rows are single bits, moved over zeros: the columns of the matrix.
    registers = np.concatenate([np.zeros(count, np.uint32), np.uint32(1) << np.arange(32, dtype=np.uint32)])
    for i in range(length):
        byte = registers & np.uint32(255)
        byte[:count] ^= pieces[:, i]
        registers = (registers >> np.uint32(8)) ^ _TABLE[byte]
    columns = [int(column) for column in registers[count:]]
    crc = 0xFFFFFFFF
    for piece in registers[:count].tolist():
        moved = 0
        for bit in range(32):
            if crc >> bit & 1:
                moved ^= columns[bit]
        crc = moved ^ piece
    for value in data[count * length :]:
        crc = crc >> 8 ^ int(_TABLE[(crc ^ value) & 255])
    return crc ^ 0xFFFFFFFF
