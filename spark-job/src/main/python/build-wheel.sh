#!/usr/bin/env bash
# Builds the wheel of hla_spark around the jar that Maven made, whose version it takes.
# Usage: build-wheel.sh [PYTHON], a Python with pip and setuptools (70.1 or newer); python3 unless named. Prints the wheel's path.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
target=$(cd "$here/../../.." && pwd -P)/target
readonly here target
readonly python=${1:-python3} jar=$target/hla-spark.jar build=$target/python

[ -f "$jar" ] || {
  echo "build-wheel.sh: no $jar; build it with: mvn -B -Dmaven.test.skip=true package" >&2
  exit 1
}
rm -rf "$build"
mkdir -p "$build/hla_spark/jars"
cp "$here/pyproject.toml" "$build"
cp "$here"/hla_spark/*.py "$here/hla_spark/py.typed" "$build/hla_spark"
cp "$jar" "$build/hla_spark/jars"
"$python" - "$jar" "$build/hla_spark/_version.py" <<'PYTHON'
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as jar:
    lines = jar.read("io/hla/spark/version.properties").decode().splitlines()
version = next(line.partition("=")[2].strip() for line in lines if line.startswith("version="))
with open(sys.argv[2], "w") as out:
    out.write('"""The version of the jar, and the same as Python writes it."""\n\n')
    out.write(f'JAR_VERSION = "{version}"\n__version__ = "{version.replace("-SNAPSHOT", ".dev0")}"\n')
PYTHON
"$python" -m pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps --no-index \
  -w "$build/dist" "$build" >&2
ls "$build"/dist/*.whl
