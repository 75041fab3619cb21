#!/usr/bin/env python3
"""Parquet tables across writers and readers: ours read by others, others' read by us, and tables that must be refused.

Prints one line a check; exit code 1 when one fails. Token tables have 6,000 tokens in 2 sequences, 2 heads of 8, each in one
small file, so that each sequence is one run and its outputs are the same to the bit, whoever wrote the table.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

TOKENS, SEQUENCES, NUM_HEADS, HEAD_DIM = 6_000, 2, 2, 8
WIDTH = NUM_HEADS * HEAD_DIM
VECTORS = ("q", "k", "v")
# Exit codes of a JVM that crashed: SIGABRT and SIGSEGV, as a shell and as subprocess report them.
CRASHED = (134, 139, -6, -11)
BAD_INPUT = 3
# Jobs of some seconds end before the better compiler pays.
SPARK_OPTIONS = (
    *("--master", "local[1]", "--driver-memory", "512m", "--conf", "spark.ui.enabled=false"),
    *("--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
)

Array = np.ndarray
Tokens = dict[str, Array]


# --- Checks ------------------------------------------------------------------------------------------------------


class Failed(Exception):
    """What was found instead of what a check expected."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Failed(what)


class Checks:
    """Counts checks and prints a line for each."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def run(self, name: str, check: Callable[[], str | None]) -> None:
        """`check` returns what else to print, and raises where it fails."""
        try:
            note = check()
            self.passed += 1
            print(f"ok      {name}" + (f": {note}" if note else ""), flush=True)
        except Exception as problem:
            self.failed += 1
            print(f"FAILED  {name}: {type(problem).__name__ if not isinstance(problem, Failed) else ''} {problem}", flush=True)


# --- Jobs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, what it printed, and the output it was to write."""

    status: int
    text: str
    output: Path
    report: Path

    def line(self) -> str:
        """The line that says what went wrong; the last one where none names a condition."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        marks = ("[HLA_", "The job failed:")
        return next((line for mark in marks for line in lines if mark in line), lines[-1] if lines else "")

    def figure(self, name: str) -> object:
        def find(node: object) -> object:
            if isinstance(node, dict):
                if name in node:
                    return node[name]
                return next((found for found in map(find, node.values()) if found is not None), None)
            return None

        return find(json.loads(self.report.read_text()))


class Jobs:
    """Runs submit.sh, one command at a time, in a folder of its own."""

    def __init__(self, submit: Path, work: Path) -> None:
        self.submit = submit
        self.work = work
        self.count = 0

    def run(self, *command: str, conf: tuple[str, ...] = ()) -> Outcome:
        self.count += 1
        output, report = self.work / f"out{self.count}", self.work / f"report{self.count}.json"
        settings = [word for setting in conf for word in ("--conf", setting)]
        more = ["--report", str(report)] if command[0] == "attend" else []
        done = subprocess.run(
            [str(self.submit), *SPARK_OPTIONS, *settings, *command, "--output", str(output), *more],
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=300,
        )
        return Outcome(done.returncode, done.stdout, output, report)

    def generate(self, *options: str) -> Outcome:
        sizes = {"tokens": TOKENS, "sequences": SEQUENCES, "num-heads": NUM_HEADS, "head-dim": HEAD_DIM, "partitions": 1}
        return self.run("generate", *[f"--{name}={value}" for name, value in sizes.items()], *options)

    def attend(self, table: Path, *options: str, conf: tuple[str, ...] = ()) -> Outcome:
        return self.run("attend", "--input", str(table), "--num-heads", str(NUM_HEADS), *options, conf=conf)


def done(outcome: Outcome) -> Outcome:
    require(outcome.status == 0, f"exit code {outcome.status}: {outcome.line()}")
    return outcome


# --- Tables ------------------------------------------------------------------------------------------------------


def files_with_rows(table: Path) -> list[Path]:
    return [f for f in sorted(table.glob("*.parquet")) if pq.read_metadata(f).num_rows]


def matrix(column: pa.ChunkedArray) -> Array:
    """Lists without nulls, all of one length, as (rows, width)."""
    return column.combine_chunks().flatten().to_numpy().reshape(len(column), -1)


def ordered(columns: Tokens) -> Tokens:
    """Rows in the order of seq and pos; every column has a row a token."""
    order = np.lexsort((columns["pos"], columns["seq"]))
    return {name: values[order] for name, values in columns.items()}


def read_with_pyarrow(table: Path) -> Tokens:
    """seq, pos (rows,) and the vectors (rows, width)."""
    read = pa.concat_tables([pq.ParquetFile(file).read() for file in files_with_rows(table)])
    return ordered({c: read[c].to_numpy() if c in ("seq", "pos") else matrix(read[c]) for c in read.column_names})


def read_with_duckdb(table: Path) -> Tokens:
    """As read_with_pyarrow."""
    with duckdb.connect() as connection:
        read = connection.sql("SELECT * FROM read_parquet(?)", params=[f"{table}/*.parquet"]).to_arrow_table()
    return ordered({c: read[c].to_numpy() if c in ("seq", "pos") else matrix(read[c]) for c in read.column_names})


def bits(values: Array) -> Array:
    return np.ascontiguousarray(values).view(f"u{values.itemsize}")


def require_same_bits(actual: Array, expected: Array, what: str) -> None:
    require(actual.dtype == expected.dtype, f"{what} is {actual.dtype}, expected {expected.dtype}")
    require(actual.shape == expected.shape, f"{what} has shape {actual.shape}, expected {expected.shape}")
    different = int(np.count_nonzero(bits(actual) != bits(expected)))
    if different:
        largest = float(np.abs(actual.astype(float) - expected).max() / np.abs(expected).max())
        raise Failed(f"{what} differs in {different} of {actual.size} numbers, by {largest:.2g} of the largest at most")


# --- Our tables, other readers -----------------------------------------------------------------------------------


def check_read_by_others(table: Path, vectors: dict[str, type], codec: str) -> str:
    """Rows, columns and codec of a table that we wrote; `vectors` gives the type of each column of vectors."""
    one, other = read_with_pyarrow(table), read_with_duckdb(table)
    require(list(one) == ["seq", "pos", *vectors], f"columns are {list(one)}")
    length = TOKENS // SEQUENCES
    require(np.array_equal(one["seq"], np.repeat(np.arange(SEQUENCES), length)), "sequences are not complete")
    require(np.array_equal(one["pos"], np.tile(np.arange(length), SEQUENCES)), "positions are not complete")
    for name in one:
        require_same_bits(other[name], one[name], f"{name} read by DuckDB, against pyarrow,")
    for name, dtype in vectors.items():
        require(one[name].dtype == dtype and one[name].shape == (TOKENS, WIDTH), f"{name} is {one[name].dtype} {one[name].shape}")
    codecs, indexes = set(), set()
    for file in files_with_rows(table):
        metadata = pq.ParquetFile(file).metadata
        for g in range(metadata.num_row_groups):
            for c in range(metadata.num_columns):
                column = metadata.row_group(g).column(c)
                name = column.path_in_schema.split(".")[0]
                if name in vectors:
                    codecs.add(column.compression)
                require(column.has_offset_index, f"{name} has no offset index")
                if name == "pos":
                    require(column.has_column_index, "pos has no column index")
                    require(column.is_stats_set, "pos has no statistics")
                if column.has_column_index:
                    indexes.add(name)
    require(codecs == {codec}, f"vectors are {sorted(codecs)}, expected {codec}")
    return f"vectors {codec}, offset indexes of all columns, column indexes of {', '.join(sorted(indexes))}"


def check_filter(table: Path, column: str) -> str:
    """A filter on pos gives the rows that reading everything gives."""
    whole = read_with_pyarrow(table)
    first, last = 1000, 1009
    wanted = (whole["pos"] >= first) & (whole["pos"] <= last)
    condition = (ds.field("pos") >= first) & (ds.field("pos") <= last)
    filtered = pq.read_table(table, filters=condition)
    rows = ordered({"seq": filtered["seq"].to_numpy(), "pos": filtered["pos"].to_numpy(), "x": matrix(filtered[column])})
    require(len(rows["pos"]) == int(wanted.sum()) == SEQUENCES * (last - first + 1), f"{len(rows['pos'])} rows")
    require_same_bits(rows["x"], whole[column][wanted], f"{column} behind pyarrow's filter")
    with duckdb.connect() as connection:
        query = f"SELECT seq, pos, {column} FROM read_parquet(?) WHERE pos BETWEEN ? AND ? ORDER BY seq, pos"
        selected = connection.sql(query, params=[f"{table}/*.parquet", first, last]).to_arrow_table()
    require_same_bits(matrix(selected[column]), whole[column][wanted], f"{column} behind DuckDB's filter")
    return f"{len(rows['pos'])} rows"


def read_states(table: Path) -> list[tuple[int, int, bytes | None]]:
    """(seq, next_pos, state) of a table of states, in this order, by pyarrow; fails unless DuckDB reads the same."""
    columns = ["seq", "next_pos", "state"]
    files = files_with_rows(table)
    rows = pa.concat_tables([pq.read_table(file, columns=columns) for file in files])
    rows = rows.sort_by([("seq", "ascending"), ("next_pos", "ascending")])
    found = list(zip(*(rows[name].to_pylist() for name in columns), strict=True))
    with duckdb.connect() as connection:
        query = "SELECT seq, next_pos, state FROM read_parquet(?) ORDER BY seq, next_pos"
        require(connection.execute(query, [[str(file) for file in files]]).fetchall() == found, "DuckDB reads other states")
    for file in files:
        metadata = pq.ParquetFile(file).metadata
        state = metadata.row_group(0).column(metadata.schema.names.index("state"))
        require(state.compression == "UNCOMPRESSED" and not state.has_dictionary_page, f"{file} holds states as {state}")
    return found


def check_our_tables(checks: Checks, jobs: Jobs) -> tuple[Tokens, Tokens]:
    """Returns the generated tokens and their outputs, which the other checks are against."""
    floats, doubles = np.dtype(np.float32), np.dtype(np.float64)
    tokens = done(jobs.generate()).output
    outputs = done(jobs.attend(tokens)).output
    expected_tokens, expected = read_with_pyarrow(tokens), read_with_pyarrow(outputs)
    three = dict.fromkeys(VECTORS, floats)
    checks.run("ours: generate", lambda: check_read_by_others(tokens, three, "UNCOMPRESSED"))
    checks.run("ours: generate, filter on pos", lambda: check_filter(tokens, "k"))
    checks.run("ours: attend", lambda: check_read_by_others(outputs, {"o": floats}, "UNCOMPRESSED"))
    checks.run("ours: attend, filter on pos", lambda: check_filter(outputs, "o"))

    def generate_with(codec: str) -> str:
        table = done(jobs.generate("--output-option", f"compression={codec}")).output
        note = check_read_by_others(table, three, codec.upper())
        read = read_with_pyarrow(table)
        for name in VECTORS:
            require_same_bits(read[name], expected_tokens[name], name)
        return note

    def attend_with(codec: str) -> str:
        table = done(jobs.attend(tokens, "--output-option", f"compression={codec}")).output
        note = check_read_by_others(table, {"o": floats}, codec.upper())
        require_same_bits(read_with_pyarrow(table)["o"], expected["o"], "o")
        return note

    def attend_in_double() -> str:
        table = done(jobs.attend(tokens, "--precision", "float64", "--output-type", "double")).output
        note = check_read_by_others(table, {"o": doubles}, "UNCOMPRESSED")
        check_filter(table, "o")
        o = read_with_pyarrow(table)["o"]
        difference = np.abs(o - expected["o"]).max() / np.abs(o).max()
        require(difference < 1e-5, f"o differs from mixed precision by {difference:.2g} of the largest")
        return note

    def attend_with_states() -> str:
        states, prefixes = jobs.work / "states", jobs.work / "prefixes"
        done(jobs.attend(tokens, "--final-state", str(states), "--save-prefixes", str(prefixes)))
        last, inner = read_states(states), read_states(prefixes)
        require(len(last) == SEQUENCES, f"{len(last)} final states, expected {SEQUENCES}")
        require(all(state for _, _, state in last), "a final state is null or empty")
        return f"{len(last)} and {len(inner)} states"

    checks.run("ours: states", attend_with_states)
    checks.run("ours: generate, zstd", lambda: generate_with("zstd"))
    checks.run("ours: attend, snappy", lambda: attend_with("snappy"))
    checks.run("ours: attend, zstd", lambda: attend_with("zstd"))
    checks.run("ours: attend, float64", attend_in_double)
    return expected_tokens, expected


# --- Tables of other writers -------------------------------------------------------------------------------------


def list_column(
    values: Array, kind: str = "list", nullable: bool = True, nullable_element: bool = True
) -> tuple[pa.Field, pa.Array]:
    """A column, without its name, of lists from values (rows, width): kind is list, large_list or fixed_size_list."""
    rows, width = values.shape
    flat = pa.array(values.reshape(-1))
    element = pa.field("element", flat.type, nullable=nullable_element)
    offsets = np.arange(0, (rows + 1) * width, width)
    match kind:
        case "list":
            array = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat, type=pa.list_(element))
        case "large_list":
            array = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), flat, type=pa.large_list(element))
        case "fixed_size_list":
            array = pa.FixedSizeListArray.from_arrays(flat, type=pa.list_(element, width))
        case _:
            raise ValueError(kind)
    return pa.field("", array.type, nullable=nullable), array


def arrow_table(tokens: Tokens, kind: str = "list", nullable: bool = True, nullable_element: bool = True) -> pa.Table:
    fields, arrays = [], []
    for name, values in tokens.items():
        if name in VECTORS:
            field, array = list_column(values, kind, nullable, nullable_element)
            field = field.with_name(name)
        else:
            array = pa.array(values)
            field = pa.field(name, array.type, nullable=nullable)
        fields.append(field)
        arrays.append(array)
    return pa.table(arrays, schema=pa.schema(fields))


Writer = Callable[[Tokens, Path], None]


def by_pyarrow(
    kind: str = "list", nullable: bool = True, nullable_element: bool = True, order: list[str] | None = None, **options: object
) -> Writer:
    def write(tokens: Tokens, file: Path) -> None:
        table = arrow_table(tokens, kind, nullable, nullable_element)
        settings = {"compression": "none", "use_dictionary": False, **options}
        pq.write_table(table.select(order) if order else table, file, **settings)

    return write


def by_duckdb(options: str) -> Writer:
    def write(tokens: Tokens, file: Path) -> None:
        table = arrow_table(tokens)
        with duckdb.connect() as connection:
            connection.execute("SET threads TO 1")
            connection.register("tokens", table)
            connection.execute(f"COPY (SELECT * FROM tokens) TO '{file}' (FORMAT parquet{options})")

    return write


FORMS: dict[str, Writer] = {
    "data page v1": by_pyarrow(data_page_version="1.0"),
    "data page v2": by_pyarrow(data_page_version="2.0"),
    **{f"{codec}, page v1": by_pyarrow(compression=codec) for codec in ("snappy", "zstd", "gzip", "lz4")},
    **{f"{codec}, page v2": by_pyarrow(compression=codec, data_page_version="2.0") for codec in ("snappy", "zstd", "gzip")},
    "dictionary": by_pyarrow(use_dictionary=True, dictionary_pagesize_limit=1 << 24),
    "dictionary, page v2, zstd": by_pyarrow(
        use_dictionary=True, dictionary_pagesize_limit=1 << 24, data_page_version="2.0", compression="zstd"
    ),
    "dictionary given up on the way": by_pyarrow(use_dictionary=True, dictionary_pagesize_limit=4096, data_page_size=4096),
    "lists not nullable": by_pyarrow(nullable=False),
    "elements not nullable": by_pyarrow(nullable_element=False),
    "nothing nullable": by_pyarrow(nullable=False, nullable_element=False),
    "nothing nullable, page v2": by_pyarrow(nullable=False, nullable_element=False, data_page_version="2.0"),
    "fixed_size_list": by_pyarrow("fixed_size_list"),
    "fixed_size_list, nothing nullable": by_pyarrow("fixed_size_list", nullable=False, nullable_element=False),
    "large_list": by_pyarrow("large_list"),
    "tiny pages": by_pyarrow(data_page_size=1024, write_batch_size=16),
    "tiny pages, page v2, snappy": by_pyarrow(
        data_page_size=1024, write_batch_size=16, data_page_version="2.0", compression="snappy"
    ),
    "huge pages": by_pyarrow(data_page_size=1 << 28, max_rows_per_page=1 << 20),
    "60 row groups": by_pyarrow(row_group_size=100),
    "60 row groups, zstd": by_pyarrow(row_group_size=100, compression="zstd"),
    "columns in another order": by_pyarrow(order=["v", "pos", "k", "seq", "q"]),
    "page index": by_pyarrow(write_page_index=True, data_page_size=4096),
    "no statistics": by_pyarrow(write_statistics=False),
    "elements named item": by_pyarrow(use_compliant_nested_type=False),
    "page checksums": by_pyarrow(write_page_checksum=True),
    "page checksums, page v2, gzip": by_pyarrow(write_page_checksum=True, data_page_version="2.0", compression="gzip"),
    "no Arrow schema": by_pyarrow(store_schema=False),
    "DuckDB": by_duckdb(""),
    "DuckDB, zstd": by_duckdb(", COMPRESSION zstd"),
    "DuckDB, uncompressed": by_duckdb(", COMPRESSION uncompressed"),
    "DuckDB, row groups of 2,048": by_duckdb(", ROW_GROUP_SIZE 2048"),
}
FORMS_IN_DOUBLE: dict[str, Writer] = {
    "double": by_pyarrow(),
    "double, nothing nullable": by_pyarrow(nullable=False, nullable_element=False),
    "double, fixed_size_list, page v2, zstd": by_pyarrow("fixed_size_list", data_page_version="2.0", compression="zstd"),
    "double, dictionary": by_pyarrow(use_dictionary=True, dictionary_pagesize_limit=1 << 24),
    "double, tiny pages": by_pyarrow(data_page_size=1024, write_batch_size=16),
    "double, DuckDB": by_duckdb(""),
}


# BYTE_STREAM_SPLIT, which Spark's vectorized reader does not know: vectors are read from pages all the same.
SPLIT_FORMS: dict[str, Writer] = {
    "byte stream split": by_pyarrow(column_encoding={f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in VECTORS}),
    "byte stream split, zstd, page v2": by_pyarrow(
        column_encoding={f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in VECTORS},
        compression="zstd",
        data_page_version="2.0",
    ),
    "DuckDB, Parquet V2": by_duckdb(", PARQUET_VERSION v2"),
}


def in_double(tokens: Tokens) -> Tokens:
    return {name: values.astype(np.float64) if name in VECTORS else values for name, values in tokens.items()}


def ways_of_reading(outcome: Outcome) -> str:
    return ", ".join(f"{name} {outcome.figure(name)}" for name in ("rowsFromPages", "splitsDecoded"))


def check_split_forms(checks: Checks, jobs: Jobs, tokens: Tokens, expected: Tokens) -> None:
    """An encoding that Spark's vectorized reader does not know."""

    def check() -> str:
        file = jobs.work / "split.parquet"
        SPLIT_FORMS["byte stream split"](tokens, file)
        outcome = jobs.attend(file)
        require(outcome.status == 0, outcome.line())
        require_same_bits(read_with_pyarrow(outcome.output)["o"], expected["o"], "o")
        return ways_of_reading(outcome)

    checks.run("others: byte stream split, vectorized reader", check)
    conf = ("spark.sql.parquet.enableVectorizedReader=false",)
    check_forms_together(checks, jobs, tokens, expected, SPLIT_FORMS, conf)


def check_forms_together(
    checks: Checks, jobs: Jobs, tokens: Tokens, expected: Tokens, forms: dict[str, Writer], conf: tuple[str, ...] = ()
) -> None:
    """All forms as files of one table, each with sequences of its own, in one job."""
    table = jobs.work / f"forms{jobs.count}"
    table.mkdir()
    written: dict[str, int] = {}
    for i, (name, write) in enumerate(forms.items()):
        first = i * SEQUENCES

        def write_form() -> None:
            try:
                write({**tokens, "seq": tokens["seq"] + first}, table / f"{i:02d}.parquet")
            except Exception:
                (table / f"{i:02d}.parquet").unlink(missing_ok=True)
                raise
            written[name] = first

        try:
            write_form()
        except Exception as problem:
            checks.run(f"others: {name}, written", lambda: require(False, str(problem)))
    outcome = jobs.attend(table, conf=conf)
    label = f"others: {len(written)} forms as files of one table"

    def job() -> str:
        done(outcome)
        return f"{outcome.figure('runs')} runs, {ways_of_reading(outcome)}"

    checks.run(label, job)
    if outcome.status:
        return
    outputs = read_with_pyarrow(outcome.output)

    def compare(first: int) -> None:
        rows = (outputs["seq"] >= first) & (outputs["seq"] < first + SEQUENCES)
        require(np.array_equal(outputs["pos"][rows], expected["pos"]), "positions differ")
        require_same_bits(outputs["o"][rows], expected["o"], "o")

    for name, first in written.items():
        checks.run(f"others: {name}", lambda: compare(first))


def check_forms_alone(checks: Checks, jobs: Jobs, tokens: Tokens, expected: Tokens, forms: dict[str, Writer]) -> None:
    """Every form in a job of its own."""

    def check(write: Writer) -> str:
        table = jobs.work / f"form{jobs.count}"
        table.mkdir()
        write(tokens, table / "tokens.parquet")
        outcome = done(jobs.attend(table))
        outputs = read_with_pyarrow(outcome.output)
        require(np.array_equal(outputs["pos"], expected["pos"]), "positions differ")
        require_same_bits(outputs["o"], expected["o"], "o")
        return ways_of_reading(outcome)

    for name, write in forms.items():
        checks.run(f"others, alone: {name}", lambda: check(write))


# --- Tables that must be refused ---------------------------------------------------------------------------------


def with_lists(tokens: Tokens, column: str, change: Callable[[list[list[float | None] | None]], None]) -> pa.Table:
    """The table of the tokens with the lists of one column changed in place."""
    table = arrow_table(tokens)
    lists = table[column].to_pylist()
    change(lists)
    index = table.column_names.index(column)
    return table.set_column(index, table.schema.field(index), pa.array(lists, table.schema.field(index).type))


def shorten_one(lists: list) -> None:
    lists[TOKENS // 2] = lists[TOKENS // 2][:-1]


def alternate(lists: list) -> None:
    for i in range(TOKENS * 2 // 3, TOKENS, 2):
        lists[i], lists[i + 1] = lists[i][:-1], lists[i + 1] + [0.5]


def drop_list(lists: list) -> None:
    lists[TOKENS // 2] = None


def drop_element(lists: list) -> None:
    lists[TOKENS // 2][3] = None


def empty_one(lists: list) -> None:
    lists[TOKENS // 2] = []


def spoil_value(lists: list) -> None:
    lists[TOKENS // 2][3] = float("nan")


REFUSED: dict[str, tuple[str, Callable[[list], None]]] = {
    "one list is shorter": ("v", shorten_one),
    "widths alternate around the right one": ("k", alternate),
    "a null list": ("q", drop_list),
    "a null element": ("k", drop_element),
    "an empty list": ("v", empty_one),
    "a NaN": ("k", spoil_value),
}


def check_refused(checks: Checks, jobs: Jobs, tokens: Tokens) -> None:
    def check(column: str, change: Callable[[list], None]) -> str:
        file = jobs.work / f"refused{jobs.count}.parquet"
        pq.write_table(with_lists(tokens, column, change), file, compression="none", use_dictionary=False)
        outcome = jobs.attend(file)
        require(outcome.status == BAD_INPUT, f"exit code {outcome.status}, expected {BAD_INPUT}: {outcome.line()}")
        require("[HLA_INPUT" in outcome.text, f"no condition is named: {outcome.line()}")
        require(not outcome.output.exists(), "an output exists")
        return outcome.line()

    for name, (column, change) in REFUSED.items():
        checks.run(f"refused: {name}", lambda: check(column, change))


# --- Damaged files -----------------------------------------------------------------------------------------------


def flip(data: bytearray, start: int, count: int) -> None:
    for i in range(start, start + count):
        data[i] ^= 0xFF


def check_damaged(checks: Checks, jobs: Jobs, tokens: Tokens) -> None:
    """A damaged file ends a job in an error, or in numbers where it only changed numbers; never in a crash."""

    def check(write: Writer, damage: Callable[[bytearray, pq.FileMetaData], bytearray], must_fail: bool) -> str:
        file = jobs.work / f"damaged{jobs.count}.parquet"
        write(tokens, file)
        metadata = pq.read_metadata(file)
        file.write_bytes(damage(bytearray(file.read_bytes()), metadata))
        outcome = jobs.attend(file)
        require(outcome.status not in CRASHED, f"exit code {outcome.status}: {outcome.line()}")
        crashes = list(jobs.work.glob("hs_err*"))
        require(not crashes, f"the JVM crashed: {crashes}")
        if outcome.status == 0:
            require(not must_fail, "the job ended well")
            require(len(read_with_pyarrow(outcome.output)["pos"]) == TOKENS, "rows are missing")
            return "the job ends well, with a row a token"
        require(not outcome.output.exists(), "an output exists")
        require(not must_fail or file.name in outcome.text, f"the file is not named: {outcome.line()}")
        return f"exit code {outcome.status}, {outcome.line()[:160]}"

    def truncated(data: bytearray, _: pq.FileMetaData) -> bytearray:
        return data[: len(data) * 6 // 10]

    def values_flipped(data: bytearray, _: pq.FileMetaData) -> bytearray:
        flip(data, len(data) // 2, 16)
        return data

    def header_flipped(data: bytearray, metadata: pq.FileMetaData) -> bytearray:
        flip(data, metadata.row_group(0).column(3).data_page_offset, 12)
        return data

    # Without statistics the header of a page of version 1 has some 20 bytes; the length of the levels and the levels follow.
    def length_of_levels_flipped(data: bytearray, metadata: pq.FileMetaData) -> bytearray:
        flip(data, metadata.row_group(0).column(3).data_page_offset + 20, 6)
        return data

    def levels_flipped(data: bytearray, metadata: pq.FileMetaData) -> bytearray:
        flip(data, metadata.row_group(0).column(3).data_page_offset + 40, 16)
        return data

    def piece_missing(data: bytearray, _: pq.FileMetaData) -> bytearray:
        del data[len(data) // 2 : len(data) // 2 + 4096]
        return data

    plain, zstd = by_pyarrow(write_statistics=False), by_pyarrow(compression="zstd")
    checks.run("damaged: truncated", lambda: check(plain, truncated, True))
    checks.run("damaged: bytes flipped in values", lambda: check(plain, values_flipped, False))
    checks.run("damaged: bytes flipped in values, zstd", lambda: check(zstd, values_flipped, False))
    checks.run("damaged: bytes flipped in a page header", lambda: check(plain, header_flipped, False))
    checks.run("damaged: bytes flipped in the length of levels", lambda: check(plain, length_of_levels_flipped, False))
    checks.run("damaged: bytes flipped in levels", lambda: check(plain, levels_flipped, False))
    checks.run("damaged: 4,096 bytes missing in the middle", lambda: check(plain, piece_missing, False))


def main() -> int:
    root = Path(__file__).resolve().parents[4]
    parser = argparse.ArgumentParser(description="Checks Parquet tables across writers and readers.")
    parser.add_argument("--submit", type=Path, default=root / "submit.sh", help="the submit.sh to run")
    parser.add_argument("--alone", action="store_true", help="also every form of table in a job of its own; takes minutes more")
    parser.add_argument("--keep", action="store_true", help="keep the folder with tables")
    arguments = parser.parse_args()
    checks, started = Checks(), time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="hla-tables-"))
    try:
        jobs = Jobs(arguments.submit.resolve(), work)
        tokens, expected = check_our_tables(checks, jobs)
        check_forms_together(checks, jobs, tokens, expected, FORMS)
        check_forms_together(checks, jobs, in_double(tokens), expected, FORMS_IN_DOUBLE)
        check_split_forms(checks, jobs, tokens, expected)
        if arguments.alone:
            check_forms_alone(checks, jobs, tokens, expected, FORMS)
            check_forms_alone(checks, jobs, in_double(tokens), expected, FORMS_IN_DOUBLE)
        check_refused(checks, jobs, tokens)
        check_damaged(checks, jobs, tokens)
        print(f"{checks.passed} passed, {checks.failed} failed, {jobs.count} jobs in {time.monotonic() - started:.0f} s")
    except Failed as problem:
        print(f"FAILED  {problem}")
        return 1
    finally:
        if arguments.keep:
            print(f"tables: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
