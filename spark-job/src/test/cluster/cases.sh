# The cases of faults.sh, which sources this file: a function each. The job of a case has the name of the case.
# shellcheck shell=bash disable=SC2034,SC2154

cases=(
  same-local-two same-local-cluster same-two-workers same-one-executor same-scan-on-executors same-shuffled-order
  same-speculation
  kill-executor-in-summarize kill-executor-in-scan kill-executor-in-attend kill-worker halt-in-every-phase
  disk-full output-read-only output-below-file kill-driver end-driver
  kill-before-adding kill-before-moving-away kill-before-moving-in
  input-truncated input-replaced input-deleted append-input-replaced
  native-missing-auto native-missing-forced
  extract-same-two-workers extract-recomputed extract-kill-executor-in-layer-1 extract-kill-executor-in-layer-3
  extract-kill-executor-in-features extract-kill-driver
)

readonly executor_scan=(--conf spark.hla.scan.driverBytes=0)

# --- The same bits, wherever and in whatever order tasks run -----------------------------------------------------

case_same_local_two() {
  attend same-local-two 'local[2]'
  expect_same_bits same-local-two
}

case_same_local_cluster() {
  attend same-local-cluster 'local-cluster[2,1,1024]'
  expect_same_bits same-local-cluster
}

case_same_two_workers() {
  attend same-two-workers "$cluster" --conf spark.cores.max=2
  expect_same_bits same-two-workers
}

case_same_one_executor() {
  attend same-one-executor "$cluster" --conf spark.cores.max=1
  expect_same_bits same-one-executor
}

case_same_scan_on_executors() {
  attend same-scan-on-executors "$cluster" --conf spark.cores.max=2 "${executor_scan[@]}"
  expect_line "$work/report/same-scan-on-executors.json" '"scannedOn" : "executors"'
  expect_same_bits same-scan-on-executors
}

case_same_shuffled_order() {
  set_fault same-shuffled-order '.*' all shuffle
  attend same-shuffled-order "$cluster" --conf spark.cores.max=2 "${executor_scan[@]}" "${fault[@]}"
  fault_is_reached same-shuffled-order || problem "no task was held up"
  expect_same_bits same-shuffled-order
}

case_same_speculation() {
  set_fault same-speculation '.*' tokens lag
  attend same-speculation "$cluster" --conf spark.cores.max=2 "${fault[@]}" --conf spark.speculation=true \
    --conf spark.speculation.quantile=0.3 --conf spark.speculation.minTaskRuntime=500ms
  fault_is_reached same-speculation || problem "no task ran a second time"
  expect_same_bits same-speculation
}

# --- Processes that end ------------------------------------------------------------------------------------------

kill_executor() {
  local name=$1
  set_fault "$name" "$2" "$3" hold
  shift 3
  start_attend "$name" "$cluster" --conf spark.cores.max=2 "${fault[@]}" "$@"
  await_fault "$name"
  kill -KILL "$reached" || problem "there was no executor to kill"
  go_on "$name"
  finish "$name"
  expect_same_bits "$name"
}

case_kill_executor_in_summarize() {
  kill_executor kill-executor-in-summarize summarize tokens
}

case_kill_executor_in_scan() {
  kill_executor kill-executor-in-scan summarize scan "${executor_scan[@]}"
}

case_kill_executor_in_attend() {
  kill_executor kill-executor-in-attend attend tokens "${executor_scan[@]}"
}

case_kill_worker() {
  set_fault kill-worker attend tokens hold
  start_attend kill-worker "$cluster" --conf spark.cores.max=2 "${fault[@]}" "${executor_scan[@]}"
  await_fault kill-worker
  kill_process worker1
  start_worker 3
  go_on kill-worker
  finish kill-worker
  expect_same_bits kill-worker
}

case_halt_in_every_phase() {
  set_fault halt-in-every-phase '(index|summarize|attend)' all halt
  attend halt-in-every-phase "$cluster" --conf spark.cores.max=2 "${fault[@]}" "${executor_scan[@]}"
  [ "$(find "$work/fault/halt-in-every-phase" -name 'reached-*' | wc -l)" -ge 6 ] || problem "too few processes were halted"
  expect_same_bits halt-in-every-phase
}

# --- Outputs that cannot be written ------------------------------------------------------------------------------

# Mounts a small file system with some more options at $work/full.
mount_small() {
  mount -t tmpfs -o "size=1m$1" none "$work/full" 2>/dev/null || skip "no right to mount a small file system"
}

# An executor may still be closing what it could not write.
unmount_small() {
  wait_until 60 is_unmounted || problem "$work/full is in use"
}

is_unmounted() {
  umount "$work/full" 2>/dev/null
}

case_disk_full() {
  mount_small ''
  [ -z "$skipped" ] || return 0
  output=$work/full/out attend disk-full "$cluster" --conf spark.cores.max=2
  expect_refused disk-full 1 'No space left on device'
  expect_no_output "$work/full/out"
  unmount_small
}

case_output_read_only() {
  mount_small ,ro
  [ -z "$skipped" ] || return 0
  output=$work/full/out attend output-read-only 'local[1]'
  expect_refused output-read-only 3 '\[HLA_OUTPUT_PATH\] .*/full/out cannot be made'
  unmount_small
}

case_output_below_file() {
  touch "$work/file"
  output=$work/file/out attend output-below-file 'local[1]'
  expect_refused output-below-file 3 '\[HLA_OUTPUT_PATH\] .*/file is not a folder'
}

# A driver that is killed while half of the parts are written; then the same command again.
case_kill_driver() {
  set_fault kill-driver attend tokens hold
  start_attend kill-driver "$cluster" --conf spark.cores.max=2 "${fault[@]}"
  await_fault kill-driver
  kill_process kill-driver
  go_on kill-driver
  [ ! -e "$work/out/kill-driver" ] || problem "there is an output"
  attend kill-driver "$cluster" --conf spark.cores.max=2
  expect_same_bits kill-driver
}

# A driver that is asked to end there cleans up.
case_end_driver() {
  set_fault end-driver attend tokens hold
  start_attend end-driver "$cluster" --conf spark.cores.max=2 "${fault[@]}"
  await_fault end-driver
  kill -TERM "$(cat "$work/pid/end-driver")"
  finish end-driver
  expect_status 143
  expect_no_output "$work/out/end-driver"
}

# --- A driver that is killed while tables are published -----------------------------------------------------------

readonly half=$((tokens / 4))

# Runs a job that adds the second half of the sequences to outputs and advances the states behind the first half in their place;
# kills its driver in front of the first rename that PATTERN fits (FROM TO, paths); then starts it again, which must find all of it
# done: outputs are there once, and states stand behind them.
kill_between() {
  local name=$1 pattern=$2 at=$work/out/$1
  mkdir "$at" "$work/fault/$name"
  fault=(
    --conf spark.hadoop.fs.file.impl=io.hla.spark.faults.HeldFileSystem --conf "spark.hadoop.fault.rename=$pattern"
    --conf "spark.hadoop.fault.folder=$work/fault/$name"
  )
  output=$at/out where="pos < $half" more="--final-state $at/state" attend "$name" 'local[1]'
  expect_status 0
  local output=$at/out where="pos >= $half"
  local more="--mode append --run-id later --initial-state $at/state --final-state $at/state"
  start_attend "$name" 'local[1]' "${fault[@]}"
  await_fault "$name"
  kill_process "$name"
  attend "$name" 'local[1]'
  expect_status 0
  expect_line "$work/log/$name.out" 'nothing to do: run later is in'
  expect_line "$work/log/$name.err" 'finished what an earlier command'
  "$root/submit.sh" --master 'local[1]' inspect "$at/out" >"$work/log/$name.inspect" 2>/dev/null || problem "no outputs"
  expect_line "$work/log/$name.inspect" '^48,000 tokens in 2 sequences'
  if grep -q 'tokens for' "$work/log/$name.inspect"; then problem "outputs are missing, or there twice"; fi
  "$root/submit.sh" --master 'local[1]' inspect "$at/state" >"$work/log/$name.inspect" 2>/dev/null || problem "no states"
  expect_line "$work/log/$name.inspect" '^2 states'
  [ "$(grep -c 'next 24000' "$work/log/$name.inspect")" -eq 2 ] || problem "states do not stand behind the outputs"
  [ -z "$(find "$at" -maxdepth 1 -name '.*.*')" ] || problem "a hidden folder stays"
}

case_kill_before_adding() {
  kill_between kill-before-adding '.*[.]staging-[^/]*/part-[^ ]* .*/out/part-.*'
}

case_kill_before_moving_away() {
  kill_between kill-before-moving-away '.*/state .*[.]previous-[^/]*'
}

case_kill_before_moving_in() {
  kill_between kill-before-moving-in '.*[.]state[.]staging-[^/]* .*/state'
}

# --- Inputs that change between the passes -----------------------------------------------------------------------

# Runs a job on a copy of the input and calls CHANGE with its last file before the second pass reads that.
change_input() {
  local name=$1 change=$2 last
  mkdir "$work/$name"
  # Without Hadoop's checksum files, which few file systems have.
  cp "$input"/part-* "$work/$name"
  # Spark sorts by size: the smallest file is read last.
  last=$(find "$work/$name" -name 'part-*' -printf '%s %p\n' | sort -n | head -n 1 | cut -d ' ' -f 2)
  set_fault "$name" attend tokens hold
  input=$work/$name start_attend "$name" "$cluster" --conf spark.cores.max=2 "${fault[@]}"
  await_fault "$name"
  "$change" "$last"
  go_on "$name"
  finish "$name"
  expect_status 3
  expect_line "$work/log/$name.err" "\[HLA_INPUT_CHANGED\] .*$(basename "$last")"
  [ "${more:-}" = '--mode append' ] || expect_no_output "$work/out/$name"
}

truncate_file() {
  truncate -s -1000 "$1"
}

# The same rows with other numbers, as a writer that renames would put them there.
replace_file() {
  local part
  part=$(basename "$1")
  cp "$work"/tokens2/"${part:0:10}"* "$1.new"
  mv "$1.new" "$1"
}

case_input_truncated() {
  change_input input-truncated truncate_file
}

case_input_replaced() {
  change_input input-replaced replace_file
}

case_input_deleted() {
  change_input input-deleted rm
}

# Nothing is added to a table by a job whose input changed.
case_append_input_replaced() {
  local before
  cp -r "$work/out/reference" "$work/out/append-input-replaced"
  before=$(cd "$work/out/append-input-replaced" && find . -type f -exec cksum {} + | sort)
  more='--mode append' change_input append-input-replaced replace_file
  [ "$before" = "$(cd "$work/out/append-input-replaced" && find . -type f -exec cksum {} + | sort)" ] || problem "the table changed"
}

# --- Native kernels that one executor lacks ----------------------------------------------------------------------

attend_without_native() {
  mkdir -p "$work/unpack/0"
  attend "$1" "$cluster" --conf spark.cores.max=2 \
    --conf "spark.executor.extraJavaOptions=$quick_start -Dhla.kernels.tmpdir=$work/unpack/{{EXECUTOR_ID}}"
}

case_native_missing_auto() {
  attend_without_native native-missing-auto
  expect_status 0
  # One set of kernels for the whole job: the least that its executors can run.
  expect_line "$work/report/native-missing-auto.json" '"kernels" : "java'
  expect_line "$work/report/native-missing-auto.json" '"kernelsBecause" : ".*least'
  [ -n "$(grep -lsE 'Computing in Java, .*cannot unpack' "$work"/worker*/app-*/1/stderr)" ] || problem "no line in the log"
}

case_native_missing_forced() {
  kernels=native attend_without_native native-missing-forced
  expect_refused native-missing-forced 3 '\[HLA_NATIVE_UNAVAILABLE\] .*cannot unpack'
}

# --- Models ------------------------------------------------------------------------------------------------------

case_extract_same_two_workers() {
  extract extract-same-two-workers "$cluster" --conf spark.cores.max=2 "${executor_scan[@]}"
  expect_line "$work/report/extract-same-two-workers.json" '"betweenLayers" : "kept"'
  expect_same_bits extract-same-two-workers extracted
}

case_extract_recomputed() {
  extract extract-recomputed "$cluster" --conf spark.cores.max=2 --conf spark.hla.extract.keepBytes=0
  expect_line "$work/report/extract-recomputed.json" '"betweenLayers" : "recomputed"'
  expect_same_bits extract-recomputed extracted
}

kill_executor_in_extract() {
  local name=$1
  set_fault "$name" "$2" tokens hold
  start_extract "$name" "$cluster" --conf spark.cores.max=2 "${fault[@]}"
  await_fault "$name"
  kill -KILL "$reached" || problem "there was no executor to kill"
  go_on "$name"
  finish "$name"
  expect_same_bits "$name" extracted
}

case_extract_kill_executor_in_layer_1() {
  kill_executor_in_extract extract-kill-executor-in-layer-1 'layer 1 summarize'
}

# The vectors between layers that the executor kept are lost with it.
case_extract_kill_executor_in_layer_3() {
  kill_executor_in_extract extract-kill-executor-in-layer-3 'layer 3 summarize'
}

case_extract_kill_executor_in_features() {
  kill_executor_in_extract extract-kill-executor-in-features features
}

case_extract_kill_driver() {
  set_fault extract-kill-driver 'layer 2 summarize' tokens hold
  start_extract extract-kill-driver "$cluster" --conf spark.cores.max=2 "${fault[@]}"
  await_fault extract-kill-driver
  kill_process extract-kill-driver
  go_on extract-kill-driver
  [ ! -e "$work/out/extract-kill-driver" ] || problem "there is an output"
  extract extract-kill-driver "$cluster" --conf spark.cores.max=2
  expect_same_bits extract-kill-driver extracted
}
