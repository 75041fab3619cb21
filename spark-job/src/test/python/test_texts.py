"""Texts as tables of ids, which need the driver's JVM."""

import numpy as np
import pytest
from conftest import outputs_of
from decoder import IDS

import hla_spark


def test_texts_are_ids(classic, decoder, tmp_path):
    for name, text in {"a.txt": "the whale", "b.txt": "ÿ!"}.items():
        (tmp_path / name).write_text(text)
    files = hla_spark.text_ids(classic, str(tmp_path), tokenizer="bytes")
    assert files.columns == ["seq", "pos", "id"]
    rows = [tuple(row) for row in files.orderBy("seq", "pos").collect()]
    expected = [("a.txt", t, byte) for t, byte in enumerate(b"the whale")]
    assert rows == expected + [("b.txt", t, byte) for t, byte in enumerate("ÿ!".encode())]
    (tmp_path / "vocab.txt").write_text("<unknown>\nwhale\nthe\n")
    table = classic.createDataFrame([("d", 2, "the whale"), ("d", 1, "a whale")], ["doc", "part", "body"])
    parts = hla_spark.token_ids(
        table, text="body", tokenizer=str(tmp_path / "vocab.txt"), sequence="doc", order="part", keep="part"
    )
    assert parts.columns == ["seq", "pos", "id", "part"]
    assert [tuple(row) for row in parts.orderBy("pos").collect()] == [
        ("d", 0, 0, 1),
        ("d", 1, 1, 1),
        ("d", 2, 2, 2),
        ("d", 3, 1, 2),
    ]
    arrays = classic.createDataFrame([([int(token) for token in IDS],)], ["tokens"])
    rows = hla_spark.extract(hla_spark.token_ids(arrays, ids="tokens"), model=decoder.folder, dtype="double")
    assert np.allclose(outputs_of(rows, "features"), decoder.hidden(IDS)[0], rtol=0, atol=1e-10)


def test_texts_that_are_refused(classic, decoder, tmp_path):
    table = classic.createDataFrame([("text",)], ["body"])
    for condition, options in {
        "HLA_TOKENIZER": {"text": "body", "model": decoder.folder},
        "HLA_INPUT_COLUMN": {"text": "nowhere", "tokenizer": "bytes"},
        "HLA_INPUT_TYPE": {"ids": "body"},
    }.items():
        with pytest.raises(hla_spark.HlaError) as refused:
            hla_spark.token_ids(table, **options)
        assert refused.value.condition == condition
    with pytest.raises(hla_spark.HlaError) as refused:
        # 256 bytes are more than the 20 words of the model.
        hla_spark.text_ids(classic, str(tmp_path), tokenizer="bytes", model=decoder.folder)
    assert refused.value.condition == "HLA_TOKENIZER"
    for options in ({}, {"text": "body"}, {"text": "body", "ids": "body", "tokenizer": "bytes"}):
        with pytest.raises(TypeError):
            hla_spark.token_ids(table, **options)
    with pytest.raises(TypeError):
        hla_spark.text_ids(classic, "text")
