#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds with each compiler, harness and libdrm, without a warning, and what the
# Makefile promises. Usage: work=DIR tests/builds.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/builds
libdrm=$(vm/fetch.sh package arm64 bookworm libdrm-dev) || exit
cross='CROSS_COMPILE=aarch64-linux-gnu-'
static="$cross LIBDRM_DIR=$libdrm"

# build NAME [VARIABLE|GOAL...]
build() {
	local dir=$out/$1
	shift
	mkdir -p "$dir"
	make -j2 OUTPUT="$dir" USERCFLAGS=-Werror all "$@"
}

# The program is for this machine, linked as it should be, and by this DRM file.
is_arm64_static() {
	file=$(readelf -h "$1" | grep Machine:) && [[ $file == *AArch64* ]] &&
		! readelf -l "$1" | grep INTERP
}

uses() {
	strings -a "$2" | grep -qx "$1"
}

# The kselftest programs run on their own: each of 0, 1 and 4 is a result.
runs() {
	local rc=0
	"$1" >"$work/said" 2>&1 || rc=$?
	grep -qE '^(1\.\.[1-9]|1\.\.0 # SKIP)' "$work/said" &&
		((rc == 0 || rc == 1 || rc == 4))
}

for harness in 6.1 6.12 7.3; do
	# The unit tests run with the newest alone; clang has words with TEST() of others.
	goals=(HARNESS="$harness")
	[[ $harness != 7.3 ]] || goals+=(tests)
	check "gcc-$harness" build "gcc-$harness" "${goals[@]}"
	check "gcc-$harness.runs" runs "$out/gcc-$harness/pfn_mkwrite_test"
	check "clang-$harness" build "clang-$harness" LLVM=1 "${goals[@]}"
	check "clang-$harness.runs" runs "$out/clang-$harness/pfn_mkwrite_test"
done
check uapi build uapi LIBDRM=0
check uapi.used uses UAPI "$out/uapi/pfn_mkwrite_drm"
check uapi.runs runs "$out/uapi/pfn_mkwrite_drm"
check libdrm.used uses libdrm "$out/gcc-7.3/pfn_mkwrite_drm"
check libdrm.runs runs "$out/gcc-7.3/pfn_mkwrite_drm"
# shellcheck disable=SC2086	# to be split into words
check cross build cross $static
check cross.static is_arm64_static "$out/cross/pfn_mkwrite_drm"
check cross.libdrm uses libdrm "$out/cross/pfn_mkwrite_drm"
check cross.bench_static is_arm64_static "$out/cross/pfn_mkwrite_bench"
check cross.bench_libdrm uses libdrm "$out/cross/pfn_mkwrite_bench"
# Without a libdrm for that machine the build takes the UAPI by itself.
check cross-uapi build cross-uapi $cross
check cross-uapi.static is_arm64_static "$out/cross-uapi/pfn_mkwrite_drm"
check cross-uapi.used uses UAPI "$out/cross-uapi/pfn_mkwrite_drm"
check cross-uapi.bench_used uses UAPI "$out/cross-uapi/pfn_mkwrite_bench"
# shellcheck disable=SC2086
check cross-clang build cross-clang $static LLVM=1
check cross-clang.static is_arm64_static "$out/cross-clang/pfn_mkwrite_test"

# Another libdrm in the same folder is not left with the old objects.
check rebuild build uapi LIBDRM=1
check rebuild.used uses libdrm "$out/uapi/pfn_mkwrite_drm"

installed() {
	make OUTPUT="$out/gcc-7.3" INSTALL_PATH="$out/installed" install &&
		[ -x "$out/installed/run_tests.sh" ] &&
		[ -x "$out/installed/pfn_mkwrite_test" ] &&
		[ -x "$out/installed/pfn_mkwrite_drm" ] &&
		[ -x "$out/installed/pfn_mkwrite_bench" ]
}
check install installed

# Where it is not, as in a kernel tree, the rest builds all the same. Nothing starts it.
without_bench() {
	local tree=$out/without_bench

	copy_source "$tree" &&
		rm "$tree"/{pfn_mkwrite_bench.c,lib/bench{.h,.c,_*.c},lib/fault_map.h} &&
		make -C "$tree" TEST_GEN_PROGS_EXTENDED= USERCFLAGS=-Werror &&
		runs "$tree/pfn_mkwrite_test" &&
		[ ! -e "$tree/pfn_mkwrite_bench" ]
}
check without_bench without_bench

# The suite as it sits in a kernel tree: the harness is that of the tree.
in_tree() {
	local tree=$out/tree/tools/testing/selftests harness

	harness=$(vm/fetch.sh harness 6.12) &&
		mkdir -p "$tree/mm" &&
		cp -r "$harness"/* "$tree/" &&
		copy_source "$tree/mm/pfn_mkwrite" &&
		make -C "$tree/mm/pfn_mkwrite" USERCFLAGS=-Werror &&
		runs "$tree/mm/pfn_mkwrite/pfn_mkwrite_test" &&
		make -C "$tree/mm/pfn_mkwrite" clean &&
		[ ! -e "$tree/mm/pfn_mkwrite/pfn_mkwrite_test" ]
}
check in_tree in_tree

relative_output() {
	local tree=$out/copy

	copy_source "$tree" &&
		make -C "$tree" OUTPUT=build &&
		[ -x "$tree/build/pfn_mkwrite_test" ] &&
		[ ! -e "$tree/pfn_mkwrite_test" ] &&
		make -C "$tree" && [ -x "$tree/pfn_mkwrite_test" ] &&
		make -C "$tree" clean && [ ! -e "$tree/pfn_mkwrite_test" ]
}
check relative_output relative_output

no_tree() {
	! make OUTPUT="$out/none" KSRC=/nonexistent >"$work/said" 2>&1 &&
		grep -q 'KSRC=/nonexistent is no kernel tree' "$work/said"
}
check no_tree no_tree
plan
