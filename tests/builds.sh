#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds without a warning with each compiler, harness and libdrm, and the goals of the
# Makefile. ALL=1 takes musl and each cross compiler of Debian, too.
# Usage: work=DIR [ALL=1] tests/builds.sh

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

is_arm64_static() {
	file=$(readelf -h "$1" | grep Machine:) && [[ $file == *AArch64* ]] &&
		! readelf -l "$1" | grep INTERP
}

# uses libdrm|UAPI PROGRAM
uses() {
	strings -a "$2" | grep -qx "$1"
}

# runs PROGRAM: to its plan, with an exit status of kselftest.
runs() {
	local rc=0
	"$1" >"$work/said" 2>&1 || rc=$?
	grep -qE '^(1\.\.[1-9]|1\.\.0 # SKIP)' "$work/said" &&
		((rc == 0 || rc == 1 || rc == 4))
}

for harness in 6.1 6.12 7.3; do
	# The unit tests need the newest harness: clang warns about TEST() of others.
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
check cross.explain_static is_arm64_static "$out/cross/pfn_mkwrite_explain"
# There is no libdrm for that machine.
check cross-uapi build cross-uapi $cross
check cross-uapi.static is_arm64_static "$out/cross-uapi/pfn_mkwrite_drm"
check cross-uapi.used uses UAPI "$out/cross-uapi/pfn_mkwrite_drm"
check cross-uapi.bench_used uses UAPI "$out/cross-uapi/pfn_mkwrite_bench"
# shellcheck disable=SC2086
check cross-clang build cross-clang $static LLVM=1
check cross-clang.static is_arm64_static "$out/cross-clang/pfn_mkwrite_test"

# Another libdrm in the same folder rebuilds the objects.
check rebuild build uapi LIBDRM=1
check rebuild.used uses libdrm "$out/uapi/pfn_mkwrite_drm"

programs=(pfn_mkwrite_{test,drm})
tools=(pfn_mkwrite_{explain,module,bench})

installed() {
	make OUTPUT="$out/gcc-7.3" INSTALL_PATH="$out/installed" install &&
		diff <(printf '%s\n' "${programs[@]}" "${tools[@]}" config \
			{nearest,read,report,screen}.awk run_tests.sh settings | sort) \
			<(find "$out/installed" -maxdepth 1 -type f -printf '%f\n' | sort)
}
check install installed

# no_tools DIR
no_tools() {
	! (cd "$1" && ls -d "${tools[@]}" 2>/dev/null)
}

# Without the folders of the tools and of the tests, and without libdrm.
bare() {
	local tree=$out/bare harness

	harness=$(vm/fetch.sh harness) && copy_source "$out/bare-source" && mkdir -p "$tree" &&
		cp -r "$out/bare-source"/{Makefile,lib,pfn_mkwrite_*.c} "$tree" &&
		rm "$tree/lib/libdrm.mk" &&
		make -C "$tree" KSRC="${harness%/tools/testing/selftests}" USERCFLAGS=-Werror &&
		runs "$tree/pfn_mkwrite_test" && uses UAPI "$tree/pfn_mkwrite_drm" &&
		no_tools "$tree"
}
check bare bare

# In a kernel tree, whose harness serves.
in_tree() {
	local tree=$out/tree/tools/testing/selftests harness

	harness=$(vm/fetch.sh harness 6.12) &&
		mkdir -p "$tree/mm" &&
		cp -r "$harness"/* "$tree/" &&
		copy_source "$tree/mm/pfn_mkwrite" &&
		make -C "$tree/mm/pfn_mkwrite" USERCFLAGS=-Werror &&
		runs "$tree/mm/pfn_mkwrite/pfn_mkwrite_test" &&
		no_tools "$tree/mm/pfn_mkwrite" &&
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
		make -C "$tree" && [ -x "$tree/pfn_mkwrite_bench" ] &&
		make -C "$tree" clean && no_tools "$tree" && [ ! -e "$tree/pfn_mkwrite_test" ]
}
check relative_output relative_output

no_tree() {
	! make OUTPUT="$out/none" KSRC=/nonexistent >"$work/said" 2>&1 &&
		grep -q 'KSRC=/nonexistent is no kernel tree' "$work/said"
}
check no_tree no_tree

# 32 and 64 bits, either byte order.
architectures=(aarch64-linux-gnu alpha-linux-gnu arm-linux-gnueabi arm-linux-gnueabihf
	hppa-linux-gnu i686-linux-gnu m68k-linux-gnu mips-linux-gnu mips64el-linux-gnuabi64
	mipsel-linux-gnu powerpc-linux-gnu powerpc64-linux-gnu powerpc64le-linux-gnu
	riscv64-linux-gnu s390x-linux-gnu sh4-linux-gnu sparc64-linux-gnu x86_64-linux-gnu
	x86_64-linux-gnux32)
if [[ ${ALL:-} ]]; then
	check architectures.deps vm/deps.sh architectures
	for arch in "${architectures[@]}"; do
		check "architectures.$arch" build "$arch" LIBDRM=0 CROSS_COMPILE="$arch-"
	done
	check musl build musl LIBDRM=0 CC=musl-gcc
	check musl.runs runs "$out/musl/pfn_mkwrite_test"
fi
plan
