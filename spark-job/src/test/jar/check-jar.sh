#!/usr/bin/env sh
# Fails unless the application jar holds what it should, once, and nothing else: other classes would stand in front of Spark's own.
# Usage: check-jar.sh JAR
set -eu

jar=$1
names=$("${JAVA_HOME:+$JAVA_HOME/bin/}jar" tf "$jar" | grep -v '/$')
problems=0

problem() {
  echo "$jar: $1" >&2
  problems=$((problems + 1))
}

for name in $(echo "$names" | grep -vE '^(io/hla/|picocli/|com/knuddels/jtokkit/|native/linux-[a-z0-9_]+/libhla[.]so$|META-INF/)'); do
  problem "$name belongs to neither HLA nor picocli nor jtokkit"
done
for name in $(echo "$names" | grep '^META-INF/' | grep -vxE 'META-INF/(MANIFEST[.]MF|LICENSE|NOTICE|services/.*)'); do
  problem "$name is not expected there"
done
for name in $(echo "$names" | sort | uniq -d); do
  problem "$name is there twice"
done
for name in META-INF/LICENSE META-INF/NOTICE META-INF/MANIFEST.MF io/hla/spark/cli/Main.class io/hla/spark/internals/SparkLine.class \
  io/hla/kernels/Kernels.class picocli/CommandLine.class \
  com/knuddels/jtokkit/cl100k_base.tiktoken com/knuddels/jtokkit/o200k_base.tiktoken \
  META-INF/services/org.apache.spark.sql.SparkSessionExtensionsProvider \
  META-INF/services/org.apache.spark.sql.sources.DataSourceRegister; do
  echo "$names" | grep -qx "$name" || problem "$name is missing"
done
[ "$problems" -eq 0 ]
