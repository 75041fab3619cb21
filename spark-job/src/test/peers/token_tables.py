"""Tokens and what a job says of them, by sequence and in the order of their positions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads

Array = np.ndarray


def columns_of(table: Path) -> list[str]:
    return pads.dataset(table, format="parquet").schema.names


def numbers(column: pa.ChunkedArray) -> Array:
    """(rows), or (rows, length) where the column has lists, or binary16 numbers in bytes."""
    array = column.combine_chunks()
    if pa.types.is_binary(array.type):
        return np.stack([np.frombuffer(row, "<f2") for row in array.to_pylist()])
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        if len(set(array.value_lengths().unique().to_pylist())) != 1:
            raise SystemExit("rows have lists of different lengths")
        return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), -1)
    return array.to_numpy(zero_copy_only=False)


def in_order(table: Path, columns: list[str]) -> Iterator[tuple[Any, dict[str, Array]]]:
    """Every sequence of a table with seq (without: one sequence), pos and the columns."""
    has_seq = "seq" in columns_of(table)
    rows = pads.dataset(table, format="parquet").to_table([*columns, "pos", *(["seq"] if has_seq else [])])
    pos, values = numbers(rows["pos"]), {column: numbers(rows[column]) for column in columns}
    seq = numbers(rows["seq"]) if has_seq else np.zeros(len(pos), int)
    names, codes = np.unique(seq, return_inverse=True)
    order = np.lexsort((pos, codes))
    ends = np.searchsorted(codes[order], np.arange(len(names)), side="right")
    for name, begin, end in zip(names, [0, *ends], ends):
        rows_of = order[begin:end]
        if (np.diff(pos[rows_of]) != 1).any():
            raise SystemExit(f"sequence {name} of {table} has positions that are not consecutive")
        yield name, {column: value[rows_of] for column, value in values.items()}


def sequences(text: Path) -> Iterator[tuple[Any, Array]]:
    """The ids of every sequence of a file of bytes, an .npy of ids, or a table with pos and id."""
    if text.is_dir() or text.suffix == ".parquet":
        for name, columns in in_order(text, ["id"]):
            yield name, columns["id"].astype(np.int64)
    elif text.suffix == ".npy":
        yield 0, np.load(text).astype(np.int64)
    else:
        yield 0, np.frombuffer(text.read_bytes(), np.uint8).astype(np.int64)
