#!/usr/bin/env bash
# Runs attend and extract on a standalone cluster of this machine while processes are killed, disks fill up and inputs change. Every case
# must end with the bits of an undisturbed run or with a clear error and no output. Wants what `mvn verify` and submit.sh build.
# Usage: faults.sh [CASE]..., all cases unless some are named. HLA_FAULTS_KEEP=1 keeps the folder with logs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd -P)
readonly root
readonly spark_home=$root/spark-job/target/spark
readonly test_classes=$root/spark-job/target/test-classes
readonly heads=2 head_dim=16 tokens=48000 partitions=16 text_bytes=20000
export SPARK_LOCAL_IP=127.0.0.1
unset SPARK_HOME SPARK_CONF_DIR HLA_LOG_LEVEL

work=$(mktemp -d)
mkdir "$work"/{log,pid,out,report,fault,local,full,unpack}
mapfile -t module_options < <(grep -oE -- '--add-opens=[^ ]+' "$root/pom.xml")
# shellcheck source=spark-job/src/test/cluster/cluster.sh
source "$root/spark-job/src/test/cluster/cluster.sh"

clean_up() {
  stop_all
  if mountpoint -q "$work/full"; then umount "$work/full"; fi
  if [ -n "${HLA_FAULTS_KEEP:-}" ]; then echo "logs: $work"; else rm -rf "$work"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- Jobs --------------------------------------------------------------------------------------------------------

cluster=
input=$work/tokens
# Jobs of some seconds end before the better compiler pays.
readonly quick_start=-XX:TieredStopAtLevel=1
# A file is as dear as a partition, so that each gets one; both executors are there before the first task.
readonly spark_options=(
  --driver-memory 512m --executor-memory 512m --driver-java-options "$quick_start"
  --conf "spark.executor.extraJavaOptions=$quick_start"
  --conf spark.ui.enabled=false
  --conf spark.sql.files.openCostInBytes=8MB
  --conf spark.scheduler.minRegisteredResourcesRatio=1.0 --conf spark.scheduler.maxRegisteredResourcesWaitingTime=120s
  --conf "spark.driver.extraClassPath=$test_classes" --conf "spark.executor.extraClassPath=$test_classes"
  --conf spark.fault.tokenPartitions=$partitions
)

# In double, with a decay that reaches over many runs: else no rounding of a state would show in the outputs.
# $where chooses rows, and $more holds further options.
start_attend() {
  local name=$1 master=$2 rows=() options=()
  shift 2
  [ -z "${where:-}" ] || rows=(--where "$where")
  [ -z "${more:-}" ] || read -ra options <<<"$more"
  start_process "$name" "$root/submit.sh" --master "$master" "${spark_options[@]}" "$@" \
    attend --input "$input" --output "${output:-$work/out/$name}" --num-heads $heads --decay 0.9999 --fan-in 2 --precision float64 --output-type double \
    --kernels "${kernels:-auto}" --report "$work/report/$name.json" "${rows[@]}" "${options[@]}"
}

# Waits for a job and sets $status.
finish() {
  local pid
  pid=$(cat "$work/pid/$1")
  wait_until 300 process_is_gone "$pid" || problem "$1 did not end"
  stop_process "$1"
  status=0
  wait "$pid" 2>/dev/null || status=$?
}

process_is_gone() {
  ! kill -0 "$1" 2>/dev/null
}

attend() {
  start_attend "$@"
  finish "$1"
}

# All layers of the model in data over a part of the book.
start_extract() {
  local name=$1 master=$2
  shift 2
  start_process "$name" "$root/submit.sh" --master "$master" "${spark_options[@]}" \
    --conf spark.sql.files.maxPartitionBytes=$((text_bytes / partitions)) "$@" \
    extract --text "$work/text" --model "$root/data/hla-moby-tiny" --output "$work/out/$name" --dtype double --output-col o \
    --fan-in 2 --report "$work/report/$name.json"
}

extract() {
  start_extract "$@"
  finish "$1"
}

# Sets ${fault[@]}: what disturbs a job NAME in STAGES of PHASE.
set_fault() {
  mkdir "$work/fault/$1"
  fault=(
    --conf spark.plugins=io.hla.spark.faults.FaultPlugin --conf "spark.fault.folder=$work/fault/$1"
    --conf "spark.fault.phase=$2" --conf "spark.fault.stages=$3" --conf "spark.fault.action=$4"
  )
}

# The first process that reached the fault of a job; waits for it.
await_fault() {
  wait_until 200 fault_is_reached "$1" || problem "$1 did not reach its fault"
  reached=$(cd "$work/fault/$1" && find . -name 'reached-*' | head -n 1 | sed 's/.*reached-//')
}

fault_is_reached() {
  [ -n "$(find "$work/fault/$1" -name 'reached-*')" ]
}

go_on() {
  touch "$work/fault/$1/go"
}

# --- Expectations ------------------------------------------------------------------------------------------------

problems=()
problem() {
  problems+=("$1")
}

# Ends a case that this machine cannot show.
skip() {
  skipped=$1
}

expect_status() {
  [ "$status" -eq "$1" ] || problem "exit code $status, expected $1"
}

expect_line() {
  grep -qE -- "$2" "$1" || problem "no line \"$2\" in $(basename "$1")"
}

expect_no_output() {
  [ ! -e "$1" ] || problem "$1 exists"
  [ -z "$(find "$(dirname "$1")" -maxdepth 1 -name ".$(basename "$1").*")" ] || problem "a hidden folder stays beside $1"
}

expect_same_bits() {
  local answer=
  expect_status 0
  echo "$work/out/${2:-reference} $work/out/$1" >&7
  read -r -t 200 answer <&8 || true
  [ "$answer" = same ] || problem "$1: ${answer:-no answer}"
}

# A job that was refused: exit code, and the reason as users see it.
expect_refused() {
  expect_status "$2"
  expect_line "$work/log/$1.err" "$3"
  expect_no_output "$work/out/$1"
}

start_comparing() {
  mkfifo "$work/asked" "$work/answered"
  exec 7<>"$work/asked" 8<>"$work/answered"
  setsid "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${module_options[@]}" -Xmx512m $quick_start \
    "-Dlog4j2.configurationFile=$root/spark-job/src/main/spark-conf/log4j2.properties" \
    -cp "$test_classes:$spark_home/jars/*" io.hla.spark.faults.CompareOutputs \
    <&7 >&8 2>"$work/log/compare.err" &
  echo $! >"$work/pid/compare"
}

# shellcheck source=spark-job/src/test/cluster/cases.sh
source "$root/spark-job/src/test/cluster/cases.sh"

# --- All cases ---------------------------------------------------------------------------------------------------

passed=0
failed=0
run_case() {
  local name=$1 started=$SECONDS
  problems=()
  skipped=
  case_"${name//-/_}"
  if [ -n "$skipped" ]; then
    printf 'skipped %-44s %s\n' "$name" "$skipped"
  elif [ ${#problems[@]} -eq 0 ]; then
    passed=$((passed + 1))
    printf 'ok      %-44s %4d s\n' "$name" $((SECONDS - started))
  else
    failed=$((failed + 1))
    printf 'FAILED  %-44s %4d s\n' "$name" $((SECONDS - started))
    printf '        %s\n' "${problems[@]}"
    tail -n 5 "$work/log/$name.err" 2>/dev/null | sed 's/^/        | /'
  fi
}

[ -d "$test_classes/io/hla/spark/faults" ] || { echo "faults.sh: run mvn verify first" >&2 && exit 1; }
for seed in 1 2; do
  "$root/submit.sh" --driver-memory 512m --master 'local[2]' generate --tokens $tokens --sequences 2 --num-heads $heads \
    --head-dim $head_dim --partitions $partitions --seed $seed --output "$work/tokens$([ $seed = 1 ] || echo $seed)" >/dev/null
done
attend reference 'local[1]'
[ "$status" -eq 0 ] || { cat "$work/log/reference.err" >&2 && exit 1; }
head -c $text_bytes "$root/data/moby-dick.txt" >"$work/text"
extract extracted 'local[1]'
[ "$status" -eq 0 ] || { cat "$work/log/extracted.err" >&2 && exit 1; }
start_comparing
start_master
start_worker 1
start_worker 2
for name in "${@:-${cases[@]}}"; do
  run_case "$name"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
