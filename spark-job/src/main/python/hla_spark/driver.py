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


@named_errors
def text_ids(
    spark: SparkSession,
    text: str | Sequence[str],
    *,
    tokenizer: str | None = None,
    model: str | None = None,
    allow_extra: bool = False,
) -> DataFrame:
    """Text files as a table of token ids for ``extract``: every file is a sequence. Tokens are counted at once.

    Args:
        text: files, folders or globs.
        tokenizer: bytes (of UTF-8), a tokenizer.json, a vocabulary with a word a line, cl100k_base or o200k_base;
            that of the model unless given.
        model: the directory of the model whose ids they are to be; optional with a tokenizer.
        allow_extra: as for ``extract``.

    Returns:
        (seq, pos, id): seq is the file's last name, or its path when two files share that name, pos starts at 0. A
        file without tokens has no rows.

    Raises:
        HlaError: HLA_CONNECT on Spark Connect; HLA_INPUT_MISSING, HLA_TOKENIZER if there is no such tokenizer or it has
            more ids than the model has words, HLA_MODEL_* if the model is refused.
        TypeError: without tokenizer and model.
    """
    _some_tokenizer("text_ids", tokenizer, model)
    from pyspark.sql import DataFrame

    entry = jvm(spark, "text_ids")
    check(spark)
    paths = [text] if isinstance(text, str) else list(text)
    frame = entry.io.hla.spark.python.PythonCalls.textIds(spark._jsparkSession, paths, tokenizer, model, allow_extra)
    return DataFrame(frame, spark)


@named_errors
def token_ids(
    df: DataFrame,
    *,
    text: str | None = None,
    ids: str | None = None,
    tokenizer: str | None = None,
    model: str | None = None,
    allow_extra: bool = False,
    sequence: str | None = None,
    order: str | None = None,
    keep: str | Sequence[str] | None = None,
) -> DataFrame:
    """The texts of a table, or its arrays of ids, as a table of token ids for ``extract``. Runs nothing.

    Args:
        df: a row a text.
        text: the column of texts, string or binary (bytes of UTF-8).
        ids: the column of arrays of integers, instead of text.
        tokenizer: as for ``text_ids``.
        model: as for ``text_ids``.
        allow_extra: as for ``extract``.
        sequence: the column that names the sequence of a row, of any atomic type; every row is one of its own, with a
            number, unless given.
        order: with sequence: the column in whose order the texts of a sequence stand one behind the other.
        keep: columns that every token of a row has, too [none].

    Returns:
        (seq, pos, id, kept columns), a row a token; pos starts at 0. A text without tokens has no rows.

    Raises:
        HlaError: HLA_CONNECT on Spark Connect; at once for columns, tokenizer and model, as ``text_ids``. What the
            rows hold is refused by the first action (see ``HlaError.of``).
        TypeError: unless there is either text, with a tokenizer or a model, or ids.
    """
    if (text is None) == (ids is None):
        raise TypeError("token_ids() takes text or ids, one of them")
    if text is not None:
        _some_tokenizer("token_ids", tokenizer, model)
    from pyspark.sql import DataFrame

    spark = df.sparkSession
    entry = jvm(spark, "token_ids")
    check(spark)
    kept = [keep] if isinstance(keep, str) else list(keep or ())
    frame = entry.io.hla.spark.python.PythonCalls.tokenIds(
        df._jdf, text, ids, sequence, order, kept, tokenizer, model, allow_extra
    )
    return DataFrame(frame, spark)


def _some_tokenizer(function: str, tokenizer: str | None, model: str | None) -> None:
    if tokenizer is None and model is None:
        raise TypeError(f"{function}() takes a tokenizer, a model, or both")
