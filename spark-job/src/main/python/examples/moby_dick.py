"""Moby-Dick as one sequence: four heads of second-order attention over all of its words.

Usage: python moby_dick.py, in a checkout whose wheel is installed.
"""

from pyspark.sql import SparkSession

import hla_spark

spark = hla_spark.configure(SparkSession.builder).getOrCreate()
model = {"model": "data/glove-moby-100d.safetensors", "vocab": "data/vocab.txt"}
tokens = hla_spark.text_tokens(spark, "data/moby-dick.txt", num_heads=4, **model)
outputs = hla_spark.attend(tokens, num_heads=4, keep="word")
print(outputs.count(), "outputs, the last one:")
print(outputs.orderBy("pos", ascending=False).first().o[:4])
