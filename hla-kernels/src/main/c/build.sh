#!/bin/sh
# Builds the native kernels for this machine; Maven calls it with the directory of the generated headers and the
# directory of the compiled classes. Without a C toolchain the jar goes without native kernels and computes in Java;
# where there is one, an error in the C sources fails the build.
set -eu

include=$1
classes=$2
sources=$(dirname "$0")

system=$(uname -s | tr '[:upper:]' '[:lower:]')
machine=$(uname -m)
case $machine in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
esac

[ -f "$sources/Makefile" ] || exit 0

leave_out() {
  rm -f "$classes/native/$system-$machine/libhla.so"
  echo "No native kernels for $system-$machine in this jar, it will compute in Java: $1."
  exit 0
}

cc=${CC:-gcc}
command -v make >/dev/null || leave_out "make is not installed"
command -v "${cc%% *}" >/dev/null || leave_out "${cc%% *} is not installed"
[ -f "$JAVA_HOME/include/jni.h" ] || leave_out "$JAVA_HOME has no include/jni.h"

exec make -s -C "$sources" CC="$cc" JAVA_HOME="$JAVA_HOME" INCLUDE="$include" OUT="$classes/native/$system-$machine"
