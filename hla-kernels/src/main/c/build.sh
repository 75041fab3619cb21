#!/bin/sh
# Builds the native kernels for this machine, and for Linux on aarch64 where Debian's cross compiler is installed; Maven
# calls it with the directory of the generated headers and the directory of the compiled classes. Without a C toolchain
# the jar goes without native kernels and computes in Java; where there is one, an error in the C sources fails the build.
set -eu

include=$1
classes=$2
sources=$(dirname "$0")
cross=aarch64-linux-gnu-gcc
built=

[ -f "$sources/Makefile" ] || exit 0

leave_out() {
  echo "No native kernels for $1 in this jar, it will compute in Java there: $2."
}

# What a compiler compiles for, as `uname` names it there.
platform_of() {
  case $($1 -dumpmachine) in
    *-linux*) echo "linux-$($1 -dumpmachine | cut -d - -f 1)" ;;
  esac
}

build() {
  make -s -C "$sources" CC="$1" JAVA_HOME="$JAVA_HOME" INCLUDE="$include" OUT="$classes/native/$2"
  built="$built $2"
}

build_for_this_machine() {
  cc=${CC:-gcc}
  here=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
  if ! command -v "${cc%% *}" >/dev/null; then
    leave_out "$here" "${cc%% *} is not installed"
  elif [ -z "$(platform_of "$cc")" ]; then
    leave_out "$here" "$cc does not compile for Linux"
  else
    build "$cc" "$(platform_of "$cc")"
  fi
}

build_for_aarch64() {
  case $built in *aarch64) return ;; esac
  if ! command -v "$cross" >/dev/null; then
    leave_out linux-aarch64 "$cross is not installed"
  elif ! echo '#include <math.h>' | "$cross" -E - >/dev/null 2>&1; then
    leave_out linux-aarch64 "$cross has no C library"
  else
    build "$cross" linux-aarch64
  fi
}

if ! command -v make >/dev/null; then
  leave_out "any machine" "make is not installed"
elif ! [ -f "$JAVA_HOME/include/jni.h" ]; then
  leave_out "any machine" "$JAVA_HOME has no include/jni.h"
else
  build_for_this_machine
  build_for_aarch64
fi

# Those of an earlier build, with compilers that are gone.
for library in "$classes"/native/*/libhla.so; do
  platform=$(basename "$(dirname "$library")")
  case "$built " in
    *" $platform "*) ;;
    *) rm -f "$library" ;;
  esac
done
