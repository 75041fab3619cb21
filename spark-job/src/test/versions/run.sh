#!/usr/bin/env bash
# Builds for other lines of Spark, each into spark-job/target/spark-4.x, and runs the tests there; then takes every jar that is
# built to the Spark of another line, where it must refuse. Prints rows for RESULTS.md.
# Usage: run.sh [--tests PATTERN] [LINE]...; all tests, and the lines 4.0 and 4.2, unless named. PATTERN as Surefire's -Dtest.
# HLA_MVN_OPTS: further options for Maven, separated by spaces.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../../../.." && pwd -P)
readonly here root
readonly java=${JAVA_HOME:+$JAVA_HOME/bin/}java
export SPARK_LOCAL_IP=127.0.0.1
unset SPARK_HOME SPARK_CONF_DIR HLA_LOG_LEVEL

tests=
if [ "${1:-}" = --tests ]; then
  tests=$2
  shift 2
fi
lines=("$@")
[ ${#lines[@]} -gt 0 ] || lines=(4.0 4.2)
mapfile -t module_options < <(grep -oE -- '--add-opens=[^ ]+' "$root/pom.xml")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

folder() {
  case $1 in
    4.1) echo "$root/spark-job/target" ;;
    *) echo "$root/spark-job/target/spark-$1" ;;
  esac
}

processor() {
  sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1
}

# The tests of a line; prints a row.
run_tests() {
  local line=$1 log=$work/$1.log options=() summary version ended=
  # Words, on purpose: there may be several options.
  # shellcheck disable=SC2206
  options=(${HLA_MVN_OPTS:-})
  [ -z "$tests" ] || options+=("-Dtest=$tests" -Dsurefire.failIfNoSpecifiedTests=false)
  if ! (cd "$root" && mvn -B -ntp "-Dspark.line=$line" -Pembedded-spark -pl spark-job -am "${options[@]}" package) >"$log" 2>&1; then
    failed=1
    grep -m 40 -E '^\[ERROR\]' "$log" >&2 || true
    # What had run until then is no result of the line.
    if grep -q 'The forked VM terminated' "$log"; then ended=', then a JVM ended'; fi
  fi
  version=$(sed -nE "/<id>spark-$line</,/<.profile>/s/.*<spark.version>(.*)<.*/\1/p" "$root/pom.xml")
  version=${version:-$(sed -nE 's/.*<spark.version>(.*)<.*/\1/p' "$root/pom.xml" | head -n 1)}
  # Surefire's closing line: all others say what time passed. That of the kernels is no result of the line.
  summary=$(sed -nE '/Building HLA Spark job/,$s/.*Tests run: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+), Skipped: ([0-9]+)$/\1 | \2 | \3 | \4/p' \
    "$log" | tail -n 1)
  echo "| $version | ${tests:-all}$ended | ${summary:-none | | |} | $(date +%F) | $(processor) |"
}

# A jar on the Spark of another line.
check_refusal() {
  local built=$1 spark=$2 start
  start=("$java" "${module_options[@]}" "-Dlog4j2.configurationFile=$root/spark-job/src/main/spark-conf/log4j2.properties"
    -cp "$(folder "$spark")/spark/jars/*:$(folder "$built")/hla-spark.jar")
  if "${start[@]}" "$here/OtherLine.java" "$built" >"$work/refusal" 2>&1 && command_refuses "${start[@]}"; then
    echo "ok    built for $built, on $spark: refused"
  else
    failed=1
    cat "$work/refusal" >&2
    echo "FAILS built for $built, on $spark" >&2
  fi
}

# 3 is the exit code of what is refused.
command_refuses() {
  local status=0
  "$@" -Dspark.master='local[1]' io.hla.spark.cli.Main generate --tokens 5 --output "$work/tokens" >"$work/refusal" 2>&1 || status=$?
  [ "$status" -eq 3 ] && grep -q '^\[HLA_SPARK_VERSION\] ' "$work/refusal" && [ ! -e "$work/tokens" ]
}

echo '| Spark | tests | run | failures | errors | skipped | date | processor |'
echo '|---|---|---|---|---|---|---|---|'
for line in "${lines[@]}"; do run_tests "$line"; done
echo
for jar in 4.0 4.1 4.2; do
  for line in 4.0 4.1 4.2; do
    if [ "$jar" != "$line" ] && [ -f "$(folder "$jar")/hla-spark.jar" ] && [ -d "$(folder "$line")/spark/jars" ]; then
      check_refusal "$jar" "$line"
    fi
  done
done
exit $failed
