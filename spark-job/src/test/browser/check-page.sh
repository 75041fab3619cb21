#!/usr/bin/env bash
# Opens pages of `validate --html` and of `attend --report` in headless Chromium and measures what only a browser knows: whether anything is cut off,
# overlaps, scrolls sideways or is out of sight. Wants what `mvn verify` builds, and Debian's chromium or root to install it.
# Usage: check-page.sh [FOLDER]; pages and pictures of them stay in the folder, spark-job/target/browser unless named.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd -P)
readonly root
readonly here=$root/spark-job/src/test/browser
folder=${1:-$root/spark-job/target/browser}
export SPARK_LOCAL_IP=127.0.0.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
readonly folder

install_browser() {
  if command -v chromium >/dev/null; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "check-page.sh: there is no chromium on the PATH; install it, on Debian with: apt-get install chromium" >&2
    exit 1
  fi
  echo "Installing chromium ..."
  if ! { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >"$work/apt.log" 2>&1; then
    cat "$work/apt.log" >&2
    exit 1
  fi
}

# Nothing but files of this machine is loaded, and nothing is kept.
browse() {
  timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" \
    --host-resolver-rules='MAP * ~NOTFOUND' --disable-background-networking --no-first-run --hide-scrollbars "$@" \
    2>"$work/chromium.log"
}

# Prints what measure.html found on a page.
measure() {
  browse --allow-file-access-from-files --virtual-time-budget=10000 --dump-dom "file://$here/measure.html#file://$1" |
    sed -n '/<pre id="result">/,/^<\/pre>/p' | sed -e 's/.*<pre id="result">//' -e '/^<\/pre>/d'
}

passed=0
failed=0

pass() {
  passed=$((passed + 1))
  echo "ok    $1"
}

fail() {
  failed=$((failed + 1))
  echo "FAILS $1"
}

expect_good() {
  local found
  found=$(measure "$1")
  if grep -qE '^browser: [0-9]{3,} checks hold$' <<<"$found"; then
    pass "$(basename "$1"): $found"
  else
    fail "$(basename "$1")"
    printf '%s\n' "${found:-$(cat "$work/chromium.log")}"
  fi
}

# A page that is broken by a sed expression has to be noticed, by a failure with the given words.
expect_noticed() {
  expect_noticed_in page.html "$@"
}

expect_noticed_in() {
  local page=$1 name=$2 words=$3 found
  shift 3
  sed "$@" "$folder/$page" >"$work/broken.html"
  found=$(measure "$work/broken.html")
  if cmp -s "$folder/$page" "$work/broken.html"; then
    fail "$name: the page was not broken"
  elif grep -qF "$words" <<<"$found" && grep -qE '^browser: [0-9]+ of [0-9]+ checks fail$' <<<"$found"; then
    pass "noticed: $name"
  else
    fail "not noticed: $name"
    printf '%s\n' "$found"
  fi
}

picture() {
  browse --window-size=1000,3600 --screenshot="${1%.html}.png" "file://$1" >/dev/null
  if [ -s "${1%.html}.png" ]; then
    pass "picture ${1%.html}.png"
  else
    fail "no picture of $1"
  fi
}

install_browser

# A job of some seconds ends before the better compiler pays.
"$root/submit.sh" --conf spark.ui.enabled=false --driver-java-options -XX:TieredStopAtLevel=1 \
  validate --synthetic tokens=20000,head-dim=8,partitions=24 --num-heads 2 --decay 0.999 --html "$folder/page.html" >"$work/validate.out" 2>&1 || {
  cat "$work/validate.out" >&2
  exit 1
}
"$root/submit.sh" --conf spark.ui.enabled=false --driver-java-options -XX:TieredStopAtLevel=1 \
  generate --tokens 30000 --sequences 2 --num-heads 2 --head-dim 8 --partitions 6 --output "$work/in" >"$work/generate.out" 2>&1 || {
  cat "$work/generate.out" >&2
  exit 1
}
"${JAVA_HOME:+$JAVA_HOME/bin/}java" \
  -cp "$root/spark-job/target/test-classes:$root/spark-job/target/hla-spark.jar:$root/spark-job/target/spark/jars/*" \
  io.hla.spark.validate.page.SamplePages "$folder"

for table in "in" "no/such/table"; do
  "$root/submit.sh" --conf spark.ui.enabled=false --driver-java-options -XX:TieredStopAtLevel=1 \
    attend --input "$work/$table" --num-heads 2 --decay 0.999 --output "$work/out-${table##*/}" --report "$folder/run-${table##*/}.html" \
    >"$work/attend.out" 2>&1 || [ "$table" != in ] || {
    cat "$work/attend.out" >&2
    exit 1
  }
done

expect_good "$folder/page.html"
expect_good "$folder/run-in.html"
expect_good "$folder/run-table.html"
for page in "$folder"/{holds,fails}*.html; do
  expect_good "$page"
done
picture "$folder/page.html"
picture "$folder/fails.html"
picture "$folder/run-in.html"

expect_noticed "no verdict" "the verdict is on the first screen" 's/id="verdict"/id="gone"/'
expect_noticed "a verdict that is hidden" "the verdict is on the first screen" 's/\.verdict {/& visibility: hidden;/'
expect_noticed "a verdict far down" "the verdict is on the first screen" 's/<h1>/<div style="height:900px"><\/div>&/'
expect_noticed "labels that overlap" "lies over" 's/>10,000<\/text>/ style="font-size:70px"&/'
expect_noticed "a label that is cut off" "is cut off" 's/>limit<\/text>/>the limit of the error<\/text>/'
expect_noticed "a mark that is cut off" "is cut off" 's/<circle cx="[0-9.]*"/<circle cx="2000"/'
expect_noticed "text too wide for a window" "the page is wider than the window" 's/overflow-wrap: anywhere/white-space: nowrap/'
expect_noticed "a picture that does not fit a telephone" "the page is wider than the window at 400" 's/overflow-x: auto/overflow: visible/'
expect_noticed "pale text" "contrast of" 's/color: #555/color: #aaa/'
expect_noticed "no tree" "there is a picture tree" 's/<svg id="tree"/<svg id="shrub"/'
expect_noticed_in run-in.html "no norms" "there is a picture norms" 's/<svg id="norms"/<svg id="forms"/'
expect_noticed_in run-in.html "no phases" "phases are listed" 's/id="tasks"/id="tusks"/'
expect_noticed "another file" "no script and no other file" 's/<\/body>/<img src="measure.html">&/'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
