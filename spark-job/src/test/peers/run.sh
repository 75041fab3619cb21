#!/usr/bin/env bash
# Tables of other writers and readers, and the same attention by numpy, against this project's. Wants what submit.sh builds, and
# python3 (3.11 or newer) with PyPI in reach the first time; some minutes.
# Usage: run.sh [SUBMIT], the submit.sh to run; this checkout's unless named.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../../../.." && pwd -P)
readonly here root
readonly submit=${1:-$root/submit.sh}
readonly environment=$root/spark-job/target/peers-venv
readonly heads=4 head_dim=16 tokens=20000 sequences=3
readonly spark_options=(
  --master 'local[2]' --driver-memory 512m --conf spark.ui.enabled=false --driver-java-options -XX:TieredStopAtLevel=1
)
export PYTHONDONTWRITEBYTECODE=1 SPARK_LOCAL_IP=127.0.0.1

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

failed=0
"$environment/bin/python" "$here/tables.py" --submit "$submit" || failed=1

run() {
  "$submit" "${spark_options[@]}" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
}

run generate --tokens $tokens --sequences $sequences --num-heads $heads --head-dim $head_dim --partitions 4 --output "$work/tokens"
for decay in 1 0.99; do
  run attend --input "$work/tokens" --num-heads $heads --decay $decay --output "$work/job-$decay"
  "$environment/bin/python" "$here/attend.py" --input "$work/tokens" --num-heads $heads --decay $decay \
    --output "$work/peer-$decay" --compare "$work/job-$decay" || failed=1
done
exit $failed
