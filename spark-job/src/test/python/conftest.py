"""One Spark for all tests: a classic session, or a Connect client and server where HLA_TEST_REMOTE names a master."""

import os
import tempfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from decoder import IDS, Decoder
from pyspark.sql import SparkSession

import hla_spark

REMOTE = os.environ.get("HLA_TEST_REMOTE")


@pytest.fixture(scope="session")
def spark():
    builder = SparkSession.builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
    builder = builder.config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
    builder = builder.remote(REMOTE) if REMOTE else builder.master("local[2]")
    session = hla_spark.configure(builder).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def classic(spark):
    if REMOTE:
        pytest.fail("for classic sessions alone")
    return spark


class Tokens:
    """Tokens of one sequence; small integers, whose sums are exact in any order."""

    def __init__(self, count, heads, kv_heads, d, dv, seed=1):
        self.path = None
        random = np.random.default_rng(seed)
        self.heads, self.kv_heads = heads, kv_heads
        self.q = random.integers(-2, 3, (count, heads, d)).astype(float)
        self.k = random.integers(-2, 3, (count, kv_heads, d)).astype(float)
        self.v = random.integers(-2, 3, (count, kv_heads, dv)).astype(float)
        self.gates = random.integers(0, 2, (count, heads)).astype(float)

    def frame(self, spark):
        """Sequence a from position 0 on, as a table of files."""
        if self.path is None:
            columns = {"seq": ["a"] * len(self.q), "pos": pa.array(range(len(self.q)), pa.int32())}
            for name, values in (("q", self.q), ("k", self.k), ("v", self.v), ("g", self.gates)):
                columns[name] = pa.array(values.reshape(len(values), -1).tolist(), pa.list_(pa.float64()))
            columns["word"] = [f"w{t}" for t in range(len(self.q))]
            self.path = os.path.join(tempfile.mkdtemp(), "tokens.parquet")
            pq.write_table(pa.table(columns), self.path)
        return spark.read.parquet(self.path)

    def hla2(self, decay=1.0):
        """The definition: sums over i <= j <= t."""
        group = self.heads // self.kv_heads
        outputs = np.zeros((len(self.q), self.heads, self.v.shape[2]))
        for h in range(self.heads):
            q, k, v = self.q[:, h], self.k[:, h // group], self.v[:, h // group]
            for t in range(len(q)):
                for j in range(t + 1):
                    for i in range(j + 1):
                        weight = decay ** (2 * t - i - j)
                        outputs[t, h] += weight * (q[t] @ k[i]) * (k[i] @ q[j]) * v[j]
        return outputs.reshape(len(self.q), -1)


@pytest.fixture(scope="session")
def tokens():
    return Tokens(12, 4, 2, 3, 2)


@pytest.fixture(scope="session")
def decoder(tmp_path_factory):
    return Decoder(tmp_path_factory.mktemp("decoder"))


@pytest.fixture(scope="session")
def ids(spark, tmp_path_factory):
    """The ids as sequence a, as a table of files."""
    path = str(tmp_path_factory.mktemp("ids") / "ids.parquet")
    columns = {"seq": ["a"] * len(IDS), "pos": pa.array(range(len(IDS)), pa.int32()), "id": IDS.tolist()}
    pq.write_table(pa.table(columns | {"word": [f"w{t}" for t in range(len(IDS))]}), path)
    return spark.read.parquet(path)


def outputs_of(frame, column="o"):
    return np.array([row[column] for row in frame.orderBy("pos").collect()])
