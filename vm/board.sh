#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes an archive for a machine that has only BusyBox: static programs and
# run_tests.sh. Equal sources, compiler and libdrm give equal bytes.
# CROSS_COMPILE is the tool chain, aarch64-linux-gnu- if unset; BOARD_CC another compiler,
# whose C library need not fit Debian's libdrm; SOURCE_DATE_EPOCH the time that the files
# have.
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

# use_machine TOOL-CHAIN: installs a known tool chain, and sets libdrm to an argument of
# make. For an unknown one, make takes the libdrm that the compiler finds, or else the
# kernel's UAPI headers.
use_machine() {
	local arch

	libdrm=LIBDRM_DIR=
	case $1 in
	aarch64-linux-gnu-)	arch=arm64 ;;
	arm-linux-gnueabihf-)	arch=armhf ;;
	x86_64-linux-gnu-)	arch=amd64 ;;
	riscv64-linux-gnu-)	deps build vm-riscv64; return ;;
	*)			deps build; return ;;
	esac
	deps vm "vm-$arch"
	# In a process of its own: an error must not end this shell.
	if libdrm=$("$here/fetch.sh" package "$arch" bookworm libdrm-dev); then
		libdrm=LIBDRM_DIR=$libdrm
	else
		tell "without libdrm: the programs take the kernel's UAPI"
		libdrm=LIBDRM=0
	fi
}

build_programs() {
	# Keep the variables of a calling make, but not its options.
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		make -C "$top" -j"$(nproc)" OUTPUT="$tmp/build" CROSS_COMPILE="$cross" \
		"$libdrm" ${BOARD_CC:+CC="$BOARD_CC" LIBDRM=0} \
		USERLDFLAGS='-static -s' INSTALL_PATH="$tmp/install" all install
}

pack() {
	local dir=$tmp/board/pfn-mkwrite

	mkdir -p "$dir" &&
	cp "$tmp/install"/{pfn_mkwrite_{test,drm,explain,bench},run_tests.sh,*.awk} \
		"$top/LICENSE" "$dir" &&
	cp "$here/board.txt" "$dir/README" &&
	# Small unpackers know only CRC32, and have little memory.
	env -u TAR_OPTIONS -u XZ_DEFAULTS -u XZ_OPT tar -c -C "$tmp/board" --format=ustar \
		--sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX pfn-mkwrite |
		env -u XZ_DEFAULTS -u XZ_OPT xz -T1 --check=crc32 \
			--lzma2=preset=9e,dict=4MiB >"$tmp/board.tar.xz"
}

[[ $# == 1 && $1 ]] || die "usage: vm/board.sh FILE.tar.xz"
[[ ! ${BOARD_CC:-} || ${CROSS_COMPILE:-} ]] ||
	die "CC=$BOARD_CC: name its machine with CROSS_COMPILE, too"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
compiler=${BOARD_CC:-${cross}gcc}
make_tmp
use_machine "$cross"
if ! step "building the suite with $compiler" build_programs; then
	cat "$tmp/log" >&2
	die "the suite does not build with $compiler"
fi
step "packing" pack || die "the programs cannot be packed: $(why)"
{ cp "$tmp/board.tar.xz" "$1"; } 2>"$tmp/log" || die "$1 cannot be written: $(why)"
tell "$1 is for ${cross%%-*}. Copy it to such a machine, and there:"
tell "    tar xJf ${1##*/} && cd pfn-mkwrite && ./run_tests.sh"
finish 0
