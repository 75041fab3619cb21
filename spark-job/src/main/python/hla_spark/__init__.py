"""Exact higher-order linear attention at any length on Apache Spark.

    import hla_spark
    from pyspark.sql import SparkSession

    spark = hla_spark.configure(SparkSession.builder).getOrCreate()
    outputs = hla_spark.attend(spark.read.parquet("tokens"), num_heads=8, decay=0.999)

Functions of DataFrames are SQL: they work on classic sessions and on Spark Connect, and run nothing before an action.
``to_numpy``, ``to_torch`` and their inverses need numpy, ``HigherOrderLinearAttention`` and ``FeatureExtraction`` what
pyspark.ml needs; all are loaded when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import HlaError
from ._jar import check, configure, jar_path
from ._version import __version__
from .driver import attend_stream, text_ids, text_tokens, token_ids, validate
from .functions import (
    attend,
    extract,
    extract_states,
    final_states,
    prefix_states,
    state_advance,
    state_info,
    state_merge,
    summaries,
)

if TYPE_CHECKING:
    from .ml import FeatureExtraction, HigherOrderLinearAttention
    from .states import StateMatrices, from_numpy, from_torch, state_matrices, to_numpy, to_torch

__all__ = [
    "FeatureExtraction",
    "HigherOrderLinearAttention",
    "HlaError",
    "StateMatrices",
    "__version__",
    "attend",
    "attend_stream",
    "check",
    "configure",
    "extract",
    "extract_states",
    "final_states",
    "from_numpy",
    "from_torch",
    "jar_path",
    "prefix_states",
    "state_advance",
    "state_info",
    "state_matrices",
    "state_merge",
    "summaries",
    "text_ids",
    "text_tokens",
    "to_numpy",
    "to_torch",
    "token_ids",
    "validate",
]

_STAGES = ("FeatureExtraction", "HigherOrderLinearAttention")
_STATES = ("StateMatrices", "from_numpy", "from_torch", "state_matrices", "to_numpy", "to_torch")


def __getattr__(name: str) -> Any:
    if name in _STATES:
        from . import states

        return getattr(states, name)
    if name in _STAGES:
        from . import ml

        return getattr(ml, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
