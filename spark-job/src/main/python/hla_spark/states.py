"""The bytes of a state as matrices, and matrices as the bytes of a state; numpy is needed, torch is optional.

The layout is that of io.hla.algebra.StateBytes, little-endian::

    offset  bytes  content
         0      4  magic "HLAS"
         4      2  version, 1 to 3
         6      2  kind, 1 for a state
         8      4  n, length of the settings
        12      n  settings, UTF-8 lines name=value
      12+n      4  0; in version 3 the tokens of the batch in progress
      16+n      8  tokens
      24+n      8  m, number of values
      32+n     8m  values: of version 3 first the factor of every matrix of every head, which it is to be multiplied by;
                   head after head, matrix after matrix, row-major; of a symmetric matrix each row from the diagonal on;
                   a matrix of k and v alone only at the first query head of its KV head that decays alike
    32+n+8m     4  CRC32C of everything before
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ._crc32c import crc32c
from ._errors import HlaError
from ._programs import KEY, VALUE, Program, program

if TYPE_CHECKING:
    import torch

_MAGIC = b"HLAS"
_VERSION = 3
_STATE = 1
_FIXED = 36
_MOST_TOKENS_OF_A_BATCH = 1 << 16
_MOST_VALUES = 2**31 - 65


@dataclass(frozen=True)
class StateMatrices:
    """A state.

    Attributes:
        settings: what the state belongs to, by the names of the command line: operator, num-heads, head-dim, ..
        tokens: tokens that it has seen.
        matrices: float64 arrays [H, rows, columns] by the paper's symbols, S, P, F, ..; rows and columns are d or dv,
            and dv + 1 with normalize, where the last column belongs to the denominator.
    """

    settings: dict[str, str]
    tokens: int
    matrices: dict[str, np.ndarray[Any, np.dtype[np.float64]]]


def state_matrices(state: bytes) -> StateMatrices:
    """Reads the bytes of a state.

    Args:
        state: the column ``state`` of ``final_states`` or ``prefix_states``.

    Raises:
        HlaError: HLA_STATE_DAMAGED if these are not the bytes of a state, HLA_STATE_VERSION if a newer version wrote
            them.
    """
    read = _Bytes(bytes(state))
    layout = _Layout(read.settings)
    factors = layout.heads * len(layout.names) if read.batch else 0
    if read.count != factors + layout.packed:
        _damaged(f"has {read.count} values, its settings need {factors + layout.packed}")
    values = read.values()
    matrices = layout.unpack(values[factors:])
    if factors:
        if not all(0 < factor <= 1 for factor in values[:factors]):
            _damaged("has a factor that is not in (0, 1]")
        for matrix, factor in zip(matrices.values(), values[:factors].reshape(layout.heads, -1).T, strict=True):
            matrix *= factor[:, None, None]
    return StateMatrices(read.settings, read.tokens, matrices)


def to_numpy(state: bytes) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """The matrices of a state, float64 [H, rows, columns] by name. Errors are those of ``state_matrices``."""
    return state_matrices(state).matrices


def to_torch(state: bytes) -> dict[str, torch.Tensor]:
    """The matrices of a state, tensors float64 [H, rows, columns] by name. Errors are those of ``state_matrices``."""
    import torch

    return {name: torch.from_numpy(matrix) for name, matrix in state_matrices(state).matrices.items()}


def from_numpy(matrices: Mapping[str, Any], like: bytes, tokens: int | None = None) -> bytes:
    """The bytes of a state of given matrices.

    Args:
        matrices: arrays or tensors [H, rows, columns] by name, all that such a state has. Of symmetric matrices the
            upper triangle counts, of those that heads share the first head's. A batch of tokens begins behind them:
            bits of tokens that follow are those of ``like`` only where it was written between two batches.
        like: a state of the same settings, which are taken from it.
        tokens: how many tokens the state has seen; as many as ``like`` unless given.

    Raises:
        HlaError: HLA_STATE_SIZE if names or shapes are not those of the settings; as ``state_matrices`` does for
            ``like``.
    """
    read = _Bytes(bytes(like))
    layout = _Layout(read.settings)
    if sorted(matrices) != sorted(layout.names):
        raise HlaError("HLA_STATE_SIZE", f"there are matrices {sorted(matrices)}, expected {sorted(layout.names)}")
    values = layout.pack({name: _array(matrix) for name, matrix in matrices.items()})
    seen = read.tokens if tokens is None else tokens
    if seen < 0:
        raise HlaError("HLA_STATE_SIZE", f"tokens is {seen}, expected at least 0")
    version = 1 if layout.is_of_the_paper else 2
    head = struct.pack("<4shhi", _MAGIC, version, _STATE, len(read.text)) + read.text
    body = head + struct.pack("<iqq", 0, seen, len(values)) + values.astype("<f8").tobytes()
    return body + struct.pack("<I", crc32c(body))


def from_torch(tensors: Mapping[str, Any], like: bytes, tokens: int | None = None) -> bytes:
    """``from_numpy`` for tensors of any device."""
    return from_numpy(tensors, like, tokens)


def _array(matrix: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if hasattr(matrix, "detach"):
        matrix = matrix.detach().cpu().numpy()
    return np.asarray(matrix, dtype=np.float64)


def _damaged(message: str) -> NoReturn:
    raise HlaError("HLA_STATE_DAMAGED", f"the state {message}")


class _Bytes:
    """Bytes whose lengths and checksum were found right."""

    def __init__(self, data: bytes):
        self._data = data
        size = len(data)
        if size < _FIXED:
            _damaged(f"has {size} bytes, expected at least {_FIXED}")
        if data[:4] != _MAGIC:
            _damaged(f'starts with {list(data[:4])}, expected "HLAS"')
        version, kind, length = struct.unpack_from("<hhi", data, 4)
        if version > _VERSION:
            raise HlaError("HLA_STATE_VERSION", f"the state has version {version}, this package reads up to {_VERSION}")
        if version < 1:
            _damaged(f"has version {version}, expected 1 to {_VERSION}")
        stored, actual = struct.unpack_from("<I", data, size - 4)[0], crc32c(data[:-4])
        if stored != actual:
            _damaged(f"has checksum {stored:08x}, its bytes give {actual:08x}")
        if kind != _STATE:
            _damaged(f"has kind {kind}, expected {_STATE} (STATE)")
        if not 0 <= length <= size - _FIXED:
            _damaged(f"has settings of {length} bytes in {size} bytes")
        self.text = data[12 : 12 + length]
        self.batch, self.tokens, self.count = struct.unpack_from("<iqq", data, 12 + length)
        room = size - length - _FIXED
        if self.batch != 0 if version < 3 else not 1 <= self.batch <= _MOST_TOKENS_OF_A_BATCH:
            _damaged(f"of version {version} has scan step {self.batch}")
        if self.tokens < 0 or self.count < 0 or self.count * 8 != room:
            _damaged(f"names {self.count} values, has bytes for {room // 8}")
        self.settings = self._settings()

    def _settings(self) -> dict[str, str]:
        try:
            lines = self.text.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            _damaged(f"has settings that cannot be read ({error.reason})")
        pairs = [line.partition("=") for line in lines]
        settings = {name: value for name, equals, value in pairs if equals}
        if len(settings) != len(lines):
            _damaged(f"has settings that are not lines name=value: {lines}")
        return settings

    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.frombuffer(self._data, dtype="<f8", count=self.count, offset=32 + len(self.text))


class _Layout:
    """Where the matrices of all heads stand: io.hla.algebra.MatrixLayout."""

    def __init__(self, settings: Mapping[str, str]):
        try:
            self._read(settings)
        except (KeyError, ValueError, OverflowError) as error:
            _damaged(f"has settings of no state ({error}): {dict(settings)}")

    def _read(self, settings: Mapping[str, str]) -> None:
        self.heads = _positive(settings, "num-heads")
        self.kv_heads = _positive(settings, "num-kv-heads")
        if self.heads % self.kv_heads != 0:
            raise ValueError(f"{self.heads} heads, {self.kv_heads} KV heads")
        self.decay = [float(value) for value in _list(settings["decay"])]
        if len(self.decay) != self.heads or not all(0 < g <= 1 for g in self.decay):
            raise ValueError(f"decay is {settings['decay']}")
        self.gated = _flag(settings.get("gated", "false"))
        head_dim = _positive(settings, "head-dim")
        value_columns = _positive(settings, "value-dim") + _flag(settings["normalize"])
        decays = self.gated or any(g != 1 for g in self.decay)
        self.program: Program = program(
            settings["operator"], settings["mask"], settings["form"], float(settings["ridge"]), decays
        )
        self.is_of_the_paper = settings["operator"] in ("linear", "hla2", "ahla", "hla3") and not self.gated
        self.names = [matrix.name for matrix in self.program.matrices]

        def width(signal: int) -> int:
            return value_columns if self.program.is_of_values(signal) else head_dim

        self.shapes = [(width(matrix.y), width(matrix.z)) for matrix in self.program.matrices]
        if self.heads * sum(rows * columns for rows, columns in self.shapes) > _MOST_VALUES:
            raise ValueError("over 2^31 values")
        self.packed = sum(self._length(m) for _, m in self._owned())

    def _length(self, m: int) -> int:
        rows, columns = self.shapes[m]
        return rows * (rows + 1) // 2 if self._symmetric(m) else rows * columns

    def _symmetric(self, m: int) -> bool:
        return self.program.matrices[m].y == self.program.matrices[m].z

    def _owned(self) -> Iterator[tuple[int, int]]:
        """The matrices that are stored: (head, matrix)."""
        for head in range(self.heads):
            for m in range(len(self.shapes)):
                if self._owner(head, m) == head:
                    yield head, m

    def _owner(self, head: int, m: int) -> int:
        """The first head that has the same matrix."""
        matrix = self.program.matrices[m]
        if self.gated or not {matrix.y, matrix.z} <= {KEY, VALUE}:
            return head
        group = self.heads // self.kv_heads
        first = head // group * group
        while matrix.power != 0 and self.decay[first] != self.decay[head]:
            first += 1
        return first

    def unpack(self, values: Any) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
        arrays = [np.empty((self.heads, *shape)) for shape in self.shapes]
        at = 0
        for head, m in self._owned():
            piece = values[at : at + self._length(m)]
            at += len(piece)
            if self._symmetric(m):
                upper = np.triu_indices(self.shapes[m][0])
                arrays[m][head][upper] = piece
                arrays[m][head].T[upper] = piece
            else:
                arrays[m][head] = piece.reshape(self.shapes[m])
        for head in range(self.heads):
            for m, array in enumerate(arrays):
                array[head] = array[self._owner(head, m)]
        return dict(zip(self.names, arrays, strict=True))

    def pack(self, matrices: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        for name, (rows, columns) in zip(self.names, self.shapes, strict=True):
            if matrices[name].shape != (self.heads, rows, columns):
                raise HlaError(
                    "HLA_STATE_SIZE",
                    f"matrix {name} has shape {list(matrices[name].shape)}, expected {[self.heads, rows, columns]}",
                )
        pieces = []
        for head, m in self._owned():
            matrix = matrices[self.names[m]][head]
            pieces.append(matrix[np.triu_indices(len(matrix))] if self._symmetric(m) else matrix.ravel())
        return np.concatenate(pieces)


def _positive(settings: Mapping[str, str], name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", settings[name]) or int(settings[name]) < 1:
        raise ValueError(f"{name} is {settings[name]}")
    return int(settings[name])


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text} is neither true nor false")
    return text == "true"


def _list(text: str) -> list[str]:
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError(f"{text} is no list")
    return text[1:-1].split(",")
