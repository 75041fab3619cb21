#!/usr/bin/env bash
# The Python package on the Spark of PyPI: builds the wheel around the jar, installs it, and runs its tests on a classic session and
# on Spark Connect; then submit.sh and spark-submit with that Spark. Wants target/hla-spark.jar, and python3 (3.10 or newer) with
# PyPI in reach the first time; some minutes.
# Usage: run.sh [pytest options], which go to the tests on a classic session.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../../../.." && pwd -P)
readonly here root
readonly environment=$root/spark-job/target/python-venv python=$root/spark-job/target/python-venv/bin/python
readonly source=$root/spark-job/src/main/python
export PYTHONDONTWRITEBYTECODE=1 SPARK_LOCAL_IP=127.0.0.1
unset SPARK_HOME SPARK_CONF_DIR SPARK_REMOTE PYSPARK_SUBMIT_ARGS

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export TMPDIR=$work

if ! cmp -s "$here/requirements.txt" "$environment/requirements.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/pip" -q --disable-pip-version-check install -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$environment"
fi

wheel=$("$source/build-wheel.sh" "$python")
"$python" -m pip -q --disable-pip-version-check install --force-reinstall --no-deps --no-index "$wheel"
"$environment/bin/ruff" check -q --no-cache --config "$source/pyproject.toml" "$source" "$here"
"$environment/bin/ruff" format -q --no-cache --check --config "$source/pyproject.toml" "$source" "$here"
(cd "$root/spark-job/target/python" && "$environment/bin/mypy" --cache-dir "$work/mypy" hla_spark)

cd "$work"
options=(-q -p no:cacheprovider --rootdir "$here" -W "ignore::DeprecationWarning")
"$environment/bin/pytest" "${options[@]}" "$@" "$here"/test_{sql,ml,features,texts,states,driver,readme}.py
HLA_TEST_REMOTE='local[2]' "$environment/bin/pytest" "${options[@]}" -k 'not defaults_are_those_of_java' \
  "$here"/test_{sql,ml,features,connect}.py

# A distribution as users have it.
SPARK_HOME=$("$python" -c 'import pyspark; print(pyspark.__path__[0])')
export SPARK_HOME PYSPARK_PYTHON=$python
run() {
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
}
run "$root/submit.sh" --master 'local[2]' attend --text "$root/data/vocab.txt" --model "$root/data/glove-moby-100d.safetensors" \
  --vocab "$root/data/vocab.txt" --num-heads 4 --output "$work/attended"
cat >"$work/submitted.py" <<'PYTHON'
import sys

from pyspark.sql import SparkSession

import hla_spark

spark = SparkSession.builder.getOrCreate()
rows = spark.range(8).selectExpr("id AS pos", "array(1D, 2D) AS q", "array(1D, 2D) AS k", "array(1D, 2D) AS v")
assert hla_spark.attend(rows, num_heads=2).count() == 8
words = sum(1 for _ in spark.read.parquet(sys.argv[1]).select("pos").toLocalIterator())
print("attended to", words, "words")
PYTHON
run "$SPARK_HOME/bin/spark-submit" --master 'local[2]' --conf spark.ui.enabled=false \
  --jars "$("$python" -c 'import hla_spark; print(hla_spark.jar_path())')" "$work/submitted.py" "$work/attended"
grep -E 'attended to [1-9][0-9]* words' "$work/log"
