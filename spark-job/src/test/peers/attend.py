#!/usr/bin/env python3
"""Second-order attention over a token table on one machine, with pyarrow and numpy alone: what a job is measured against.

For every token t of a sequence and every head

    o_t = sum over i <= j <= t of g^((t-i) + (t-j)) (q_t . k_i) (k_i . q_j) v_j

as two causal linear attentions, one on the outputs of the other:

    u_t = sum over i <= t of g^(t-i)     (q_t . k_i) k_i      state S = sum g^(l-i)     k_i k_i^T   (d, d)
    o_t = sum over j <= t of g^(2 (t-j)) (q_t . u_j) v_j      state F = sum g^(2 (l-j)) u_j v_j^T   (d, dv)

Both are computed in chunks of tokens: inside a chunk by masked matrix products, from earlier chunks by the state in front of
it. Products are float32, sums of chunks are float64.

How it is parallel: heads do not depend on each other, so every process carries the states of its own heads over all tokens in
order, and each token is computed once. (Cutting the tokens among processes instead takes a first pass for the states in front
of the cuts, which reads everything and computes nearly everything twice.) Reading and writing are split by row groups: in a
wave of N row groups each of N processes reads one into shared memory, all compute their heads, each writes one.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import math
import mmap
import multiprocessing
import shutil
import sys
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK = 64
CHUNKS_AT_ONCE = 8
TOLERANCE = 1e-4

Array = np.ndarray


@dataclass(frozen=True)
class Segment:
    """Rows [start, stop) of a unit, consecutive tokens of one sequence; fresh where the sequence begins."""

    start: int
    stop: int
    fresh: bool


@dataclass(frozen=True)
class Unit:
    """A row group, the piece that is read and written at once."""

    file: Path
    row_group: int
    keys: pa.Table
    segments: tuple[Segment, ...]


class BadTable(Exception):
    """The table is not one that can be read in order."""


# --- The arithmetic ----------------------------------------------------------------------------------------------


class LinearAttention:
    """Causal linear attention x_t . sum over j <= t of decay^(t-j) y_j z_j^T for one head, chunk after chunk."""

    def __init__(self, y_dim: int, z_dim: int, decay: float) -> None:
        self.decay = decay
        self.state = np.zeros((y_dim, z_dim))
        self._weights: dict[int, tuple[Array, Array, Array]] = {}

    def reset(self) -> None:
        self.state = np.zeros_like(self.state)

    def attend(self, x: Array, y: Array, z: Array) -> Array:
        """x, y (chunks, length, y_dim) and z (chunks, length, z_dim), float32; gives (chunks, length, z_dim)."""
        length = x.shape[1]
        mask, behind, ahead = self._weights_of(length)
        scores = x @ y.transpose(0, 2, 1)
        scores *= mask
        outputs = scores @ z
        if self.decay != 1:
            x = x * behind
            y = y * ahead
        outputs += x @ self._states_in_front(y.transpose(0, 2, 1) @ z, self.decay**length)
        return outputs

    def _states_in_front(self, sums: Array, decay: float) -> Array:
        """The state in front of each chunk from the sums of the chunks, both (chunks, y_dim, z_dim); moves the state on."""
        states = np.empty_like(sums)
        state = self.state
        for states_c, sum_c in zip(states, sums):
            states_c[...] = state
            if decay != 1:
                state *= decay
            state += sum_c
        return states

    def _weights_of(self, length: int) -> tuple[Array, Array, Array]:
        """decay^(t-j) for j <= t, else 0 (length, length); decay^(t+1) and decay^(length-1-j), both (length, 1)."""
        if length not in self._weights:
            steps = np.arange(length)
            distance = steps[:, None] - steps
            mask = np.where(distance >= 0, self.decay ** np.maximum(distance, 0.0), 0)
            behind, ahead = self.decay ** (steps + 1.0), self.decay ** (length - 1.0 - steps)
            self._weights[length] = tuple(w.astype(np.float32) for w in (mask, behind[:, None], ahead[:, None]))
        return self._weights[length]


class Head:
    """One head of the second-order attention with its two states."""

    def __init__(self, head_dim: int, value_dim: int, decay: float) -> None:
        self._inner = LinearAttention(head_dim, head_dim, decay)
        self._outer = LinearAttention(head_dim, value_dim, decay * decay)

    def reset(self) -> None:
        self._inner.reset()
        self._outer.reset()

    def attend(self, q: Array, k: Array, v: Array, o: Array) -> None:
        """Writes o (tokens, dv) for q, k (tokens, d) and v (tokens, dv), the next tokens of the sequence; all float32."""
        tokens = len(q)
        start = 0
        while start < tokens:
            chunks = min(CHUNKS_AT_ONCE, (tokens - start) // CHUNK)
            length = CHUNK if chunks else tokens - start
            stop = start + max(chunks, 1) * length

            def in_chunks(x: Array) -> Array:
                return np.ascontiguousarray(x[start:stop]).reshape(-1, length, x.shape[1])

            qc, kc, vc = in_chunks(q), in_chunks(k), in_chunks(v)
            u = self._inner.attend(qc, kc, kc)
            o[start:stop] = self._outer.attend(qc, u, vc).reshape(stop - start, -1)
            start = stop


# --- Tables ------------------------------------------------------------------------------------------------------


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files of a table, which is a file or a folder."""
    if path.is_file():
        return [path]
    files = sorted(f for f in path.iterdir() if f.suffix == ".parquet" and f.name[0] not in "._")
    if not files:
        raise BadTable(f"no Parquet files in {path}")
    return files


def open_parquet(file: Path) -> pq.ParquetFile:
    return pq.ParquetFile(file, memory_map=True, pre_buffer=False)


def find_units(path: Path) -> list[Unit]:
    """The row groups of a table in the order of their tokens; fails unless that makes every sequence consecutive."""
    groups = []
    for file in parquet_files(path):
        parquet = open_parquet(file)
        for i in range(parquet.num_row_groups):
            keys = parquet.read_row_group(i, columns=["seq", "pos"], use_threads=False).combine_chunks()
            if keys.num_rows:
                groups.append((keys["seq"][0].as_py(), keys["pos"][0].as_py(), file, i, keys))
    groups.sort(key=lambda group: group[:2])

    units = []
    ended = set()
    last_seq = last_pos = None
    for _, _, file, i, keys in groups:
        seq = keys["seq"].chunk(0)
        pos = keys["pos"].to_numpy().astype(np.int64)
        cuts = np.flatnonzero(pc.not_equal(seq[1:], seq[:-1]).to_numpy(zero_copy_only=False)) + 1
        segments = []
        for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(pos)]):
            name = seq[start].as_py()
            fresh = name != last_seq or last_pos is None
            expected = pos[start] if fresh else last_pos + 1
            if fresh and name in ended:
                raise BadTable(f"sequence {name!r} is interleaved with others in {file}")
            if not np.array_equal(pos[start:stop], np.arange(expected, expected + stop - start)):
                raise BadTable(f"positions of sequence {name!r} are not consecutive in {file}")
            ended.add(name)
            last_seq, last_pos = name, int(pos[stop - 1])
            segments.append(Segment(start, stop, fresh))
        units.append(Unit(file, i, keys, tuple(segments)))
    return units


def width_of(unit: Unit, column: str) -> int:
    """Numbers a row in a column of lists, as the footer has them; lists that differ are found when they are read."""
    group = open_parquet(unit.file).metadata.row_group(unit.row_group)
    chunks = [group.column(i) for i in range(group.num_columns)]
    numbers = [chunk.num_values for chunk in chunks if chunk.path_in_schema.split(".")[0] == column]
    if len(numbers) != 1:
        raise BadTable(f"{unit.file} has no column {column} of lists")
    return numbers[0] // group.num_rows


def vectors(column: pa.ChunkedArray, what: str) -> Array:
    """The lists of a column as (rows, width) without a copy where they lie in one piece; fails unless all have one width."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else pa.concat_arrays(array.chunks)
    values = array.flatten()
    width = len(values) // max(len(array), 1)
    if array.null_count or values.null_count:
        raise BadTable(f"{what} has nulls")
    if not pa.types.is_fixed_size_list(array.type):
        offsets = array.offsets.to_numpy()
        if not np.all(np.diff(offsets) == width):
            raise BadTable(f"lists of {what} differ in length")
    return values.to_numpy().reshape(len(array), width)


def write_outputs(file: Path, keys: pa.Table, outputs: Array) -> None:
    """A Parquet file with seq, pos and o from outputs (rows, H * dv)."""
    rows, width = outputs.shape
    if rows * width > np.iinfo(np.int32).max:
        raise BadTable(f"a row group with {rows} rows is too long")
    offsets = pa.array(np.arange(0, (rows + 1) * width, width, dtype=np.int32))
    values = pa.Array.from_buffers(pa.float32(), rows * width, [None, pa.py_buffer(outputs.reshape(-1))])
    o = pa.ListArray.from_arrays(offsets, values, type=pa.list_(pa.field("element", pa.float32(), nullable=False)))
    table = keys.append_column(pa.field("o", o.type, nullable=False), o)
    pq.write_table(
        table,
        file,
        row_group_size=rows,
        use_dictionary=["seq"],
        compression={"seq": "snappy", "pos": "snappy", "o.list.element": "none"},
        write_statistics=["seq", "pos"],
        store_schema=False,
    )


# --- Processes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    units: list[Unit]
    target: Path
    processes: int
    num_heads: int
    head_dim: int
    value_dim: int
    decay: float


class SharedRows:
    """q, k, v and o of one unit in memory that all processes see: (rows, H, d) or (rows, H, dv), float32."""

    def __init__(self, job: Job) -> None:
        rows = max(unit.keys.num_rows for unit in job.units)

        def shared(dim: int) -> Array:
            memory = mmap.mmap(-1, max(rows * job.num_heads * dim * 4, 1))
            return np.frombuffer(memory, np.float32, rows * job.num_heads * dim).reshape(rows, job.num_heads, dim)

        self.q, self.k = shared(job.head_dim), shared(job.head_dim)
        self.v, self.o = shared(job.value_dim), shared(job.value_dim)

    def read(self, unit: Unit) -> None:
        table = open_parquet(unit.file).read_row_group(unit.row_group, columns=["q", "k", "v"], use_threads=False)
        for name, target in (("q", self.q), ("k", self.k), ("v", self.v)):
            values = vectors(table[name], f"{name} in {unit.file}")
            width = math.prod(target.shape[1:])
            if values.shape[1] != width:
                raise BadTable(f"{name} in {unit.file} has {values.shape[1]} numbers a row, expected {width}")
            if not (np.isfinite(values.min()) and np.isfinite(values.max())):
                raise BadTable(f"{name} in {unit.file} is not finite")
            target.reshape(len(target), width)[: len(values)] = values

    def write(self, unit: Unit, file: Path) -> None:
        rows = unit.keys.num_rows
        write_outputs(file, unit.keys, self.o[:rows].reshape(rows, -1))


def work(job: Job, me: int, shared: list[SharedRows], barrier: Barrier) -> None:
    """What process `me` does: its heads of every unit, and reading and writing every N-th unit."""
    heads = {h: Head(job.head_dim, job.value_dim, job.decay) for h in range(me, job.num_heads, job.processes)}
    for first in range(0, len(job.units), job.processes):
        wave = job.units[first : first + job.processes]
        if me < len(wave):
            shared[me].read(wave[me])
        barrier.wait()
        for unit, rows in zip(wave, shared):
            for h, head in heads.items():
                for segment in unit.segments:
                    if segment.fresh:
                        head.reset()
                    at = slice(segment.start, segment.stop)
                    head.attend(rows.q[at, h], rows.k[at, h], rows.v[at, h], rows.o[at, h])
        barrier.wait()
        if me < len(wave):
            shared[me].write(wave[me], job.target / f"part-{first + me:05d}.parquet")


def run_process(job: Job, me: int, shared: list[SharedRows], barrier: Barrier) -> None:
    pa.set_cpu_count(1)
    try:
        work(job, me, shared, barrier)
    except BrokenBarrierError:
        sys.exit(1)
    except Exception as problem:
        barrier.abort()
        print(f"attend.py: {problem}", file=sys.stderr)
        sys.exit(1)


def attend(source: Path, output: Path, num_heads: int, decay: float, processes: int) -> int:
    """Writes the table of outputs and gives the number of tokens; the output appears when all of it is written."""
    if output.exists():
        raise BadTable(f"{output} exists")
    units = find_units(source)
    if not units:
        raise BadTable(f"no tokens in {source}")
    widths = [width_of(units[0], name) for name in ("q", "v")]
    if not all(widths) or any(width % num_heads for width in widths):
        raise BadTable(f"q and v have {widths[0]} and {widths[1]} numbers a row, which {num_heads} heads do not divide")
    target = output.with_name(f".{output.name}.{os.getpid()}")
    job = Job(units, target, processes, num_heads, widths[0] // num_heads, widths[1] // num_heads, decay)
    target.mkdir(parents=True)
    try:
        context = multiprocessing.get_context("fork")
        barrier = context.Barrier(processes)
        shared = [SharedRows(job) for _ in range(processes)]
        workers = [context.Process(target=run_process, args=(job, i, shared, barrier)) for i in range(processes)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            raise BadTable("a process failed")
        target.rename(output)
    finally:
        shutil.rmtree(target, ignore_errors=True)
    return sum(unit.keys.num_rows for unit in units)


# --- Comparison --------------------------------------------------------------------------------------------------


def load_outputs(path: Path) -> tuple[pa.Table, Array]:
    """seq and pos in their order, and o (rows, H * dv) in the same order."""
    files = [f for f in parquet_files(path) if open_parquet(f).metadata.num_rows]
    table = pa.concat_tables([open_parquet(f).read(columns=["seq", "pos", "o"]) for f in files], promote_options="permissive")
    keys = table.select(["seq", "pos"])
    order = pc.sort_indices(keys, sort_keys=[("seq", "ascending"), ("pos", "ascending")]).to_numpy()
    outputs = np.concatenate([vectors(pa.chunked_array([chunk]), f"o in {path}") for chunk in table["o"].chunks])
    if np.array_equal(order, np.arange(len(order))):
        return keys, outputs
    return keys.take(order), outputs[order]


def relative_difference(ours: Path, theirs: Path) -> float:
    """The largest difference of two tables of outputs over the largest output; fails unless they have the same tokens."""
    our_keys, our_outputs = load_outputs(ours)
    their_keys, their_outputs = load_outputs(theirs)
    for name in ("seq", "pos"):
        if our_keys[name].to_pylist() != their_keys[name].to_pylist():
            raise BadTable(f"{ours} and {theirs} differ in {name}")
    if our_outputs.shape != their_outputs.shape:
        raise BadTable(f"outputs have shapes {our_outputs.shape} and {their_outputs.shape}")
    difference = largest = 0.0
    for start in range(0, len(our_outputs), 8192):
        a = our_outputs[start : start + 8192].astype(np.float64)
        b = their_outputs[start : start + 8192].astype(np.float64)
        difference = np.fmax(difference, np.abs(a - b).max()) if np.isfinite(a).all() and np.isfinite(b).all() else np.inf
        largest = max(largest, float(np.abs(b).max()))
    return float(difference / largest) if largest else float(difference)


def main() -> int:
    parser = argparse.ArgumentParser(description="Second-order attention over a token table, on one machine.")
    parser.add_argument("--input", type=Path, required=True, help="Parquet file or folder with seq, pos, q, k, v")
    parser.add_argument("--output", type=Path, required=True, help="new folder with seq, pos, o")
    parser.add_argument("--num-heads", type=int, default=1)
    parser.add_argument("--decay", type=float, default=1.0, help="in (0, 1]; default 1, no decay")
    parser.add_argument("--processes", type=int, default=2, help="default 2; no more than heads are of use")
    parser.add_argument("--compare", type=Path, help=f"outputs of a job; exit code 1 when they differ by more than {TOLERANCE:g}")
    arguments = parser.parse_args()
    if arguments.num_heads < 1 or arguments.processes < 1 or not 0 < arguments.decay <= 1:
        parser.error("heads and processes count from 1, decay is in (0, 1]")
    try:
        started = time.perf_counter()
        tokens = attend(arguments.input, arguments.output, arguments.num_heads, arguments.decay, arguments.processes)
        seconds = time.perf_counter() - started
        print(f"attend.py: {tokens} tokens in {seconds:.2f} s, {arguments.processes} processes")
        if arguments.compare:
            difference = relative_difference(arguments.output, arguments.compare)
            print(f"attend.py: largest difference {difference:.2g} of the largest output")
            return 0 if difference <= TOLERANCE else 1
    except (BadTable, OSError, pa.ArrowException) as problem:
        print(f"attend.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
