"""What Spark Connect does not have."""

import pytest
from conftest import REMOTE

import hla_spark


def test_sessions_without_a_jvm(spark, tokens):
    assert REMOTE and "connect" in type(spark).__module__
    for call in (
        lambda: hla_spark.validate(tokens.frame(spark), num_heads=4, num_kv_heads=2),
        lambda: hla_spark.attend_stream(tokens.frame(spark), num_heads=4, num_kv_heads=2),
        lambda: hla_spark.text_tokens(spark, "text", model="model", vocab="vocab"),
        lambda: hla_spark.text_ids(spark, "text", tokenizer="bytes"),
        lambda: hla_spark.token_ids(spark.range(1), ids="id"),
    ):
        with pytest.raises(hla_spark.HlaError) as refused:
            call()
        assert refused.value.condition == "HLA_CONNECT"
