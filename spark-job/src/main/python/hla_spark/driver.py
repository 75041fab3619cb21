"""What needs the driver's JVM, and so a classic session: validation, and text as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ._errors import named_errors
from ._jar import check, jvm
from .functions import _constant

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
    from .functions import final_states

    known = {*(final_states.__kwdefaults__ or {}), "output_type"} - {"states", "require_state"}
    unknown = sorted(options.keys() - known)
    if unknown:
        raise TypeError(f"validate() got an unexpected keyword argument '{unknown[0]}'")
    if not 0 < sample <= 1:
        raise ValueError(f"sample is {sample}, expected above 0 and at most 1")
    from pyspark.sql import DataFrame

    spark = df.sparkSession
    entry = jvm(spark, "validate")
    check(spark)
    said = {name: _constant(value) for name, value in options.items() if value is not None}
    frame = entry.io.hla.spark.python.PythonCalls.validate(df._jdf, said, compare_tokens, float(sample), seed)
    return DataFrame(frame, spark)


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
            and v_proj.weight [Hkv dv, E].
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
