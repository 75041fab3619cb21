"""The stage of pipelines, on a classic session and on Spark Connect."""

import inspect

import numpy as np
import pytest
from conftest import outputs_of
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import SQLTransformer

import hla_spark
from hla_spark import HigherOrderLinearAttention

OTHERS = {
    "operator": "ahla3",
    "program": "o = LA(q, k, v)",
    "mask": "none",
    "form": "published",
    "numHeads": 6,
    "numKvHeads": 3,
    "headDim": 5,
    "valueDim": 7,
    "decay": [0.5, 0.25],
    "ridge": 0.5,
    "normalize": True,
    "epsilon": 0.125,
    "scale": -0.5,
    "featureMap": "elu1",
    "precision": "mixed",
    "outputType": "double",
    "sequence": "document",
    "position": "place",
    "query": "query",
    "key": "key",
    "value": "value",
    "gate": "gate",
    "gateScale": "log",
    "outputColumn": "attended",
    "requireState": True,
    "inputOrder": "sort",
    "cutEvery": 1 << 40,
    "onNonfinite": "propagate",
    "fanIn": 2,
    "kernels": "java",
    "isa": "avx2",
    "initialStates": "yesterday",
}


def stage():
    return HigherOrderLinearAttention(numHeads=4, numKvHeads=2, decay=0.5)


def test_every_option_is_a_param():
    def camel(name):
        first, *others = name.split("_")
        return first + "".join(other.capitalize() for other in others)

    options = {camel(name) for name in inspect.signature(hla_spark.attend).parameters}
    expected = options - {"df", "states", "keep"} | {"initialStates"}
    bare = HigherOrderLinearAttention()
    assert {param.name for param in bare.params} == expected == set(OTHERS)
    for method in (HigherOrderLinearAttention.__init__, HigherOrderLinearAttention.setParams):
        assert set(inspect.signature(method).parameters) == expected | {"self"}
    for name, value in OTHERS.items():
        one = HigherOrderLinearAttention()
        suffix = name[0].upper() + name[1:]
        assert getattr(one, "set" + suffix)(value) is one
        assert getattr(one, "get" + suffix)() == value
        assert [param.name for param in one.params if one.isSet(param)] == [name]
        assert not bare.hasDefault(name) or bare.getOrDefault(name) != value


def test_defaults_are_those_of_java(classic):
    java = classic._jvm.io.hla.spark.ml.HigherOrderLinearAttention()
    python = HigherOrderLinearAttention()
    for param in python.params:
        theirs = java.getParam(param.name)
        assert java.hasDefault(theirs) == python.hasDefault(param), param.name
        if python.hasDefault(param):
            value = java.getOrDefault(theirs)
            assert python.getOrDefault(param) == (list(value) if param.name == "decay" else value)


def test_every_param_is_saved_loaded_and_copied(spark, tmp_path):
    all_set = HigherOrderLinearAttention(**OTHERS)
    all_set.save(str(tmp_path / "stage"))
    for other in (HigherOrderLinearAttention.load(str(tmp_path / "stage")), all_set.copy()):
        assert type(other) is HigherOrderLinearAttention and other.uid == all_set.uid
        assert {name: other.getOrDefault(name) for name in OTHERS} == OTHERS
    changed = all_set.copy({all_set.fanIn: 9})
    assert (changed.getFanIn(), all_set.getFanIn()) == (9, 2)


def test_outputs_stand_behind_all_columns(spark, tokens):
    frame = tokens.frame(spark).selectExpr("word AS `a.word`", "v", "pos AS Pos", "k", "seq AS SEQ", "q", "g")
    outputs = stage().transform(frame)
    kept = [(field.name, field.dataType) for field in outputs.schema.fields[:-1]]
    assert kept == [(field.name, field.dataType) for field in frame.schema.fields]
    assert outputs.columns[-1] == "o"
    assert np.array_equal(outputs_of(outputs), tokens.hla2(0.5).astype(np.float32))
    assert outputs.orderBy("Pos").drop("o").collect() == frame.orderBy("Pos").collect()
    one = tokens.frame(spark).drop("seq")
    assert np.array_equal(outputs_of(stage().transform(one)), outputs_of(outputs))


def test_params_of_one_call_and_states(spark, tokens):
    frame = tokens.frame(spark)
    attention = stage()
    linear = attention.transform(frame, {attention.operator: "linear"})
    expected = hla_spark.attend(frame, operator="linear", num_heads=4, num_kv_heads=2, decay=0.5)
    assert np.array_equal(outputs_of(linear), outputs_of(expected))
    states = hla_spark.final_states(frame.where("pos < 7"), num_heads=4, num_kv_heads=2, decay=0.5)
    states.createOrReplaceTempView("states_of_ml")
    later = stage().setInitialStates("states_of_ml").setRequireState(True).transform(frame.where("pos >= 7"))
    assert np.array_equal(outputs_of(later), outputs_of(attention.transform(frame))[7:])


def test_pipelines_come_back(spark, tokens, tmp_path):
    frame = tokens.frame(spark)
    twice = HigherOrderLinearAttention(operator="linear", numHeads=4, query="o", key="o", value="o", outputColumn="x")
    pipeline = Pipeline(stages=[stage(), twice])
    model = pipeline.fit(frame)
    expected = outputs_of(model.transform(frame), "x")
    assert expected.shape == (12, 8)
    pipeline.save(str(tmp_path / "pipeline"))
    model.save(str(tmp_path / "model"))
    loaded = [Pipeline.load(str(tmp_path / "pipeline")).fit(frame), PipelineModel.load(str(tmp_path / "model"))]
    for other in loaded:
        assert np.array_equal(outputs_of(other.transform(frame), "x"), expected)


def test_among_other_stages(spark, tokens):
    renamed = SQLTransformer(statement="SELECT *, o AS attended FROM __THIS__")
    outputs = Pipeline(stages=[stage(), renamed]).fit(tokens.frame(spark)).transform(tokens.frame(spark))
    assert np.array_equal(outputs_of(outputs, "attended"), outputs_of(outputs))


def test_refusals_have_names(spark, tokens):
    frame = tokens.frame(spark)
    for condition, refused in {
        "HLA_OUTPUT_COLUMN": stage().setOutputColumn("K"),
        "HLA_INPUT_COLUMN": stage().setQuery("nowhere"),
        "HLA_HEADS": stage().setNumKvHeads(3),
    }.items():
        with pytest.raises(hla_spark.HlaError) as error:
            refused.transform(frame)
        assert error.value.condition == condition
    with pytest.raises(TypeError):
        HigherOrderLinearAttention(numHaeds=2)
    with pytest.raises(TypeError):
        HigherOrderLinearAttention(numHeads="two")
