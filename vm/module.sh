#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds pfn_mkwrite_mod for a guest's kernel, and prints its path. A module is kept under
# its kernel and a hash of its sources. Stock kernels need Debian's linux-headers, the
# others their own sources.
# Usage: vm/module.sh ARCH debian SUITE RELEASE
#        vm/module.sh ARCH source VERSION [PATCH...]

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
[[ $(type -t step) ]] || . "$here/common.sh"
# shellcheck source=deps.sh
[[ $(type -t deps) ]] || . "$here/deps.sh"
# shellcheck source=fetch.sh
[[ $(type -t fetch_kernel) ]] || . "$here/fetch.sh"
# shellcheck source=build.sh
[[ $(type -t build_kernel) ]] || . "$here/build.sh"

# headers_make SOURCES [OBJECTS]: sets $kmake to the make command for these folders.
headers_make() {
	local karch=$arch

	case $arch in
	amd64)	karch=x86_64 ;;
	riscv64) karch=riscv ;;
	esac
	kmake=(env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL
		make -s -C "$1" ${2:+O="$2"} ARCH="$karch"
		CROSS_COMPILE="$cross" CC="${cross}gcc")
	# The configuration may be of a newer compiler. Without this option, kbuild takes
	# another one.
	"${cross}gcc" -fmin-function-alignment=8 -x c -c -o /dev/null /dev/null 2>/dev/null ||
		kmake+=(CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=)
}

# Each use_...() gets the headers or sources ready, and sets $kmake.
use_debian() {
	local suite=$1 release=$2

	fetch_headers "$arch" "$suite" "$release"
	headers_make "$fetched"/usr/src/linux-headers-*-common \
		"$fetched/usr/src/linux-headers-$release"
}

# The sources stay locked.
use_source() {
	local version=$1

	[[ -e $kernel/Module.symvers ]] ||
		die "$kernel does not have its symbols; remove it, and it is built again"
	lock_sources "$arch" "$@"
	ready_sources "$arch" "$@"
	step "preparing linux-$version for modules" "${kmake[@]}" modules_prepare ||
		die "linux-$version cannot be prepared for modules: $(why)"
	# The folder may hold the symbols of a kernel with other patches.
	cp "$kernel/Module.symvers" "$dir/obj/" 2>"$tmp/log" ||
		die "$dir/obj cannot be used for modules: $(why)"
}

use_headers() {
	[[ -f $1/Makefile ]] || die "$1 does not lead to the headers of the kernel," \
		"which its module is built with"
	headers_make "$1"
}

# compile_module DIR: builds the module in DIR/build, and moves it to DIR.
compile_module() {
	rm -rf "${1:?}" && mkdir -p "$1/build" && cp "${sources[@]}" "$1/build" || return
	"${kmake[@]}" M="$1/build" modules || {
		# The last lines are make's. The compiler has the cause.
		grep -m 1 -E 'error:|Error:|ERROR:' "$tmp/log" | sed 's/^/E: /'
		return 1
	}
	# Like Debian's kernels, it has debug information.
	"${cross}strip" --strip-debug -o "$1/pfn_mkwrite_mod.ko" \
		"$1/build/pfn_mkwrite_mod.ko" && rm -r "$1/build"
}

# make_module DIR: builds the module there, for $release and no other.
make_module() {
	local magic

	step "building the module for $release" compile_module "$1" ||
		die "the module does not build for $release: $(why)"
	magic=$(modinfo -F vermagic "$1/pfn_mkwrite_mod.ko") || magic=
	[[ ${magic%% *} == "$release" ]] ||
		die "the headers for $release are those of ${magic%% *}"
}

# build_module ARCH KIND ARGUMENT...: sets $fetched to the module.
build_module() {
	local arch=$1 kind=$2 release=${*: -1} sources cross kernel name
	local dir tree kmake kimage
	shift 2

	make_cache
	case $arch in
	arm64)	cross=aarch64-linux-gnu- ;;
	amd64)	cross=x86_64-linux-gnu- ;;
	riscv64) cross=riscv64-linux-gnu- ;;
	*)	die "modules are built for arm64, amd64 and riscv64, not for $arch" ;;
	esac
	sources=("${here%/*}"/module/{Kbuild,pfn_mkwrite_mod.[ch]})
	kernel=$release
	if [[ $kind == source ]]; then
		build_kernel "$arch" "$@"
		kernel=$fetched
		release=$(<"$kernel/release")
	fi
	name=$arch/${kernel##*/}-$(cat "${sources[@]}" | sha256sum | cut -c 1-16)
	fetched=$cache/modules/$name/pfn_mkwrite_mod.ko
	[[ $kind == headers || ! -e $fetched ]] || return 0

	deps vm "vm-$arch"
	"use_$kind" "$@"
	if [[ $kind == headers ]]; then
		# Headers of the user may change: the module is not kept.
		make_module "$tmp/module"
		fetched=$tmp/module/pfn_mkwrite_mod.ko
		return
	fi
	lock modules
	fetched=$cache/modules/$name/pfn_mkwrite_mod.ko
	if [[ ! -e $fetched ]]; then
		make_stage modules
		make_module "$stage/made"
		keep "$stage/made" "$cache/modules/$name"
	fi
	unlock
	[[ $kind != source ]] || unlock
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	case ${2:-}:$# in
	debian:4 | source:[3-9] | source:[1-9][0-9])
		build_module "$@"
		echo "$fetched" ;;
	*)	die "usage: vm/module.sh ARCH debian SUITE RELEASE |" \
			"ARCH source VERSION [PATCH...]" ;;
	esac
fi
