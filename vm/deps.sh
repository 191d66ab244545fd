#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes sure that this machine has the tools for building the suite (build), for
# running it in QEMU guests (vm, vm-ARCH, and pmem for those with persistent memory),
# for building kernels (kernel) or all mm selftests of a kernel tree (tree), for running
# LAVA jobs (lava), for building the suite for every architecture (architectures), for
# checking its source (check) or for looking at its report (browser), and installs missing
# packages if it can.
# Usage: vm/deps.sh GROUP...

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
[[ $(type -t step) ]] || . "$here/common.sh"

# COMMAND:PACKAGE, or PACKAGE alone if it has no command. A command that exists will
# do, from any source.
declare -A needs=(
[build]="gcc:gcc make:make rsync:rsync libc6-dev linux-libc-dev libdrm-dev"
[vm]="debian-archive-keyring apt-get:apt dpkg-deb:dpkg cpio:cpio depmod:kmod
	gzip:gzip xz:xz-utils zstd:zstd flock:util-linux setpriv:util-linux"
[vm-arm64]="qemu-system-aarch64:qemu-system-arm
	aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[vm-amd64]="qemu-system-x86_64:qemu-system-x86
	x86_64-linux-gnu-gcc:gcc-x86-64-linux-gnu libc6-dev-amd64-cross"
[vm-riscv64]="qemu-system-riscv64:qemu-system-misc opensbi
	riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu libc6-dev-riscv64-cross"
[vm-armhf]="qemu-system-arm
	arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
[pmem]="dtc:device-tree-compiler mke2fs:e2fsprogs"
[kernel]="flex:flex bison:bison bc:bc patch:patch perl:perl libelf-dev libssl-dev"
[tree]="libcap-dev libnuma-dev"
[architectures]="alpha-linux-gnu-gcc:gcc-alpha-linux-gnu libc6.1-dev-alpha-cross
	arm-linux-gnueabi-gcc:gcc-arm-linux-gnueabi libc6-dev-armel-cross
	hppa-linux-gnu-gcc:gcc-hppa-linux-gnu libc6-dev-hppa-cross
	i686-linux-gnu-gcc:gcc-i686-linux-gnu libc6-dev-i386-cross
	m68k-linux-gnu-gcc:gcc-m68k-linux-gnu libc6-dev-m68k-cross
	mips-linux-gnu-gcc:gcc-mips-linux-gnu libc6-dev-mips-cross
	mips64el-linux-gnuabi64-gcc:gcc-mips64el-linux-gnuabi64 libc6-dev-mips64el-cross
	mipsel-linux-gnu-gcc:gcc-mipsel-linux-gnu libc6-dev-mipsel-cross
	powerpc-linux-gnu-gcc:gcc-powerpc-linux-gnu libc6-dev-powerpc-cross
	powerpc64-linux-gnu-gcc:gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross
	powerpc64le-linux-gnu-gcc:gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross
	s390x-linux-gnu-gcc:gcc-s390x-linux-gnu libc6-dev-s390x-cross
	sh4-linux-gnu-gcc:gcc-sh4-linux-gnu libc6-dev-sh4-cross
	sparc64-linux-gnu-gcc:gcc-sparc64-linux-gnu libc6-dev-sparc64-cross
	x86_64-linux-gnux32-gcc:gcc-x86-64-linux-gnux32 libc6-dev-x32-cross
	musl-gcc:musl-tools"
[lava]="mmdebstrap:mmdebstrap unshare:util-linux ip:iproute2"
[browser]="chromium:chromium python3:python3 fonts-dejavu-core"
[check]="clang:clang llvm-ar:llvm sparse:sparse shellcheck:shellcheck perl:perl
	git:git readelf:binutils node:nodejs python3:python3 tmux:tmux"
)
# Groups that a group includes.
declare -A implies=(
[vm]="build"
[kernel]="build"
[lava]="vm"
[architectures]="build vm-arm64 vm-armhf vm-riscv64 vm-amd64"
[check]="build vm vm-arm64"
)

# Prints the entries of the groups that this machine lacks.
missing() {
	local need have native

	# The native compiler needs no libc for cross compilation.
	native=$(dpkg --print-architecture 2>/dev/null) || native=
	have=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' 2>/dev/null) " || have=
	for need; do
		if [[ $need == *:* ]]; then
			command -v "${need%%:*}" >/dev/null || echo "$need"
		elif [[ $have && $need != libc6-dev-$native-cross && $have != *" installed:$need "* ]]; then
			echo "$need"
		fi
	done
}

install_packages() {
	"${as_root[@]}" apt-get -q update &&
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "$@"
}

deps() {
	local group part words="" lacking packages as_root=()

	for group; do
		[[ ${needs[$group]:-} ]] ||
			die "$group is not one of the groups: $(printf '%s\n' "${!needs[@]}" |
				sort | xargs)"
		for part in $group ${implies[$group]:-}; do
			words+=" ${needs[$part]}"
		done
	done
	# shellcheck disable=SC2086	# to be split into words
	mapfile -t lacking < <(missing $words)
	((${#lacking[@]})) || return 0
	# Another run may be installing the same packages.
	lock deps
	# shellcheck disable=SC2086
	mapfile -t lacking < <(missing $words)
	((${#lacking[@]})) || { unlock; return 0; }
	mapfile -t packages < <(printf '%s\n' "${lacking[@]#*:}" | sort -u)

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		die "these commands are missing: ${lacking[*]%%:*}" \
			"(in Debian they come with ${packages[*]})"
	fi
	if ((EUID != 0)); then
		sudo -n true 2>/dev/null || die "${packages[*]} must be installed first:" \
			"sudo apt-get install --no-install-recommends ${packages[*]}"
		as_root=(sudo -n)
	fi
	step "installing ${packages[*]}" install_packages "${packages[@]}" ||
		die "${packages[*]} cannot be installed: $(why)"
	# shellcheck disable=SC2086
	mapfile -t lacking < <(missing $words)
	((${#lacking[@]} == 0)) || die "still missing after the installation: ${lacking[*]%%:*}"
	unlock
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	(($#)) || die "usage: vm/deps.sh GROUP..."
	deps "$@"
fi
