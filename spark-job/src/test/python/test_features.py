"""Features of decoders, on a classic session and on Spark Connect."""

import inspect
import re

import numpy as np
import pytest
from conftest import outputs_of
from decoder import IDS
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline, PipelineModel

import hla_spark
from hla_spark import FeatureExtraction

ACTION_ERRORS = (PySparkException, Py4JJavaError)

OTHERS = {
    "model": "models/some",
    "allowExtra": True,
    "features": "attention:1",
    "score": True,
    "pool": "max",
    "window": 1 << 40,
    "precision": "mixed",
    "dtype": "half",
    "l2": True,
    "sequence": "document",
    "position": "place",
    "id": "token",
    "outputColumn": "vector",
    "betweenLayers": "recompute",
    "requireState": True,
    "inputOrder": "sort",
    "cutEvery": 1 << 41,
    "onNonfinite": "propagate",
    "fanIn": 2,
    "kernels": "java",
    "isa": "avx2",
    "initialStates": "yesterday",
}


def test_features_are_the_definition(spark, decoder, ids):
    hidden, scores = decoder.hidden(IDS)
    rows = hla_spark.extract(ids, model=decoder.folder, score=True, dtype="double", keep=["word"])
    assert rows.columns == ["seq", "pos", "features", "log_probability", "word"]
    assert np.allclose(outputs_of(rows, "features"), hidden, rtol=0, atol=1e-10)
    found = [row.log_probability for row in rows.orderBy("pos").collect()]
    assert found[-1] is None and np.allclose(found[:-1], scores, rtol=0, atol=1e-10)
    embedding = hla_spark.extract(ids, model=decoder.folder, features="layer:0", dtype="double")
    assert np.array_equal(outputs_of(embedding, "features"), decoder.weights["model.embeddings.weight"][IDS])
    pooled = hla_spark.extract(ids, model=decoder.folder, pool="mean", window=20, dtype="double", output_column="x")
    assert pooled.columns == ["seq", "pos", "tokens", "x"]
    means = [hidden[:20].mean(axis=0), hidden[20:].mean(axis=0)]
    assert np.allclose(outputs_of(pooled, "x"), means, rtol=0, atol=1e-10)
    halves = hla_spark.extract(ids, model=decoder.folder, dtype="half").orderBy("pos").collect()
    numbers = [np.frombuffer(row.features, np.float16) for row in halves]
    assert np.array_equal(numbers, hidden.astype(np.float16))


def test_every_option_of_sql_is_an_argument(spark):
    described = "\n".join(row[0] for row in spark.sql("DESCRIBE FUNCTION EXTENDED hla_features").collect())
    options = dict(re.findall(r"^\s*\* (\w+) (\S+) - ", described, re.M))
    assert len(options) == 22
    arguments = inspect.signature(hla_spark.extract).parameters
    assert list(arguments) == ["df", "states", *options]
    types = {"string": "str", "int": "int", "bigint": "int", "boolean": "bool", "array<string>": "str | Sequence[str]"}
    for name, kind in options.items():
        hint = arguments[name].annotation
        optional = types[kind] + ("" if name == "model" else " | None")
        assert hint == optional or (kind == "string" and hint.startswith("Literal[")), name
        assert re.search(rf"^ +{name}: ", hla_spark.extract.__doc__, re.M), name
    others = inspect.signature(hla_spark.extract_states).parameters
    outputs = {"features", "score", "pool", "window", "dtype", "l2", "keep", "output_column"}
    assert list(others) == [name for name in arguments if name not in outputs]
    for wrong in ({"model": "m", "socre": True}, {"score": True}):
        with pytest.raises(TypeError):
            hla_spark.extract(None, **wrong)


@pytest.mark.parametrize(
    "options",
    [
        {"features": "attention:2", "precision": "mixed", "l2": True, "allow_extra": True},
        {"features": "none", "score": True, "cut_every": 7, "fan_in": 2, "on_nonfinite": "propagate"},
        {"sequence": "seq", "position": "pos", "id": "id", "input_order": "sort", "kernels": "java"},
        {"pool": "last", "between_layers": "recompute", "isa": "auto", "require_state": False, "output_column": "h"},
    ],
)
def test_arguments_mean_what_they_mean_in_sql(spark, decoder, ids, options):
    ids.createOrReplaceTempView("ids_by_name")
    text = ", ".join(f"{name} => {value!r}" for name, value in {"model": decoder.folder, **options}.items())
    expected = spark.sql(f"SELECT * FROM hla_features(TABLE(ids_by_name), {text})").orderBy("pos").collect()
    actual = hla_spark.extract(ids, model=decoder.folder, **options).orderBy("pos").collect()
    assert actual == expected and len(actual) == (1 if "pool" in options else len(IDS))


def test_states_continue(spark, decoder, ids):
    states = hla_spark.extract_states(ids.where("pos < 11"), model=decoder.folder)
    assert states.columns == ["seq", "next_pos", "tokens", "settings", "state", "layer", "model"]
    assert [(row.next_pos, row.layer) for row in states.orderBy("layer").collect()] == [(11, 1), (11, 2)]
    later = hla_spark.extract(
        ids.where("pos >= 11"), states=states, model=decoder.folder, require_state=True, dtype="double"
    )
    assert np.allclose(outputs_of(later, "features"), decoder.hidden(IDS)[0][11:], rtol=0, atol=1e-10)
    again = hla_spark.extract_states(ids.where("pos >= 11"), states=states, model=decoder.folder)
    assert {(row.next_pos, row.tokens) for row in again.collect()} == {(30, 30)}


def test_refusals_have_names(spark, decoder, ids):
    for condition, options in {
        "HLA_INPUT_MISSING": {"model": decoder.folder + "/none"},
        "HLA_FEATURES": {"features": "layer:3"},
        "HLA_POOL": {"pool": "sum"},
        "HLA_OPTION_VALUE": {"dtype": "bf16"},
        "HLA_OPTION_TYPE": {"window": 2.5, "pool": "mean"},
        "HLA_INPUT_COLUMN": {"id": "token"},
        "HLA_INPUT_TYPE": {"id": "word"},
    }.items():
        with pytest.raises(hla_spark.HlaError) as refused:
            hla_spark.extract(ids, **{"model": decoder.folder, **options})
        assert refused.value.condition == condition
        assert str(refused.value).startswith(f"[{condition}] ") and "Exception" not in str(refused.value)
    unknown = hla_spark.extract(ids.selectExpr("pos", "id + 1 AS id"), model=decoder.folder)
    with pytest.raises(ACTION_ERRORS) as failed:
        unknown.collect()
    assert hla_spark.HlaError.of(failed.value).condition == "HLA_INPUT_ID"


# --- The stage ---


def test_every_option_is_a_param():
    def camel(name):
        first, *others = name.split("_")
        return first + "".join(other.capitalize() for other in others)

    options = {camel(name) for name in inspect.signature(hla_spark.extract).parameters}
    expected = options - {"df", "states", "keep"} | {"initialStates"}
    bare = FeatureExtraction()
    assert {param.name for param in bare.params} == expected == set(OTHERS)
    for method in (FeatureExtraction.__init__, FeatureExtraction.setParams):
        assert set(inspect.signature(method).parameters) == expected | {"self"}
    for name, value in OTHERS.items():
        one = FeatureExtraction()
        suffix = name[0].upper() + name[1:]
        assert getattr(one, "set" + suffix)(value) is one
        assert getattr(one, "get" + suffix)() == value
        assert [param.name for param in one.params if one.isSet(param)] == [name]
        assert not bare.hasDefault(name) or bare.getOrDefault(name) != value


def test_defaults_are_those_of_java(classic):
    java = classic._jvm.io.hla.spark.ml.FeatureExtraction()
    python = FeatureExtraction()
    for param in python.params:
        theirs = java.getParam(param.name)
        assert java.hasDefault(theirs) == python.hasDefault(param), param.name
        if python.hasDefault(param):
            assert python.getOrDefault(param) == java.getOrDefault(theirs)


def test_every_param_is_saved_loaded_and_copied(spark, tmp_path):
    all_set = FeatureExtraction(**OTHERS)
    all_set.save(str(tmp_path / "stage"))
    for other in (FeatureExtraction.load(str(tmp_path / "stage")), all_set.copy()):
        assert type(other) is FeatureExtraction and other.uid == all_set.uid
        assert {name: other.getOrDefault(name) for name in OTHERS} == OTHERS


def test_features_stand_behind_all_columns(spark, decoder, ids):
    frame = ids.selectExpr("word AS `a.word`", "pos AS Pos", "id", "seq AS SEQ")
    rows = FeatureExtraction(model=decoder.folder, score=True, dtype="double").transform(frame)
    kept = [(field.name, field.dataType) for field in rows.schema.fields[:-2]]
    assert kept == [(field.name, field.dataType) for field in frame.schema.fields]
    assert rows.columns[-2:] == ["features", "log_probability"]
    assert np.allclose(outputs_of(rows, "features"), decoder.hidden(IDS)[0], rtol=0, atol=1e-10)
    pooled = FeatureExtraction(model=decoder.folder, pool="last").transform(ids)
    assert pooled.columns == [*ids.columns, "tokens", "features"]
    assert [(row.word, row.tokens) for row in pooled.collect()] == [("w0", 30)]
    scored = FeatureExtraction(model=decoder.folder, features="none", score=True).transform(ids)
    assert scored.columns == [*ids.columns, "log_probability"]


def test_states_of_a_view(spark, decoder, ids):
    hla_spark.extract_states(ids.where("pos < 11"), model=decoder.folder).createOrReplaceTempView("states_of_stage")
    stage = FeatureExtraction(model=decoder.folder, dtype="double").setInitialStates("states_of_stage")
    later = stage.setRequireState(True).transform(ids.where("pos >= 11"))
    assert np.allclose(outputs_of(later, "features"), decoder.hidden(IDS)[0][11:], rtol=0, atol=1e-10)


def test_pipelines_come_back(spark, decoder, ids, tmp_path):
    stages = [
        FeatureExtraction(model=decoder.folder),
        hla_spark.HigherOrderLinearAttention(query="features", key="features", value="features"),
    ]
    model = Pipeline(stages=stages).fit(ids)
    expected = outputs_of(model.transform(ids))
    assert expected.shape == (30, 8)
    model.save(str(tmp_path / "model"))
    assert np.array_equal(outputs_of(PipelineModel.load(str(tmp_path / "model")).transform(ids)), expected)


def test_refusals_of_the_stage(spark, decoder, ids):
    for condition, stage in {
        "HLA_OPTION_VALUE": FeatureExtraction(),
        "HLA_OUTPUT_COLUMN": FeatureExtraction(model=decoder.folder, outputColumn="ID"),
        "HLA_FEATURES": FeatureExtraction(model=decoder.folder, features="layer:9"),
        "HLA_INPUT_COLUMN": FeatureExtraction(model=decoder.folder, sequence="document"),
    }.items():
        with pytest.raises(hla_spark.HlaError) as error:
            stage.transform(ids)
        assert error.value.condition == condition
    with pytest.raises(TypeError):
        FeatureExtraction(modle="x")
