#!/usr/bin/env bash
# Where the time of the native kernels goes, as shares of `apply` of hla2: a table in Markdown. Wants perf and a built project.
# Usage: shares.sh [SIZE]..., head sizes, by default 16 64 128.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
JAVA_HOME=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
make -s -C "$root/hla-kernels/src/main/c" library PROFILE=1 OUT="$work" JAVA_HOME="$JAVA_HOME"

# Samples by part. HotSpot copies array regions with its Copy functions.
shares() {
  perf record -q -o "$work/perf" -F 4000 -e cpu-clock "$root/submit.sh" \
    --driver-java-options "-Dhla.kernels.path=$work/libhla.so" \
    bench kernels --head-dim "$1" --precision "$2" --pass apply --seconds 3 >/dev/null 2>&1
  perf script -i "$work/perf" -F ip,sym,dso 2>/dev/null | awk -v name="$1 | $2" '
    { symbol = $2; library = $NF }
    symbol ~ /^(ac[il]_Copy(Right|Left)|.*[Cc]onjoint.*|jni_(Get|Set)(Float|Double)ArrayRegion)$/ { count["copy"]++; all++ }
    library !~ /libhla/ || symbol == "peak" { next }
    { all++ }
    symbol ~ /^update_and_read/ { count["read"]++; next }
    symbol ~ /^update/ { count["update"]++; next }
    symbol == "sweep_column" { count["ones"]++; next }
    symbol == "weigh" || symbol == "pack" || symbol == "map_row" || symbol ~ /^emit/ { count["rows"]++; next }
    symbol == "fold" || symbol == "fold_matrix" { count["fold"]++; next }
    { count["rest"]++ }
    END {
      printf "| %s |", name
      split("read update ones rows fold copy rest", parts, " ")
      for (i = 1; i <= 7; i++) printf " %.0f%% |", 100 * count[parts[i]] / all
      print ""
    }'
}

echo '| d = dv | precision | sweeps with reads | updates alone | column of ones | rows packed, weighted, emitted | fold | copies Java - C | rest |'
echo '|---|---|---|---|---|---|---|---|---|'
for size in "${@:-16 64 128}"; do
  for d in $size; do
    for precision in float32 mixed float64; do
      shares "$d" "$precision"
    done
  done
done
