"""What needs the driver's JVM, and the jar in sessions that have it and in those that have not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import outputs_of
from pyspark.sql import DataFrame, SparkSession

import hla_spark
from hla_spark import _jar

ROOT = Path(__file__).parents[4]


def test_validation(classic, tokens):
    checks = hla_spark.validate(tokens.frame(classic), num_heads=4, num_kv_heads=2, decay=0.5, compare_tokens=10)
    rows = {row.name: row for row in checks.collect()}
    assert checks.columns == ["name", "error", "limit", "control", "passed", "result", "detail"]
    assert len(rows) > 10 and all(row.passed for row in rows.values())
    assert rows["outputs = dense definition"].error <= 1 and rows["outputs = dense definition"].result == "holds"
    assert {row.result for row in rows.values() if row.control} == {"caught"}


def test_validation_refuses(classic, tokens):
    frame = tokens.frame(classic)
    for condition, options in {
        "HLA_HEADS": {"num_heads": 4, "num_kv_heads": 3},
        "HLA_INPUT_COLUMN": {"key": "nowhere"},
        "HLA_OPTION_VALUE": {"mask": "some"},
    }.items():
        with pytest.raises(hla_spark.HlaError) as refused:
            hla_spark.validate(frame, **options)
        assert refused.value.condition == condition
    with pytest.raises(TypeError, match="num_haeds"):
        hla_spark.validate(frame, num_haeds=4)


def test_streams(classic, tokens, tmp_path):
    batch = tokens.frame(classic)
    options = {"num_heads": 4, "num_kv_heads": 2, "decay": 0.5, "output_type": "double"}
    for part, rows in enumerate(("pos < 5", "pos >= 5")):
        batch.where(rows).coalesce(1).write.mode("append").parquet(str(tmp_path / "in" / str(part)))
    states = hla_spark.final_states(batch.where("pos < 5"), num_heads=4, num_kv_heads=2, decay=0.5)
    stream = classic.readStream.schema(batch.schema).parquet(str(tmp_path / "in" / "*"))
    later = classic.readStream.schema(batch.schema).parquet(str(tmp_path / "in" / "1"))
    expected = tokens.hla2(0.5)
    cases = {
        "whole": (hla_spark.attend_stream(stream, keep="word", start_at=0, **options), expected),
        "later": (hla_spark.attend_stream(later, states=states, late="drop", hold_back=3, **options), expected[5:]),
    }
    for name, (outputs, values) in cases.items():
        assert outputs.isStreaming
        writer = outputs.writeStream.format("memory").queryName(name)
        query = writer.option("checkpointLocation", str(tmp_path / name)).trigger(availableNow=True).start()
        query.awaitTermination()
        assert np.array_equal(outputs_of(classic.table(name)), values)
    assert cases["whole"][0].columns == ["seq", "pos", "o", "word"]
    with pytest.raises(hla_spark.HlaError) as refused:
        hla_spark.attend_stream(stream, late="never")
    assert refused.value.condition == "HLA_OPTION_VALUE"
    with pytest.raises(TypeError, match="num_haeds"):
        hla_spark.attend_stream(stream, num_haeds=4)


def test_javas_stage_is_in_the_jar(classic, tokens):
    frame = tokens.frame(classic)
    java = classic._jvm.io.hla.spark.ml.HigherOrderLinearAttention().setNumHeads(4).setNumKvHeads(2)
    stages = classic.sparkContext._gateway.new_array(classic._jvm.org.apache.spark.ml.PipelineStage, 1)
    stages[0] = java
    model = classic._jvm.org.apache.spark.ml.Pipeline().setStages(stages).fit(frame._jdf)
    outputs = DataFrame(model.transform(frame._jdf), classic)
    assert outputs.columns == [*frame.columns, "o"]
    expected = outputs_of(hla_spark.attend(frame, num_heads=4, num_kv_heads=2))
    assert np.array_equal(outputs_of(outputs), expected)


def test_text_is_refused_by_name(classic):
    with pytest.raises(hla_spark.HlaError) as refused:
        hla_spark.text_tokens(classic, "nowhere.txt", model="nowhere", vocab="nowhere")
    assert refused.value.condition == "HLA_INPUT_MISSING"


def test_another_version_is_refused(classic, tokens, monkeypatch):
    frame = tokens.frame(classic)
    monkeypatch.setattr(_jar, "JAR_VERSION", "9.9.9")
    _jar._checked.clear()
    with pytest.raises(hla_spark.HlaError, match="this package is of 9.9.9") as refused:
        hla_spark.attend(frame)
    assert refused.value.condition == "HLA_JAR_VERSION"


def test_jars_that_are_there_stay(tmp_path, monkeypatch):
    jar = hla_spark.jar_path()
    assert Path(jar).is_file()

    class Builder(SparkSession.Builder):
        def __init__(self):
            super().__init__()
            self._options = {}

    def jars(builder):
        return hla_spark.configure(builder)._options["spark.jars"]

    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.delenv("SPARK_CONF_DIR", raising=False)
    assert jars(Builder()) == jar
    assert jars(Builder().config("spark.jars", "a.jar,b.jar")) == f"a.jar,b.jar,{jar}"
    assert jars(hla_spark.configure(Builder())) == jar
    (tmp_path / "spark-defaults.conf").write_text("# defaults\nspark.ui.enabled false\nspark.jars   c.jar\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert jars(Builder()) == f"c.jar,{jar}"


def run(*words, **environment):
    ended = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


WITHOUT = """
import hla_spark
from pyspark.sql import DataFrame, SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
tokens = spark.range(3).selectExpr("id AS pos", "array(1D) AS q", "array(1D) AS k", "array(1D) AS v")
for call in (hla_spark.attend, hla_spark.validate, hla_spark.HigherOrderLinearAttention().transform):
    try:
        call(tokens)
    except hla_spark.HlaError as refused:
        print(refused)
"""


def test_a_session_without_the_jar_is_told_what_to_do():
    lines = run("-c", WITHOUT).splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("[HLA_JAR_MISSING] ")
        assert "hla_spark.configure(SparkSession.builder)" in line and f"--jars {hla_spark.jar_path()}" in line


def test_moby_dick():
    example = ROOT / "spark-job/src/main/python/examples/moby_dick.py"
    said = run(str(example)).splitlines()
    assert said[-2] == "261306 outputs, the last one:"
    numbers = [float(number) for number in re.findall(r"-?[0-9.]+(?:e[+-]?[0-9]+)?", said[-1])]
    assert np.allclose(numbers, [-1.75785884e08, -2.54137337e07, 1.59452539e07, 2.53178836e06], rtol=1e-4)
