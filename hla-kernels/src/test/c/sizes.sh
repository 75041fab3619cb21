#!/usr/bin/env bash
# How far the sizes that hla_sizes.h chooses for this machine's instruction set are from others: builds the kernels with each
# of them changed and times hla2, in turns. Prints a table in Markdown; some minutes.
# Usage: sizes.sh [SECONDS], of each of three turns of each case.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly here seconds=${1:-0.3}
readonly variants='chosen TILE_ROWS=4 TILE_ROWS=6 TILE_ROWS=8 TILE_ROWS=12 TILE_ROWS=14 SWEEP_TOKENS=16 SWEEP_TOKENS=32 SWEEP_TOKENS=64
  READ_SUMS=1 READ_SUMS=2 IN_PLACE_BYTES=256 IN_PLACE_BYTES=1024 IN_PLACE_BYTES=2048 IN_PLACE_BYTES=8192'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The kernels and the program with one size changed, everywhere.
build() {
  local folder=$work/${1/=/-}
  mkdir -p "$folder/main" "$folder/test"
  cp -r "$here/../../main/c" "$folder/main/c"
  cp -r "$here" "$folder/test/c"
  [ "$1" = chosen ] || sed -i -E "s/\b${1%=*} = [^,}]*[^,} ]/${1%=*} = ${1#*=}/" "$folder/main/c/hla_sizes.h"
  make -s -j2 -C "$folder/main/c" bench-sizes BUILD="$folder/build"
}

time_case() {
  "$work/${1/=/-}/build/bench_sizes" "$2" "$3" "$4" "$seconds"
}

for variant in $variants; do build "$variant"; done
echo "$(time_case chosen float64 16 1 | cut -d ' ' -f 1) on $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
echo
echo '| precision | d | heads | ns a token and head | of the best | the best | others, times as long |'
echo '|---|---|---|---|---|---|---|'
for precision in float32 mixed float64; do
  for case in '16 1' '64 1' '128 1' '64 8'; do
    for _ in 1 2 3; do
      for variant in $variants; do
        # shellcheck disable=SC2086
        echo "$variant $(time_case "$variant" "$precision" $case)"
      done
    done | awk -v name="| $precision | ${case% *} | ${case#* } |" '
      !($1 in best) { order[++count] = $1; best[$1] = $3 }
      $3 < best[$1] { best[$1] = $3 }
      END {
        first = order[1]
        for (i = 2; i <= count; i++) if (best[order[i]] < best[first]) first = order[i]
        printf "%s %.1f | %.2f | %s |", name, best["chosen"], best["chosen"] / best[first], first
        for (i = 2; i <= count; i++) printf " %s %.2f", order[i], best[order[i]] / best["chosen"]
        print " |"
      }'
  done
done
