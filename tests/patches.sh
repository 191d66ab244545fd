#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The patches of patches/: each is clean for checkpatch, applies after those before
# it, and leaves everything that any of them touches compiling without a warning,
# on arm64 and x86_64, and those of the core series on armhf and riscv64, too, with
# patches/riscv on the latter; drivers that no emulator has are among it.
# Usage: work=DIR [ALL=1] tests/patches.sh
# Without ALL=1 only checkpatch, and whether they apply.

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"
top=$PWD
. vm/build.sh
set +e +o pipefail

series=(patches/[0-9]*.patch)
core=(patches/core/*.patch)
variant=(patches/core/write-faults/*.patch)
separate=(patches/dax/*.patch patches/gem-shmem/*.patch)
riscv=(patches/riscv/*.patch)

# objects ARCH PATCH...: the objects that the patches touch.
objects() {
	sed -n 's,^+++ b/\([^[:space:]]*\)\.c$,\1.o,p' "${@:2}" | sort -u |
		# Drivers that the architecture does not have, and what one of them selects.
		case $1 in
		arm64)	grep -v '^drivers/gpu/drm/i915/\|^drivers/accel/amdxdna/' ;;
		amd64)	grep -v '^drivers/gpu/drm/panthor/' ;;
		*)	grep -v '/mapping_dirty_helpers' ;;
		esac
}

# A driver that the configuration has lost has no rule to be made by.
compile_objects() {
	local log

	# Linux 7.3 has one warning of its own in a file that a patch touches.
	mapfile -t log < <({ "${kmake[@]}" W=1 "$@" 2>&1 || echo "failed"; } |
		grep -v ' expecting prototype for __drm_gem_shmem_release_sgt_locked()')
	((${#log[@]} == 0)) || {
		printf '%s\n' "${log[@]}"
		return 1
	}
}

first() {
	use_patches && configure "$1" && compile_objects "${list[@]}"
}

after() {
	use_patches "$@" && compile_objects "${list[@]}"
}

style() {
	(cd "$tree" && scripts/checkpatch.pl --strict --ignore UNKNOWN_COMMIT_ID --show-types "$top/$1")
}

make_cache
deps kernel
fetch_tree 7.3
tree=$fetched

# each_after LABEL PATCH...
each_after() {
	local label=$1 name n
	shift

	for ((n = 1; n <= $#; n++)); do
		name=${*:n:1}
		name=${name#patches/}
		check "$label.${name%.patch}" after "${@:1:n}"
	done
}

# applies LABEL PATCH...
applies() {
	changed "${@:2}" >"$work/files"
	check "apply.$1" apply "$work/patched" "$work/files" "${@:2}"
}

# use_objects LABEL CONFIG PATCH...: sets $dir and $list. The label begins with ARCH.
use_objects() {
	local arch=${1%%.*}

	dir=$cache/objects-$arch-7.3
	kernel_make "$arch" "$dir"
	lock "objects-$arch-7.3"
	mapfile -t list < <(objects "$arch" "${@:3}")
	check "$1.before" first "$2"
}

for patch in "${series[@]}" "${core[@]}" "${variant[@]}" "${separate[@]}" "${riscv[@]}"; do
	name=${patch#patches/}
	check "checkpatch.${name%.patch}" style "$patch"
done
if [[ ! ${ALL:-} ]]; then
	applies opt_in "${series[@]}" "${separate[@]}"
	applies core "${core[@]}" "${variant[@]}" "${separate[@]}" "${riscv[@]}"
	plan
	exit
fi
for arch in arm64 amd64; do
	use_objects "$arch" tests/drivers.config "${series[@]}" "${core[@]}" "${separate[@]}"
	each_after "$arch" "${series[@]}"
	each_after "$arch" "${core[@]}" "${variant[@]}"
	for patch in "${separate[@]}"; do
		name=${patch#patches/}
		check "$arch.alone.${name%.patch}" after "$patch"
		check "$arch.with_series.${name%.patch}" after "${series[@]}" "$patch"
		check "$arch.with_core.${name%.patch}" after "${core[@]}" "$patch"
	done
	unlock
done
deps vm-armhf vm-riscv64
for arch in armhf riscv64; do
	use_objects "$arch" tests/core.config "${core[@]}"
	each_after "$arch" "${core[@]}" "${variant[@]}"
	[[ $arch != riscv64 ]] || check riscv64.riscv after "${core[@]}" "${riscv[@]}"
	unlock
done
# Without pte_special, and without huge pages.
grep -v 'LPAE\|HUGEPAGE' tests/core.config >"$work/no_lpae.config"
use_objects armhf.no_lpae "$work/no_lpae.config" patches/core/0003-*.patch
each_after armhf.no_lpae "${core[@]}" "${variant[@]}"
unlock
plan
