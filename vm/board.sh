#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes an archive for a machine that has no more than BusyBox: static programs, and
# what runs them. The same sources, compiler and libdrm make the same bytes.
# CROSS_COMPILE is the tool chain, aarch64-linux-gnu- if unset; SOURCE_DATE_EPOCH the
# time that the files have.
# Usage: vm/board.sh FILE.tar.xz
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=deps.sh
. "$here/deps.sh"
# shellcheck source=fetch.sh
. "$here/fetch.sh"
top=${here%/*}

# use_machine TOOL-CHAIN: installs it where that is known how, and sets libdrm to what
# make is to be told about it. Another machine takes a libdrm that its compiler finds,
# and the kernel's UAPI headers without.
use_machine() {
	local arch

	libdrm=LIBDRM_DIR=
	case $1 in
	aarch64-linux-gnu-)	arch=arm64 ;;
	x86_64-linux-gnu-)	arch=amd64 ;;
	riscv64-linux-gnu-)	deps build vm-riscv64; return ;;
	*)			deps build; return ;;
	esac
	deps vm "vm-$arch"
	# Not in this shell, which would end where it cannot be had.
	if libdrm=$("$here/fetch.sh" package "$arch" bookworm libdrm-dev); then
		libdrm=LIBDRM_DIR=$libdrm
	else
		tell "without libdrm: the programs take the kernel's UAPI"
		libdrm=LIBDRM=0
	fi
}

build_programs() {
	# A make above us has passed its variables on; its options are not for this one.
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		make -C "$top" -j"$(nproc)" OUTPUT="$tmp/build" CROSS_COMPILE="$cross" \
		"$libdrm" USERLDFLAGS='-static -s' INSTALL_PATH="$tmp/install" all install
}

pack() {
	local dir=$tmp/board/pfn-mkwrite

	mkdir -p "$dir" &&
	cp "$tmp/install"/{pfn_mkwrite_{test,drm,bench},run_tests.sh,report.awk} \
		"$top/LICENSE" "$dir" &&
	cp "$here/board.txt" "$dir/README" &&
	# Old and small unpackers know no other checksum, and have little memory.
	env -u TAR_OPTIONS -u XZ_DEFAULTS -u XZ_OPT tar -c -C "$tmp/board" --format=ustar \
		--sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX pfn-mkwrite |
		env -u XZ_DEFAULTS -u XZ_OPT xz -T1 --check=crc32 \
			--lzma2=preset=9e,dict=4MiB >"$tmp/board.tar.xz"
}

(($# == 1)) || die "usage: vm/board.sh FILE.tar.xz"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
make_tmp
use_machine "$cross"
if ! step "building the suite with ${cross}gcc" build_programs; then
	cat "$tmp/log" >&2
	die "the suite does not build with ${cross}gcc"
fi
step "packing" pack || die "the programs cannot be packed: $(why)"
{ cp "$tmp/board.tar.xz" "$1"; } 2>"$tmp/log" || die "$1 cannot be written: $(why)"
finish 0
