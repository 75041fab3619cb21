"""Functions of DataFrames, on a classic session and on Spark Connect."""

import inspect
import re

import numpy as np
import pytest
from conftest import outputs_of
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as f

import hla_spark

HEADS = {"num_heads": 4, "num_kv_heads": 2}

#: Classic sessions show exceptions that Spark has no class for as they came through py4j.
ACTION_ERRORS = (PySparkException, Py4JJavaError)


def test_outputs_are_the_definition(spark, tokens):
    frame = tokens.frame(spark)
    outputs = hla_spark.attend(frame, **HEADS, decay=0.5, output_type="double", keep=["word", "g"])
    assert outputs.columns == ["seq", "pos", "o", "word", "g"]
    assert np.array_equal(outputs_of(outputs), tokens.hla2(0.5))
    again = hla_spark.attend(frame, **HEADS, decay=np.full(4, 0.5), keep="word", output_column="x")
    assert np.array_equal(outputs_of(again, "x"), tokens.hla2(0.5).astype(np.float32))


def test_every_option_of_sql_is_an_argument(spark):
    described = "\n".join(row[0] for row in spark.sql("DESCRIBE FUNCTION EXTENDED hla_attention").collect())
    options = dict(re.findall(r"^\s*\* (\w+) (\S+) - ", described, re.M))
    assert len(options) > 30
    arguments = inspect.signature(hla_spark.attend).parameters
    assert list(arguments) == ["df", "states", *options]
    types = {"string": "str", "int": "int", "bigint": "int", "double": "float", "boolean": "bool"}
    types |= {"array<double>": "float | Sequence[float]", "array<string>": "str | Sequence[str]"}
    for name, kind in options.items():
        hint = arguments[name].annotation
        assert hint == f"{types[kind]} | None" or (kind == "string" and hint.startswith("Literal[")), name
        assert re.search(rf"^ +{name}: ", hla_spark.attend.__doc__, re.M), name
    with pytest.raises(TypeError, match="num_haeds"):
        hla_spark.attend(None, num_haeds=2)


@pytest.mark.parametrize(
    "options",
    [
        {"operator": "hla3", "mask": "none"},
        {"operator": "hla2", "form": "published", "ridge": 0.5},
        {"program": "u = LA(q, k, k); o = LA(q, u, v, g^2)", "decay": [1, 0.5, 0.25, 1.0]},
        {"operator": "ahla", "head_dim": 3, "value_dim": 2, "normalize": True, "epsilon": 0.5},
        {"scale": 2, "feature_map": "elu1", "precision": "mixed"},
        {"gate": "g", "gate_scale": "linear", "on_nonfinite": "propagate", "isa": "auto"},
        {"sequence": "seq", "position": "pos", "query": "q", "key": "k", "value": "v", "kernels": "java"},
        {"input_order": "sort", "cut_every": 5, "fan_in": 2, "require_state": False},
    ],
)
def test_arguments_mean_what_they_mean_in_sql(spark, tokens, options):
    frame = tokens.frame(spark)
    frame.createOrReplaceTempView("by_name")

    def text(value):
        if isinstance(value, list):
            return f"array({', '.join(f'{x}D' for x in value)})"
        return f"'{value}'" if isinstance(value, str) else str(value)

    arguments = ", ".join(f"{name} => {text(value)}" for name, value in {**HEADS, **options}.items())
    expected = spark.sql(f"SELECT * FROM hla_attention(TABLE(by_name), {arguments})")
    assert np.array_equal(outputs_of(hla_spark.attend(frame, **HEADS, **options)), outputs_of(expected))


def test_states_continue(spark, tokens):
    frame = tokens.frame(spark)
    options = {**HEADS, "decay": 0.5}
    states = hla_spark.final_states(frame.where("pos < 7"), **options)
    assert states.columns == ["seq", "next_pos", "tokens", "settings", "state"]
    later = hla_spark.attend(frame.where("pos >= 7"), states=states, require_state=True, **options)
    assert np.array_equal(outputs_of(later), outputs_of(hla_spark.attend(frame, **options))[7:])
    final = hla_spark.final_states(frame, **options).select("state").collect()
    assert hla_spark.final_states(frame.where("pos >= 7"), states=states, **options).select("state").collect() == final
    prefixes = hla_spark.prefix_states(frame, cut_every=4, **options)
    assert {(row.next_pos, row.tokens) for row in prefixes.collect()} >= {(4, 4), (8, 8)}


def test_summaries_give_states(spark, tokens):
    frame = tokens.frame(spark)
    options = {**HEADS, "decay": 0.5, "cut_every": 4}
    runs = hla_spark.summaries(frame, **options)
    segments = f.collect_list(f.struct("start_pos", "next_pos", "summary"))
    merged = runs.groupBy("seq").agg(hla_spark.state_merge(segments).alias("summary"))
    states = merged.select(hla_spark.state_advance(f.lit(None).cast("binary"), "summary").alias("state"))
    info = states.select(hla_spark.state_info("state").alias("info")).first().info
    assert (info.kind, info.tokens, info.settings["num-heads"]) == ("state", 12, "4")
    expected = hla_spark.to_numpy(hla_spark.final_states(frame, **options).first().state)
    actual = hla_spark.to_numpy(states.first().state)
    assert list(actual) == info.matrices
    assert all(np.array_equal(actual[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("condition", "options"),
    [
        ("HLA_INPUT_COLUMN", {"key": "nowhere"}),
        ("HLA_INPUT_TYPE", {"key": "word"}),
        ("HLA_DECAY_RANGE", {"decay": 1.5}),
        ("HLA_HEADS", {"num_kv_heads": 3}),
        ("HLA_OPTION_VALUE", {"mask": "causl"}),
        ("HLA_OPTION_TYPE", {"num_heads": 2.5}),
        ("HLA_OPTION_CONFLICT", {"operator": "hla2", "program": "o = LA(q, k, v)"}),
    ],
)
def test_refusals_have_names(spark, tokens, condition, options):
    with pytest.raises(hla_spark.HlaError) as refused:
        hla_spark.attend(tokens.frame(spark), **{**HEADS, **options})
    assert refused.value.condition == refused.value.getCondition() == condition
    assert str(refused.value).startswith(f"[{condition}] ") and "Exception" not in str(refused.value)
    assert refused.value.message and isinstance(refused.value, PySparkException)


def test_errors_of_actions_are_found(spark, tokens):
    outputs = hla_spark.attend(tokens.frame(spark).where("pos != 5"), **HEADS)
    with pytest.raises(ACTION_ERRORS) as failed:
        outputs.collect()
    found = hla_spark.HlaError.of(failed.value)
    assert found.condition == "HLA_INPUT_GAP" and "6" in found.message
    broken = tokens.frame(spark).withColumn("v", f.when(f.col("pos") != 5, f.col("v")))
    with pytest.raises(ACTION_ERRORS) as failed:
        hla_spark.attend(broken, **HEADS).collect()
    assert hla_spark.HlaError.of(failed.value).condition == "HLA_INPUT_NULL"
    with pytest.raises(PySparkException) as failed:
        spark.sql("SELECT * FROM nowhere").collect()
    assert hla_spark.HlaError.of(failed.value) is None and hla_spark.HlaError.of(ValueError("x")) is None
