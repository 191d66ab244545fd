#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The patches of patches/: each is clean for checkpatch, applies after those before
# it, and leaves everything that any of them touches compiling without a warning,
# on arm64 and x86_64; drivers that no emulator has are among it.
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
separate=(patches/dax/*.patch patches/gem-shmem/*.patch)

# The objects that the patches touch.
objects() {
	sed -n 's,^+++ b/\([^[:space:]]*\)\.c$,\1.o,p' "${series[@]}" "${separate[@]}" | sort -u |
		if [[ $1 == arm64 ]]; then
			# Drivers that the architecture does not have.
			grep -v '^drivers/gpu/drm/i915/\|^drivers/accel/amdxdna/'
		else
			cat
		fi
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
	use_patches && configure tests/drivers.config && compile_objects "${list[@]}"
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

for patch in "${series[@]}" "${separate[@]}"; do
	name=${patch#patches/}
	check "checkpatch.${name%.patch}" style "$patch"
done
if [[ ! ${ALL:-} ]]; then
	changed "${series[@]}" "${separate[@]}" >"$work/files"
	check apply apply "$work/patched" "$work/files" "${series[@]}" "${separate[@]}"
	plan
	exit
fi
for arch in arm64 amd64; do
	dir=$cache/objects-$arch-7.3
	kernel_make "$arch" "$dir"
	lock "objects-$arch-7.3"
	mapfile -t list < <(objects "$arch")
	check "$arch.before" first
	for ((n = 1; n <= ${#series[@]}; n++)); do
		name=${series[n - 1]#patches/}
		check "$arch.${name%.patch}" after "${series[@]::n}"
	done
	for patch in "${separate[@]}"; do
		name=${patch#patches/}
		check "$arch.alone.${name%.patch}" after "$patch"
		check "$arch.with_series.${name%.patch}" after "${series[@]}" "$patch"
	done
	unlock
done
plan
