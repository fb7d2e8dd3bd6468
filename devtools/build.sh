#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the project into build/NAME of the checkout.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/build.sh [NAME]...

Configures (once) and builds with meson in build/NAME, warnings as errors:
  gcc    what devtools/run.sh and the guest tests use (default)
  clang  the same with clang
  asan   gcc with the address and undefined behaviour sanitizers
  tsan   gcc with the thread sanitizer
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
if [ $# -eq 0 ]; then set -- gcc; fi

for name; do
	compiler=gcc options=()
	case $name in
	gcc) options=(-Dstress_seconds=120) ;;
	clang) compiler=clang ;;
	asan) options=(-Db_sanitize='address,undefined' -Db_lundef=false) ;;
	tsan) options=(-Db_sanitize=thread -Db_lundef=false -Dstress_seconds=120) ;;
	*) usage >&2; die "unknown build $name" ;;
	esac
	dir=$top/build/$name
	mkdir -p "$dir"
	exec 9>"$dir/lock"
	flock 9
	if [ ! -f "$dir/build.ninja" ]; then
		with_progress "configure build/$name" "$dir/setup.log" \
			env CC=$compiler meson setup "$dir" "$top" --werror "${options[@]}"
	fi
	with_progress "compile build/$name" "$dir/compile.log" ninja -C "$dir"
done
