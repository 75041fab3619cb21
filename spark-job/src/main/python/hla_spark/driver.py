"""What needs the driver's JVM, and so a classic session: validation, streams, and text as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ._errors import named_errors
from ._jar import check, jvm
from .functions import _constant, attend

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@named_errors
def validate(
    df: DataFrame, *, compare_tokens: int = 200_000, sample: float = 1.0, seed: int = 1, **options: Any
) -> DataFrame:
    """Proves on this cluster and this input that the distributed scan is the recurrence. Runs at once.

    Args:
        df: a token table, as for ``attend``.
        compare_tokens: how far behind the first position the job is run in other ways.
        sample: share of the runs whose tokens are all proved, above 0 and at most 1.
        seed: chooses them.
        options: those of ``attend`` but ``states``, ``keep`` and ``require_state``.

    Returns:
        A row a check: name, error and limit (null where there is none), control (whether it is something wrong that
        has to be noticed), passed, result (holds, caught, FAILS or absent) and detail. The scan is the recurrence
        on this input if all have passed.

    Raises:
        HlaError: HLA_CONNECT on Spark Connect; others if the table or an option is refused.
        TypeError: for options that there are not.
    """
    said = _said("validate", options, "keep", "require_state")
    if not 0 < sample <= 1:
        raise ValueError(f"sample is {sample}, expected above 0 and at most 1")
    from pyspark.sql import DataFrame

    spark = df.sparkSession
    entry = jvm(spark, "validate")
    check(spark)
    frame = entry.io.hla.spark.python.PythonCalls.validate(df._jdf, said, compare_tokens, float(sample), seed)
    return DataFrame(frame, spark)


@named_errors
def attend_stream(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    late: Literal["fail", "drop", "error"] = "fail",
    hold_back: int = 0,
    start_at: int | None = None,
    **options: Any,
) -> DataFrame:
    """Attention over a stream, with the state of every sequence in the query's checkpoint. Runs nothing.

    Args:
        df: a streaming DataFrame of tokens, with the columns of ``attend``; a table is one micro-batch.
        states: states that sequences of a new checkpoint go on from.
        late: what becomes of positions that come late or again: fail ends the query, drop leaves them out, error
            gives a row without output and a column ``error``.
        hold_back: the most rows of a sequence that wait for a position in front of them; 0: a missing one is an error.
        start_at: the first position of sequences without a state; the smallest of their first micro-batch unless
            given.
        options: those of ``attend``; what they say of runs, order and scans does not apply.

    Returns:
        As ``attend``, for ``writeStream``.

    Raises:
        HlaError: HLA_CONNECT on Spark Connect; others for columns, states and options that are refused.
        TypeError: for options that there are not.
    """
    said = _said("attend_stream", options)
    from pyspark.sql import DataFrame

    spark = df.sparkSession
    entry = jvm(spark, "attend_stream")
    check(spark)
    frame = entry.io.hla.spark.python.PythonCalls.stream(
        df._jdf, None if states is None else states._jdf, said, late, hold_back, _long(entry, start_at)
    )
    return DataFrame(frame, spark)


def _long(entry: Any, value: int | None) -> Any:
    """A Long of Java; py4j would make a small number an Integer."""
    return None if value is None else entry.java.lang.Long.valueOf(str(value))


def _said(function: str, options: dict[str, Any], *but: str) -> dict[str, Any]:
    """Options of ``attend`` that are not None. Raises TypeError for others."""
    known = (attend.__kwdefaults__ or {}).keys() - {"states", *but}
    unknown = sorted(options.keys() - known)
    if unknown:
        raise TypeError(f"{function}() got an unexpected keyword argument '{unknown[0]}'")
    return {name: _constant(value) for name, value in options.items() if value is not None}


@named_errors
def text_tokens(
    spark: SparkSession,
    text: str | Sequence[str],
    *,
    model: str,
    vocab: str,
    num_heads: int = 1,
    num_kv_heads: int | None = None,
    element: Literal["float", "double"] = "float",
) -> DataFrame:
    """Text files as a token table: every file is a sequence, every word a token. Words are counted at once.

    Args:
        text: files, folders or globs.
        model: a safetensors file with embed_tokens.weight [V, E], q_proj.weight [H d, E], k_proj.weight [Hkv d, E]
            and v_proj.weight [Hkv dv, E], or a directory with model.safetensors or its index and shards.
        vocab: a file whose line n is the word of row n; row 0 stands for every other word.
        num_heads: query heads H.
        num_kv_heads: key and value heads Hkv; H unless given.
        element: whether vectors are doubles, as they are computed, or rounded to float.

    Returns:
        (seq, pos, q, k, v, word, id).

    Raises:
        HlaError: HLA_CONNECT on Spark Connect; others if a file is missing or refused.
    """
    from pyspark.sql import DataFrame

    entry = jvm(spark, "text_tokens")
    check(spark)
    frame = entry.io.hla.spark.python.PythonCalls.textTokens(
        spark._jsparkSession,
        [text] if isinstance(text, str) else list(text),
        model,
        vocab,
        num_heads,
        num_heads if num_kv_heads is None else num_kv_heads,
        element == "double",
    )
    return DataFrame(frame, spark)
