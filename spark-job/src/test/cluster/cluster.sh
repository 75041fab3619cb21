# Starts and ends a standalone Spark cluster on the loopback address of this machine. To be sourced; wants $work, a folder for
# logs and process ids, and $spark_home, a folder with Spark's jars.
# shellcheck shell=bash disable=SC2154

# Runs a command in the background in a session of its own: its id is the id of the group of all that it starts.
start_process() {
  local name=$1
  shift
  setsid "$@" >"$work/log/$name.out" 2>"$work/log/$name.err" </dev/null &
  echo $! >"$work/pid/$name"
}

# Ends a process with all that it started.
stop_process() {
  local pid
  [ -f "$work/pid/$1" ] || return 0
  pid=$(cat "$work/pid/$1")
  kill -TERM -- "-$pid" 2>/dev/null || true
  wait_until 10 group_is_gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true
  rm "$work/pid/$1"
}

# Kills one process at once, and nothing that it started. Waiting for it keeps bash from reporting it.
kill_process() {
  local pid
  pid=$(cat "$work/pid/$1")
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
}

group_is_gone() {
  ! kill -0 -- "-$1" 2>/dev/null
}

# Waits until a command succeeds, at most so many seconds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then return 1; fi
    sleep 0.1
  done
}

start_daemon() {
  local name=$1 host=$2
  shift 2
  SPARK_HOME=$spark_home SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=$host SPARK_LOCAL_DIRS=$work/local HLA_LOG_LEVEL=INFO \
    start_process "$name" \
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${module_options[@]}" -Xmx256m \
    "-Dlog4j2.configurationFile=$root/spark-job/src/main/spark-conf/log4j2.properties" \
    -Dspark.master.rest.enabled=false -cp "$spark_home/jars/*" "$@" --host "$host" --webui-port 0
}

# Sets $cluster, the URL of the master.
start_master() {
  start_daemon master 127.0.0.1 org.apache.spark.deploy.master.Master --port 0
  wait_until 120 grep -qs 'I have been elected leader' "$work/log/master.err"
  cluster=$(grep -oE 'spark://127.0.0.1:[0-9]+' "$work/log/master.err" | head -n 1)
}

# Every worker has an address of its own: Spark runs no second copy of a task on the host of the first.
start_worker() {
  start_daemon "worker$1" "127.0.0.$1" org.apache.spark.deploy.worker.Worker "$cluster" --cores 1 --memory 1g \
    --work-dir "$work/worker$1"
  wait_until 120 grep -qs 'Successfully registered with master' "$work/log/worker$1.err"
}

# Ends all that start_process started.
stop_all() {
  local file
  for file in "$work"/pid/*; do
    [ -e "$file" ] && stop_process "$(basename "$file")"
  done
  return 0
}
