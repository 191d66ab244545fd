#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes sure that this machine has the tools for building the suite (build), for
# running it in QEMU guests (vm) or for checking its source (check), and installs
# what is missing where that is possible.
# Usage: vm/deps.sh build|vm|check...

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
[[ $(type -t step) ]] || . "$here/common.sh"

# COMMAND:PACKAGE, or PACKAGE alone where there is no command to look for. A
# command that is there is good enough, whoever put it there.
declare -A needs=(
[build]="gcc:gcc make:make rsync:rsync libc6-dev linux-libc-dev libdrm-dev"
[vm]="qemu-system-aarch64:qemu-system-arm aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu
	libc6-dev-arm64-cross debian-archive-keyring apt-get:apt dpkg-deb:dpkg
	cpio:cpio depmod:kmod gzip:gzip xz:xz-utils zstd:zstd flock:util-linux
	setpriv:util-linux"
[check]="clang:clang llvm-ar:llvm sparse:sparse shellcheck:shellcheck perl:perl
	git:git readelf:binutils"
)

# Prints the entries of the groups that this machine lacks.
missing() {
	local need have

	have=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' 2>/dev/null) " || have=
	for need; do
		if [[ $need == *:* ]]; then
			command -v "${need%%:*}" >/dev/null || echo "$need"
		elif [[ $have && $have != *" installed:$need "* ]]; then
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
	local group words="" lacking packages as_root=()

	for group; do
		case $group in
		build)	words+=" ${needs[build]}" ;;
		vm)	words+=" ${needs[build]} ${needs[vm]}" ;;
		check)	words+=" ${needs[build]} ${needs[vm]} ${needs[check]}" ;;
		*)	die "$group is not one of the groups build, vm, check" ;;
		esac
	done
	# shellcheck disable=SC2086	# to be split into words
	mapfile -t lacking < <(missing $words)
	((${#lacking[@]})) || return 0
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
	make_tmp
	step "installing ${packages[*]}" install_packages "${packages[@]}" ||
		die "${packages[*]} cannot be installed: $(why)"
	# shellcheck disable=SC2086
	mapfile -t lacking < <(missing $words)
	((${#lacking[@]} == 0)) || die "still missing after the installation: ${lacking[*]%%:*}"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	(($#)) || die "usage: vm/deps.sh build|vm|check..."
	deps "$@"
fi
