"""The functions of SQL as functions of DataFrames. They run nothing before an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ._errors import named_errors
from ._jar import check

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@named_errors
def call(function: str, tokens: DataFrame, states: DataFrame | None, options: dict[str, Any]) -> DataFrame:
    """A table function of SQL; options that are None are not said."""
    spark = tokens.sparkSession
    check(spark)
    said = {name: _constant(value) for name, value in options.items() if value is not None}
    arguments = ["TABLE({tokens})"] + [f"{name} => :{name}" for name in said]
    tables = {"tokens": tokens}
    if states is not None:
        arguments.append("initial_state => TABLE({states})")
        tables["states"] = states
    # The DataFrames are views while the text is analyzed; the plan keeps them.
    return spark.sql(f"SELECT * FROM {function}({', '.join(arguments)})", args=said, **tables)


def _options(arguments: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a function but its tables."""
    return {name: value for name, value in arguments.items() if name not in ("df", "states")}


def _constant(value: Any) -> Any:
    """What Spark takes for a constant: lists of Python's own numbers and texts."""
    if isinstance(value, (str, bool, int, float)):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, Sequence):
        return value
    # Spark wants elements of one type.
    number = any(isinstance(element, float) for element in value)
    return [float(element) for element in value] if number else list(value)


def attend(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    operator: str | None = None,
    program: str | None = None,
    mask: Literal["causal", "none"] | None = None,
    form: Literal["exact", "published"] | None = None,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
    decay: float | Sequence[float] | None = None,
    ridge: float | None = None,
    normalize: bool | None = None,
    epsilon: float | None = None,
    scale: float | None = None,
    feature_map: Literal["identity", "relu", "elu1", "l2"] | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    output_type: Literal["float", "double"] | None = None,
    sequence: str | None = None,
    position: str | None = None,
    query: str | None = None,
    key: str | None = None,
    value: str | None = None,
    gate: str | None = None,
    gate_scale: Literal["linear", "log"] | None = None,
    keep: str | Sequence[str] | None = None,
    output_column: str | None = None,
    require_state: bool | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """Higher-order linear attention over a token table.

    Args:
        df: a row a token: ``seq`` of any atomic type (absent: one sequence), ``pos``, consecutive integers within a
            sequence from any start, and arrays of numbers ``q`` [H d], ``k`` [Hkv d] and ``v`` [Hkv dv], heads packed
            one behind the other.
        states: states that sequences go on from: (seq, next_pos, state), as ``final_states`` gives them.
        operator: linear, hla2, hla3, .. hla10 or ahla, ahla3, .. ahla10 [hla2].
        program: linear attentions instead of an operator: ``u = LA(q, k, k); o = LA(q, u, v, g^2)`` is hla2.
        mask: causal or none [causal].
        form: exact sums, or the paper's recurrences as published [exact].
        num_heads: query heads H [1].
        num_kv_heads: key and value heads Hkv, a divisor of H; query head h reads head h / (H / Hkv) [H].
        head_dim: length d of a query or key of one head [as in the first row].
        value_dim: length dv of a value of one head, with head_dim [d].
        decay: in (0, 1], one number for all heads or one per query head [1, no decay].
        ridge: x adds x q C to the outputs of hla2, causal [0].
        normalize: whether outputs are divided by the same sum with all values 1 [False].
        epsilon: is added to that denominator, its sign kept [1e-6].
        scale: multiplies q in front of the feature map [1].
        feature_map: identity, relu, elu1 or l2, applied to q and k [identity].
        precision: arithmetic, float64, mixed or float32 [float64].
        output_type: float or double, which belongs to float64 [float].
        sequence: the sequence column; named, it has to be there [seq].
        position: the column of positions [pos].
        query: the column of queries [q].
        key: the column of keys [k].
        value: the column of values [v].
        gate: the column of gates, arrays of H numbers that multiply the decays [none].
        gate_scale: linear or log: what the numbers of the gate column are [linear].
        keep: further columns that go to the output as they are [none].
        output_column: the name of the output column [o].
        require_state: whether a sequence without an initial state is an error [False].
        input_order: auto, stored or sort: where tokens are read [auto].
        cut_every: runs also end in front of every multiple of this position [0, nowhere].
        on_nonfinite: fail or propagate: NaN and infinity, read or computed [fail].
        fan_in: children of a node of the prefix tree, from 2 [16].
        kernels: auto, java or native [auto].
        isa: the best instruction set that native kernels may use [auto].

    Returns:
        (seq if there is one, pos, output column, kept columns), a row a token; outputs are arrays of H dv floats.

    Raises:
        HlaError: at once for options and columns; what the rows hold is refused by the first action, in Spark's
            exception (see ``HlaError.of``).
        TypeError: for arguments that there are not.
    """
    options = _options(locals())
    return call("hla_attention", df, states, options)


def final_states(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    operator: str | None = None,
    program: str | None = None,
    mask: Literal["causal", "none"] | None = None,
    form: Literal["exact", "published"] | None = None,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
    decay: float | Sequence[float] | None = None,
    ridge: float | None = None,
    normalize: bool | None = None,
    epsilon: float | None = None,
    scale: float | None = None,
    feature_map: Literal["identity", "relu", "elu1", "l2"] | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    sequence: str | None = None,
    position: str | None = None,
    query: str | None = None,
    key: str | None = None,
    value: str | None = None,
    gate: str | None = None,
    gate_scale: Literal["linear", "log"] | None = None,
    require_state: bool | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """The state behind every sequence, and the given states of sequences without tokens.

    Arguments and errors are those of ``attend``.

    Returns:
        (seq if there is one, next_pos, tokens, settings, state): what ``states=`` of a later call takes, and
        ``state_matrices`` the last of.
    """
    options = _options(locals())
    return call("hla_final_states", df, states, options)


def prefix_states(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    operator: str | None = None,
    program: str | None = None,
    mask: Literal["causal", "none"] | None = None,
    form: Literal["exact", "published"] | None = None,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
    decay: float | Sequence[float] | None = None,
    ridge: float | None = None,
    normalize: bool | None = None,
    epsilon: float | None = None,
    scale: float | None = None,
    feature_map: Literal["identity", "relu", "elu1", "l2"] | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    sequence: str | None = None,
    position: str | None = None,
    query: str | None = None,
    key: str | None = None,
    value: str | None = None,
    gate: str | None = None,
    gate_scale: Literal["linear", "log"] | None = None,
    require_state: bool | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """The state in front of every run of consecutive positions; null where nothing stands in front.

    Arguments and errors are those of ``attend``; ``cut_every`` gives one at every multiple of a position.

    Returns:
        (seq if there is one, next_pos, tokens, settings, state).
    """
    options = _options(locals())
    return call("hla_prefix_states", df, states, options)


def summaries(
    df: DataFrame,
    *,
    operator: str | None = None,
    program: str | None = None,
    mask: Literal["causal", "none"] | None = None,
    form: Literal["exact", "published"] | None = None,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
    decay: float | Sequence[float] | None = None,
    ridge: float | None = None,
    normalize: bool | None = None,
    epsilon: float | None = None,
    scale: float | None = None,
    feature_map: Literal["identity", "relu", "elu1", "l2"] | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    sequence: str | None = None,
    position: str | None = None,
    query: str | None = None,
    key: str | None = None,
    value: str | None = None,
    gate: str | None = None,
    gate_scale: Literal["linear", "log"] | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """The summary of every run of consecutive positions, in front of which nothing need be known.

    Arguments and errors are those of ``attend``. ``state_merge`` combines summaries of neighbours, ``state_advance``
    moves a state over one.

    Returns:
        (seq if there is one, start_pos, next_pos, settings, summary).
    """
    options = _options(locals())
    return call("hla_summaries", df, None, options)


def extract(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    model: str,
    allow_extra: bool | None = None,
    features: str | None = None,
    score: bool | None = None,
    pool: Literal["none", "mean", "last", "max"] | None = None,
    window: int | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    dtype: Literal["float", "double", "half"] | None = None,
    l2: bool | None = None,
    sequence: str | None = None,
    position: str | None = None,
    id: str | None = None,
    keep: str | Sequence[str] | None = None,
    output_column: str | None = None,
    between_layers: Literal["auto", "keep", "recompute"] | None = None,
    require_state: bool | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """Features or scores of a decoder of D numbers a token, whose layers are higher-order linear attention.

    Args:
        df: a row a token: ``seq`` of any atomic type (absent: one sequence), ``pos``, consecutive integers within a
            sequence from any start, and ``id``, an integer from 0 and below the model's vocab_size.
        states: states of all layers that sequences go on from, as ``extract_states`` gives them.
        model: the directory of the model, on a file system that the driver reads: config.json and
            model.safetensors, or shards with their index.
        allow_extra: whether unknown keys of the config and tensors of no layer are passed over [False].
        features: hidden: what is behind the last layer and the final norm [D]; layer:N: the residual stream behind
            layer N, 0 for the embedding [D]; attention:N: outputs of layer N's attention [H dv]; none [hidden].
        score: whether tokens get the natural logarithm of the probability of the token behind them [False].
        pool: none, mean, last or max: how the vectors of several tokens become one [none].
        window: tokens that are pooled, from one multiple of it to the next [0, whole sequences].
        precision: arithmetic: float64 computes everything in double, mixed and float32 what is between attentions
            in float [float64].
        dtype: float, double, which belongs to float64, or half: binary, two bytes a number, the lower one
            first [float].
        l2: whether vectors are divided by their Euclidean norms, pooled ones behind pooling [False].
        sequence: the sequence column; named, it has to be there [seq].
        position: the column of positions [pos].
        id: the column of token ids [id].
        keep: further columns that go to the output; pooled, those of a group's first token [none].
        output_column: the name of the column of vectors [features].
        between_layers: auto, keep or recompute: whether the vectors between layers lie on the executors' disks or are
            computed again [auto].
        require_state: whether a sequence without an initial state is an error [False].
        input_order: auto, stored or sort: where ids are read [auto].
        cut_every: runs also end in front of every multiple of this position [0, nowhere].
        on_nonfinite: fail or propagate: NaN and infinity that an attention is given or computes [fail].
        fan_in: children of a node of the prefix trees, from 2 [16].
        kernels: auto, java or native [auto].
        isa: the best instruction set that native kernels may use [auto].

    Returns:
        (seq if there is one, pos, output column unless features are none, log_probability if scored, kept columns), a
        row a token; log_probability is null for the last token of a sequence. Pooled, a row a group: pos is that of
        its first token, behind it stands ``tokens``, how many it has, and log_probability is their mean.

    Raises:
        HlaError: at once for the model (HLA_INPUT_MISSING, HLA_MODEL_*), options and columns; what the rows hold is
            refused by the first action, in Spark's exception (see ``HlaError.of``): HLA_INPUT_ID for an id that the
            model lacks.
        TypeError: without a model, and for arguments that there are not.
    """
    options = _options(locals())
    return call("hla_features", df, states, options)


def extract_states(
    df: DataFrame,
    *,
    states: DataFrame | None = None,
    model: str,
    allow_extra: bool | None = None,
    precision: Literal["float64", "mixed", "float32"] | None = None,
    sequence: str | None = None,
    position: str | None = None,
    id: str | None = None,
    between_layers: Literal["auto", "keep", "recompute"] | None = None,
    require_state: bool | None = None,
    input_order: Literal["auto", "stored", "sort"] | None = None,
    cut_every: int | None = None,
    on_nonfinite: Literal["fail", "propagate"] | None = None,
    fan_in: int | None = None,
    kernels: Literal["auto", "java", "native"] | None = None,
    isa: str | None = None,
) -> DataFrame:
    """The states of all layers of a decoder behind every sequence, and the given ones of sequences without tokens.

    Arguments and errors are those of ``extract``.

    Returns:
        (seq if there is one, next_pos, tokens, settings, state, layer, model), a row a sequence and layer, from 1: what
        ``states=`` of a later call with the same model takes (HLA_STATE_MODEL with another).
    """
    options = _options(locals())
    return call("hla_feature_states", df, states, options)


def state_info(state: Column | str) -> Column:
    """What the bytes of a state or a summary say: struct of kind, tokens, settings (map), matrices and bytes."""
    return _call_function("hla_state_info", state)


def state_merge(segments: Column | str) -> Column:
    """The summary of neighbouring segments of one sequence.

    Args:
        segments: array of structs (start, next, summary), in any order: ``collect_list(struct("start_pos",
            "next_pos", "summary"))`` of ``summaries``.
    """
    return _call_function("hla_state_merge", segments)


def state_advance(state: Column | str, summary: Column | str) -> Column:
    """The state behind a segment; a null state stands for nothing in front of it."""
    return _call_function("hla_state_advance", state, summary)


def _call_function(name: str, *columns: Column | str) -> Column:
    from pyspark.sql import functions

    return functions.call_function(name, *columns)
