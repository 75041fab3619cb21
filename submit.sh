#!/usr/bin/env bash
# Runs an HLA command on Spark; builds the application first where that is due.
set -euo pipefail

readonly COMMANDS="attend extract validate generate inspect bench"

usage() {
  cat <<'TEXT'
Usage: ./submit.sh [spark-submit options] COMMAND [options]

Commands:
  attend     attention over a token table or a text, one output row per token
  extract    features or scores of a model over text or ids of any length
  validate   prove that the distributed scan equals the recurrence on this cluster
  generate   make a token table of any size
  inspect    describe a token table, a state table or a run report
  bench      measure the kernels or a whole job
./submit.sh COMMAND --help lists the options of a command.

Examples:
  ./submit.sh attend --text data/moby-dick.txt --model data/glove-moby-100d.safetensors \
      --vocab data/vocab.txt --num-heads 4 --output out/moby
  ./submit.sh --master spark://host:7077 --executor-memory 8g \
      attend --input hdfs:///tokens --num-heads 8 --output hdfs:///attended
  ./submit.sh --driver-memory 8g validate --input tokens.parquet --num-heads 8

Options before COMMAND are spark-submit's own. The first run builds the application with Maven.

Environment:
  SPARK_HOME      a distribution of Spark 4.0, 4.1 or 4.2 (Scala 2.13) to use; without it, the Spark 4.1 that Maven fetches
  JAVA_HOME       a JDK, 17 or newer, with Spark 4.0 and 4.1 up to 22; without it, the java on the PATH
  HLA_LOG_LEVEL   Spark's log level, ERROR unless set; INFO shows what Spark does
  HLA_MVN_OPTS    further options for Maven, separated by spaces
TEXT
}

fail() {
  echo "submit.sh: $1" >&2
  exit "${2:-1}"
}

# The directory of this script, whatever symbolic links lead to it.
find_root() {
  local file=${BASH_SOURCE[0]} link
  while [ -L "$file" ]; do
    link=$(readlink "$file")
    case $link in
      /*) file=$link ;;
      *) file=$(dirname "$file")/$link ;;
    esac
  done
  cd "$(dirname "$file")" && pwd -P
}

# --- Command line ------------------------------------------------------------------------------------------------

spark_options=()
command=()
log_level=${HLA_LOG_LEVEL:-}
master=
properties_file=

# Splits the arguments into spark_options and COMMAND with its own; notes what decides about our defaults.
parse_arguments() {
  local option value
  while [ $# -gt 0 ]; do
    option=$1
    case $option in
      -h | --help)
        usage
        exit 0
        ;;
      -v | --verbose | --version | --supervise | --usage-error | --load-spark-defaults)
        spark_options+=("$option")
        shift
        ;;
      -*)
        case $option in
          --*=*)
            value=${option#*=}
            spark_options+=("$option")
            shift
            ;;
          *)
            [ $# -ge 2 ] || fail "$option needs a value" 2
            value=$2
            spark_options+=("$option" "$value")
            shift 2
            ;;
        esac
        case ${option%%=*} in
          --master) master=$value ;;
          --properties-file) properties_file=$value ;;
          -c | --conf)
            case $value in
              spark.master=*) master=${value#*=} ;;
              spark.log.level=*) log_level=${value#*=} ;;
            esac
            ;;
        esac
        ;;
      *)
        case " $COMMANDS " in
          *" $option "*) command=("$@") ;;
          *) fail "unknown command \"$option\", expected one of: $COMMANDS (./submit.sh --help tells more)" 2 ;;
        esac
        return
        ;;
    esac
  done
  fail "no command given, expected one of: $COMMANDS (./submit.sh --help tells more)" 2
}

# --- Tools -------------------------------------------------------------------------------------------------------

find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, which has no bin/java"
  else
    java=$(command -v java) || fail "no Java found: set JAVA_HOME to a JDK, 17 or newer, or put its java on the PATH"
  fi
  java_version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${java_version:-0}" -ge 17 ] ||
    fail "$java is Java ${java_version:-of an unknown version}, expected 17 or newer: set JAVA_HOME"
}

# From Java 23 on there is no Subject.getSubject; Hadoop's newer client has a class in its place. Until Spark is fetched its
# Hadoop is that of the build's default, which has none.
check_hadoop() {
  local client jars=${SPARK_HOME:-$embedded}/jars
  [ "$java_version" -ge 23 ] || return 0
  for client in "$jars"/hadoop-client-api-*.jar; do
    if [ -e "$client" ] && grep -aq 'security/authentication/util/SubjectUtil[.]class' "$client"; then return 0; fi
    if [ ! -e "$client" ] && [ -n "${SPARK_HOME:-}" ]; then return 0; fi
  done
  fail "$java is Java $java_version, on which the Hadoop of ${SPARK_HOME:-Spark $line} does not run, expected 17 to 22: \
set JAVA_HOME to such a JDK, or SPARK_HOME to a Spark 4.2, which runs on newer ones"
}

# Sets the line of Spark: internal classes that the application uses differ from one to the next, so that each has its own build.
check_distribution() {
  local core version
  [ -x "$SPARK_HOME/bin/spark-submit" ] ||
    fail "SPARK_HOME is $SPARK_HOME, which has no bin/spark-submit; unset it to run with the Spark that Maven fetches"
  for core in "$SPARK_HOME"/jars/spark-core_*.jar; do
    [ -e "$core" ] || continue
    version=${core##*/spark-core_}
    version=${version%.jar}
    case $version in
      2.13-4.[012].*) ;;
      *)
        fail "SPARK_HOME is $SPARK_HOME with Spark ${version#*-} for Scala ${version%%-*}, \
expected Spark 4.0, 4.1 or 4.2 for Scala 2.13"
        ;;
    esac
    version=${version#2.13-4.}
    line=4.${version%%.*}
  done
}

# --- Build -------------------------------------------------------------------------------------------------------

application_is_current() {
  [ -f "$application" ] &&
    [ -z "$(find "$root"/pom.xml "$root"/*/pom.xml "$root"/*/src/main -newer "$application" -not -path '*/src/main/python*')" ]
}

embedded_spark_is_current() {
  [ -f "$embedded/RELEASE" ] && [ -z "$(find "$root"/pom.xml "$root"/spark-job/pom.xml -newer "$embedded/RELEASE")" ]
}

is_built() {
  application_is_current && { [ -n "${SPARK_HOME:-}" ] || embedded_spark_is_current; }
}

run_maven() {
  local arguments=(-q -B -Dmaven.test.skip=true "-Dspark.line=$line") fetch=
  command -v mvn >/dev/null || fail "Maven (mvn) is not on the PATH; it is needed to build the application"
  # Words, on purpose: there may be several options.
  # shellcheck disable=SC2206
  arguments+=(${HLA_MVN_OPTS:-})
  if [ -z "${SPARK_HOME:-}" ] && ! embedded_spark_is_current; then
    fetch=yes
    echo "Building the application and fetching Spark ..." >&2
    arguments+=(-Pembedded-spark)
    rm -rf "$embedded"
  else
    echo "Building the application ..." >&2
  fi
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! (cd "$root" && mvn "${arguments[@]}" package) >"$log" 2>&1; then
    cat "$log" >&2
    fail "the build failed"
  fi
  if [ -n "$fetch" ]; then touch "$embedded/RELEASE"; fi
}

build() {
  if is_built; then return; fi
  (
    # One build at a time where two commands start together; the second finds the work done.
    if command -v flock >/dev/null; then
      mkdir -p "$root/spark-job/target"
      exec 9>"$root/spark-job/target/submit.lock"
      flock 9
      if is_built; then exit; fi
    fi
    run_maven
  ) || exit
}

# --- Run ---------------------------------------------------------------------------------------------------------

# The value of a setting in the user's properties file, or else in spark-defaults.conf; empty where there is none.
configured() {
  local file=${properties_file:-${SPARK_CONF_DIR:-${SPARK_HOME:-$embedded}/conf}/spark-defaults.conf}
  [ -f "$file" ] || return 0
  sed -n "s/^[[:space:]]*${1//./\\.}[[:space:]=:][[:space:]=:]*//p" "$file" | tail -n 1
}

# What the user set, in a file or in options, goes before it: options come later on the command line.
defaults=()
default_setting() {
  [ -n "$(configured "$1")" ] || defaults+=(--conf "$1=$2")
}

# In local mode the driver does all the work: 4 GB of memory, or half of what there is.
local_memory() {
  local kilobytes=
  if [ -r /proc/meminfo ]; then
    kilobytes=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  fi
  if [ -n "$kilobytes" ] && [ "$kilobytes" -lt 8388608 ]; then
    echo "$((kilobytes / 2048))m"
  else
    echo 4g
  fi
}

choose_defaults() {
  local terminal=false progress
  if [ -t 2 ]; then terminal=true; fi
  progress=$terminal
  case ${command[0]} in
    # These show the share that is done themselves; Spark's bar would write over it.
    attend | extract | validate) progress=false ;;
  esac
  default_setting spark.log.level "${log_level:-ERROR}"
  default_setting spark.ui.showConsoleProgress "$progress"
  default_setting spark.hla.console.terminal "$terminal"

  master=${master:-$(configured spark.master)}
  case ${master:-${MASTER:-local}} in
    local*)
      default_setting spark.driver.memory "$(local_memory)"
      export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
      ;;
  esac

  if [ -n "$log_level" ]; then export HLA_LOG_LEVEL=$log_level; fi
  if [ ! -f "${SPARK_CONF_DIR:-${SPARK_HOME:-$embedded}/conf}/log4j2.properties" ]; then
    export SPARK_SUBMIT_OPTS="\"-Dlog4j2.configurationFile=$logging\" ${SPARK_SUBMIT_OPTS:-}"
  fi
}

# What a distribution's bin/spark-class does: Spark's launcher works out the JVM's command and prints a NUL, a line feed and
# the words of the command, each ended by NUL; we add its exit code.
run_embedded() {
  local records=() record last
  export SPARK_HOME=$embedded SPARK_SCALA_VERSION=2.13
  while IFS= read -r -d '' record; do
    # Spark's linear algebra alone uses this module, and it makes the JVM print a warning.
    if [ "$record" != --add-modules=jdk.incubator.vector ]; then
      records+=("${record#$'\n'}")
    fi
  done < <(
    status=0
    "$java" -Xmx128m -cp "$embedded/jars/*" org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit "$@" ||
      status=$?
    printf '%d\0' "$status"
  )
  last=$((${#records[@]} - 1))
  [ "${records[last]}" -eq 0 ] || exit "${records[last]}"
  exec "${records[@]:1:last-1}"
}

root=$(find_root)
readonly root
readonly default_line=4.1
line=$default_line
readonly embedded=$root/spark-job/target/spark
readonly logging=$root/spark-job/src/main/spark-conf/log4j2.properties

if [ $# -eq 0 ]; then
  usage
  exit 0
fi
parse_arguments "$@"
find_java
if [ -n "${SPARK_HOME:-}" ]; then check_distribution; fi
check_hadoop
case $line in
  "$default_line") application=$root/spark-job/target/hla-spark.jar ;;
  *) application=$root/spark-job/target/spark-$line/hla-spark.jar ;;
esac
build
choose_defaults

submit=("${defaults[@]}" ${spark_options[@]+"${spark_options[@]}"} --class io.hla.spark.cli.Main "$application" "${command[@]}")
if [ -n "${SPARK_HOME:-}" ]; then
  exec "$SPARK_HOME/bin/spark-submit" "${submit[@]}"
else
  run_embedded "${submit[@]}"
fi
