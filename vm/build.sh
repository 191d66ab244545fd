#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds a small kernel for the guests from Debian's linux-source package, with
# patches, and prints the folder in the cache where it is. A kernel is
# identified by its version, config and patches, and built once. The next build reuses
# the objects of the last.
# Usage: vm/build.sh ARCH VERSION [PATCH...]

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
[[ $(type -t step) ]] || . "$here/common.sh"
# shellcheck source=deps.sh
[[ $(type -t deps) ]] || . "$here/deps.sh"
# shellcheck source=fetch.sh
[[ $(type -t fetch_kernel) ]] || . "$here/fetch.sh"

# Sets $kmake to the make command, and $kimage to its image.
kernel_make() {
	local arch=$1 dir=$2

	# Drop the options of a calling make. Fix date and builder's name: equal sources
	# give equal kernels.
	kmake=(env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL
		KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=pfn-mkwrite
		KBUILD_BUILD_HOST=vm KBUILD_BUILD_VERSION=1
		make -s -C "$dir/src" O="$dir/obj" "-j$(nproc)")
	case $arch in
	arm64)	kmake+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
		kimage=arch/arm64/boot/Image ;;
	amd64)	kmake+=(ARCH=x86_64)
		[[ $(uname -m) == x86_64 ]] || kmake+=(CROSS_COMPILE=x86_64-linux-gnu-)
		kimage=arch/x86/boot/bzImage ;;
	armhf)	# gcc 12 drops the end of a function with two do_div() by a constant, such as
		# radeon_update_bandwidth_info().
		kmake+=(ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf- KCFLAGS=-fno-tree-vrp)
		kimage=arch/arm/boot/zImage ;;
	riscv64)
		kmake+=(ARCH=riscv CROSS_COMPILE=riscv64-linux-gnu-)
		kimage=arch/riscv/boot/Image ;;
	*)	die "no kernel is built for $arch" ;;
	esac
}

# Prints the files that these patches change.
changed() {
	sed -n 's,^\(---\|+++\) [ab]/\([^[:space:]]*\).*,\2,p' "$@" /dev/null | sort -u
}

# apply DIR LIST PATCH...: makes DIR, with the files that LIST names as they are after
# these patches.
apply() {
	local new=$1 list=$2 file patch
	shift 2

	rm -rf "${new:?}" && mkdir "$new" || return
	while read -r file; do
		[[ ! -e $tree/$file ]] || (cd "$tree" && cp --parents "$file" "$new") || return
	done <"$list"
	for patch; do
		patch -d "$new" -p1 -s -f --no-backup-if-mismatch -r - <"$patch" || {
			echo "E: ${patch##*/} does not apply"
			return 1
		}
	done
}

# use_patches PATCH...: makes $dir/src the sources with these patches and no others.
use_patches() {
	local file new=$dir/new

	if [[ ! -d $dir/src ]]; then
		rm -rf "${dir:?}" && mkdir -p "$dir/obj" && : >"$dir/patched" &&
		cp -al "$tree" "$dir/src.new" && mv -T "$dir/src.new" "$dir/src" || return
	fi
	# Undo the changes of the last build, even if this one is killed.
	changed "$@" | sort -u - "$dir/patched" >"$dir/files" &&
	cp "$dir/files" "$dir/patched" && apply "$new" "$dir/files" "$@" || return
	# Leave equal files alone: make compares times. Replace files instead of writing to
	# them: they are hard links into the source tree.
	while read -r file; do
		if [[ ! -e $new/$file ]]; then
			rm -f "$dir/src/$file"
		elif ! cmp -s "$new/$file" "$dir/src/$file"; then
			mkdir -p "$(dirname "$dir/src/$file")" &&
			touch "$new/$file" && mv -f "$new/$file" "$dir/src/$file"
		fi || return
	done <"$dir/files"
}

# configure FILE...: allnoconfig plus these files.
configure() {
	cat "$@" >"$dir/wanted" &&
		"${kmake[@]}" KCONFIG_ALLCONFIG="$dir/wanted" allnoconfig
}

# Kconfig silently drops unknown symbols and those that lack a dependency. The last of
# several lines counts.
configure_all() {
	configure "$@" &&
	tac "$dir/wanted" | sort -s -u -t = -k 1,1 | grep '=[^n]' | sort |
		comm -23 - <(sort -u "$dir/obj/.config") >"$dir/dropped" || return
	[[ ! -s $dir/dropped ]] || {
		echo "E: the kernel's configuration drops $(xargs <"$dir/dropped")"
		return 1
	}
}

# Print the number of objects. The total of the last full build is an estimate for
# the next; for an incremental build there is none.
objects_so_far() {
	local made

	if [[ -e $dir/obj/vmlinux ]]; then
		made=$(find "$dir/obj" -name '*.o' -newer "$tmp/start" 2>/dev/null | wc -l)
		echo "$made objects built again"
	else
		made=$(find "$dir/obj" -name '*.o' 2>/dev/null | wc -l)
		echo "$made${objects:+ of $objects} objects"
	fi
}

compile() {
	"${kmake[@]}" "${kimage##*/}" || {
		# The last lines are from make, the cause is from the compiler.
		grep -m 1 -E 'error:|Error:' "$tmp/log" | sed 's/^/E: /'
		return 1
	}
}

# take_kernel DIR: copies the kernel there.
take_kernel() {
	rm -rf "${1:?}" && mkdir "$1" &&
	cp "$dir/obj/$kimage" "$1/vmlinuz" &&
	cp "$dir/obj/vmlinux.symvers" "$1/Module.symvers" &&
	cp "$dir/obj/include/config/kernel.release" "$1/release"
}

kconfig=	# a configuration beside the usual one, as "16k"

# Fills configs[] with the files that configure a kernel for this architecture.
kernel_configs() {
	[[ -f $here/kernel-$1.config ]] ||
		die "no kernel is built for $1"
	configs=("$here"/kernel{,-"$1"}.config "${here%/*}/config")
	[[ ! $kconfig ]] || configs+=("$here/kernel-$1-$kconfig.config")
}

# Prints a suffix for the folder of kernels with these patches. A header that changes
# builds all objects again, so each set of changed headers has a folder.
headers_of() {
	local hunks

	hunks=$(awk '/^(diff|---) / { header = 0 }
		/^[+][+][+] b\/(.*\/)?include\// { header = 1 }
		header' "$@" /dev/null)
	[[ ! $hunks ]] || echo "-$(sha256sum <<<"$hunks" | cut -c 1-8)"
}

# lock_sources ARCH VERSION [PATCH...]: sets the variables of the functions above, and locks.
lock_sources() {
	local arch=$1 version=$2
	shift 2

	deps kernel "vm-$arch"
	fetch_tree "$version"
	tree=$fetched
	dir=$cache/kernel-$arch-$version${kconfig:+-$kconfig}$(headers_of "$@")
	kernel_make "$arch" "$dir"
	lock "${dir##*/}"
}

# ready_sources ARCH VERSION [PATCH...]: patched and configured.
ready_sources() {
	local arch=$1 version=$2 configs
	shift 2

	kernel_configs "$arch"
	step "patching linux-$version" use_patches "$@" ||
		die "the sources of linux-$version cannot be made ready: $(why)"
	step "configuring linux-$version for $arch" configure_all "${configs[@]}" ||
		die "linux-$version cannot be configured for $arch: $(why)"
}

# build_kernel ARCH VERSION [PATCH...]: sets $fetched to a folder with vmlinuz,
# release and Module.symvers, but no modules.
build_kernel() {
	local arch=$1 version=$2 dir tree kmake kimage name made configs objects=''
	shift 2

	make_cache
	kernel_configs "$arch"
	name=$(cat "${configs[@]}" "$@" | sha256sum | cut -c 1-16)
	fetched=$cache/kernels/$arch/built-$version-$name
	[[ ! -e $fetched/vmlinuz ]] || return 0

	lock_sources "$arch" "$version" "$@"
	fetched=$cache/kernels/$arch/built-$version-$name
	if [[ ! -e $fetched/vmlinuz ]]; then
		ready_sources "$arch" "$version" "$@"
		touch "$tmp/start"
		[[ ! -r $dir.objects ]] || objects=$(<"$dir.objects")
		far=objects_so_far step \
			"building linux-$version for $arch${*:+ with ${#} patches}" compile ||
			die "linux-$version for $arch does not build: $(why)"
		find "$dir/obj" -name '*.o' | wc -l >"$dir.objects"
		made=$dir/made
		take_kernel "$made" || die "$made cannot be written"
		keep "$made" "$fetched"
	fi
	unlock
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	(($# >= 2)) || die "usage: vm/build.sh ARCH VERSION [PATCH...]"
	build_kernel "$@"
	echo "$fetched"
fi
