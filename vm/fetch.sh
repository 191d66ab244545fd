#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetches kernels and packages for the guests from the Debian archive, for any
# architecture and without root, and prints their folder in the cache. Cached ones need
# no network.
# Usage: vm/fetch.sh kernel ARCH SUITE METAPACKAGE VERSION
#        vm/fetch.sh headers ARCH SUITE RELEASE
#        vm/fetch.sh package ARCH SUITE PACKAGE
#        vm/fetch.sh harness [VERSION]

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=common.sh
[[ $(type -t step) ]] || . "$here/common.sh"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
fetched=	# the result of each fetch_...()

# The address that this machine has its own Debian packages from.
# shellcheck disable=SC2016	# $(REPO_URI) is for apt
mirror() {
	local name found

	if [[ ${PFN_MKWRITE_MIRROR:-} ]]; then
		echo "$PFN_MKWRITE_MIRROR"
		return
	fi
	# If apt has the Release file, it knows the names ...
	found=$(apt-get indextargets --format '$(REPO_URI)' Created-By:\ Packages \
		Origin:\ Debian Label:\ Debian 2>/dev/null | head -n 1) || found=
	# ... and before the first "apt-get update" only the address shows it.
	name=$(. /etc/os-release && echo "${VERSION_CODENAME:-}") || name=
	[[ $found ]] || found=$(apt-get indextargets --no-release-info \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' Created-By:\ Packages |
		awk -v name="$name" '
			$1 !~ /^cdrom:/ && $3 == "main" && (name == "" || $2 == name) &&
			$1 ~ /\/debian(\.list)?\/*$|\/archive\/debian\// { print $1 }' | head -n 1)
	echo "$found"
}

# apt COMMAND ARG...: apt-get or apt-cache in the private root of $apt_root. The paths are
# not in apt.conf, because the cache may be moved.
apt() {
	local command=$1
	shift
	"$command" -q -c "$apt_root/apt.conf" -o Dir::State="$apt_root/state" \
		-o Dir::State::status="$apt_root/status" -o Dir::Cache="$apt_root/cache" \
		-o Dir::Etc::sourcelist="$apt_root/debian.sources" "$@"
}

# How large files are, in millions of bytes.
megabytes() {
	du -cb "$@" 2>/dev/null | awk 'END { printf "%.1f", $1 / 1e6 }'
}

# apt does not report the total size of an index.
index_so_far() {
	echo "$(megabytes "$apt_root"/state/lists/partial/*) MB"
}

apt_update() {
	apt apt-get update || return
	touch "$apt_root/updated"
}

write_apt_config() {
	local arch=$1 suite=$2 uri=$3

	mkdir -p "$apt_root"/{state/lists/partial,cache/archives/partial} || return
	: >"$apt_root/status" || return
	cat >"$apt_root/debian.sources" <<-END || return
		Types: deb
		URIs: $uri
		Suites: $suite
		Components: main
		Signed-By: $keyring
	END
	cat >"$apt_root/apt.conf" <<-END
		#clear APT::Update;
		#clear DPkg;
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::Retries "1";
		Acquire::http::Timeout "15";
		Acquire::https::Timeout "15";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
	END
}

# Use an index for an hour.
index_is_fresh() {
	[[ $(find "$apt_root/updated" -mmin -60 2>/dev/null) ]]
}

# use_apt ARCH SUITE: makes $apt_root a place where apt knows this suite alone, with
# the signature checks but none of the packages, hooks and pins of this machine.
use_apt() {
	local arch=$1 suite=$2 uri

	apt_root=$cache/apt/$arch-$suite
	! index_is_fresh || return 0
	lock "apt-$arch-$suite"
	if index_is_fresh; then
		unlock
		return
	fi
	[[ -r $keyring ]] || die "$keyring is missing (package debian-archive-keyring)"
	uri=$(mirror)
	[[ $uri ]] || die "apt's configuration names no mirror of the Debian archive;" \
		"PFN_MKWRITE_MIRROR can name one"
	write_apt_config "$arch" "$suite" "$uri" 2>"$tmp/log" ||
		die "$apt_root cannot be written: $(why)"
	far=index_so_far step "reading the index of $suite for $arch" apt_update ||
		die "the index of Debian $suite cannot be had from $uri: $(why)"
	unlock
}

# make_stage NAME: makes $stage, an empty folder in the cache. The caller holds the
# lock of that NAME, so an old folder is from a run that was killed.
make_stage() {
	stage=$cache/stage.$1
	rm -rf "$stage"
	mkdir "$stage" 2>"$tmp/log" || die "$stage cannot be made: $(why)"
}

# keep DIR TARGET: puts the complete DIR in its place in the cache.
keep() {
	mkdir -p "${2%/*}" || die "${2%/*} cannot be made"
	mv -T "$1" "$2" || die "$2 cannot be written"
	rm -rf "$stage"
	stage=
}

download() {
	cd "$stage" && apt apt-get download "$@"
}

# apt writes to the final file. Other packages may be complete already.
download_so_far() {
	echo "$(megabytes "$stage"/*.deb) of $wanted MB"
}

# get PACKAGE...: downloads them to $stage. The size is for the progress line only:
# errors are reported by the download.
get() {
	local wanted

	wanted=$(! is_live || { du -b "$stage"/*.deb 2>/dev/null | awk '{ print "-", "-", $1 }'
		apt apt-get --print-uris download "$@" 2>/dev/null; } |
		awk '{ sum += $3 } END { printf "%.1f", sum / 1e6 }') || :
	far=download_so_far step "fetching $*" download "$@" && return
	# The index may be older than the archive.
	rm -f "$apt_root/updated"
	die "$1 cannot be fetched: $(why)"
}

# unpack DIR [TAR-OPTION...]: unpacks the packages in $stage, and removes each.
unpack() {
	local dir=$1 deb
	shift

	mkdir "$dir" || return
	for deb in "$stage"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" "$@" || return
		rm "$deb"
	done
}

# Prints the names of the packages that one package depends on.
depends() {
	apt apt-cache --no-all-versions show "$1" 2>/dev/null |
		sed -n 's/^\(Pre-\)\?Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

# newest WANT FLAVOUR: of the kernel releases on stdin, the newest that belongs to
# version WANT. "arm64" must not match 6.12.1+deb13-cloud-arm64.
newest() {
	grep -E "^${1//./[.]}([.][0-9.]+)?([+~][a-z0-9.+~]+)?(-[0-9.]+)?-$2\$" |
		sort -V | tail -n 1
}

# The newest kernel of version WANT that is in the cache.
cached() {
	find "$kernels" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | newest "$@"
}

unpack_kernel() {
	local release=$1 made=$stage/made

	unpack "$stage/root" --exclude='./usr/share' --exclude='*.dtb' --exclude='*.dtbo' \
		--exclude='System.map*' || return
	mkdir -p "$made/modules/lib/modules" &&
	mv "$(find "$stage/root" -name 'vmlinu[xz]*' -type f | head -n 1)" "$made/vmlinuz" &&
	mv "$(find "$stage/root" -path "*/modules/$release" | head -n 1)" \
		"$made/modules/lib/modules/" &&
	depmod -b "$made/modules" "$release" &&
	echo "$release" >"$made/release"
}

# find_kernel: sets release to the newest matching kernel of the archive.
find_kernel() {
	use_apt "$arch" "$suite"
	# The archive may still have a kernel that the meta-package no longer names.
	release=$(depends "$meta" | sed -n 's/^linux-image-//p' | newest "$want" "$flavour") ||
	release=$(apt apt-cache pkgnames linux-image- | sed 's/^linux-image-//' |
		newest "$want" "$flavour") ||
		die "$arch kernel $want is wanted, but $suite now has" \
			"$(depends "$meta" | grep ^linux-image- || echo "no $meta");" \
			"give one with --kernel IMAGE --modules DIR, or edit the rig"
}

fetch_kernel() {
	local arch=$1 suite=$2 meta=$3 want=$4
	local flavour=${meta#linux-image-} kernels=$cache/kernels/$arch release package packages

	if ! release=$(cached "$want" "$flavour"); then
		lock kernels
		if ! release=$(cached "$want" "$flavour"); then
			find_kernel
			packages=()
			for package in $(depends "linux-image-$release"); do
				case $package in
				linux-binary-"$release" | linux-modules-"$release" | \
				linux-base-"$release")
					packages+=("$package") ;;
				esac
			done
			((${#packages[@]})) || packages=("linux-image-$release")
			make_stage kernels
			get "${packages[@]}"
			step "unpacking kernel $release" unpack_kernel "$release" ||
				die "kernel $release cannot be unpacked: $(why)"
			keep "$stage/made" "$kernels/$release"
		fi
		unlock
	fi
	fetched=$kernels/$release
}

fetch_package() {
	local arch=$1 suite=$2 package=$3

	fetched=$cache/packages/$arch-$suite/$package
	[[ ! -d $fetched ]] || return 0
	lock packages
	if [[ ! -d $fetched ]]; then
		use_apt "$arch" "$suite"
		make_stage packages
		get "$package"
		step "unpacking $package" unpack "$stage/root" ||
			die "$package cannot be unpacked: $(why)"
		keep "$stage/root" "$fetched"
	fi
	unlock
}

# Unpacks the headers of a kernel. Leaves out other architectures, empty files, and
# vmlinux, which would make kbuild look for a BTF tool.
unpack_headers() {
	unpack "$1" --exclude='./usr/share' --exclude='*/include/dt-bindings' \
		--exclude='*-common/arch/[!arx]*' --exclude='*/include/config/[!ak]*' \
		--exclude='*/vmlinux'
}

# Prints the programs of kbuild that do not run on this machine.
strangers() {
	local file

	for file in "$1"/usr/lib/linux-kbuild-*/{scripts/{basic,mod},tools/objtool}/*; do
		# Not grep -q, which ends before ldd does: with pipefail that is a failure.
		[[ ! -x $file ]] || ! ldd "$file" 2>&1 | grep 'not found' >/dev/null || echo "$file"
	done
}

# unpack_libraries DIR PROGRAM...: unpacks libraries to DIR/libraries, and puts a script
# in the place of each program, which runs it with them.
unpack_libraries() {
	local dir=$1 file loader
	shift

	unpack "$dir/libraries" --wildcards --transform='s,.*/,,' --exclude=./etc \
		--exclude='./lib*64/*' --exclude='./usr/lib*64/*' --exclude='*/gconv' \
		--exclude='*/audit' '*.so*' &&
	loader=$(cd "$dir/libraries" && echo ld-linux*.so.*) || return
	for file; do
		mv "$file" "$file.bin" &&
		cat >"$file" <<-END && chmod +x "$file" || return
			#!/bin/sh
			# Debian has built the program for a newer libc than this machine has.
			libraries=\${0%/*}/../../../../../libraries
			exec "\$libraries/$loader" --library-path "\$libraries" "\$0.bin" "\$@"
		END
	done
}

# fetch_headers ARCH SUITE RELEASE: the headers of a stock kernel, and kbuild's programs
# for this machine's architecture. $fetched has Debian's folders usr/src and usr/lib.
fetch_headers() {
	local arch=$1 suite=$2 release=$3 host flavour package made kbuild='' strange
	local packages=() libraries

	fetched=$cache/headers/$arch/$release
	[[ ! -d $fetched ]] || return 0
	host=$(dpkg --print-architecture)
	lock headers
	if [[ ! -d $fetched ]]; then
		use_apt "$arch" "$suite"
		for package in $(depends "linux-headers-$release"); do
			case $package in
			linux-headers-*-common)	packages+=("$package") ;;
			linux-kbuild-*)		kbuild=$package ;;
			esac
		done
		# 6.1.0-50-arm64, 7.3.4+deb13-arm64-16k
		flavour=$(sed -E 's/^[^-]*-([0-9.]+-)?//' <<<"$release")
		[[ $kbuild ]] || die "linux-headers-$release is wanted, but $suite now has" \
			"$(depends "linux-headers-$flavour" | grep ^linux-headers- ||
				echo "no linux-headers-$flavour");" \
			"remove $cache/kernels/$arch/$release for a newer kernel"
		make_stage headers
		made=$stage/made
		get "linux-headers-$release" "${packages[@]}"
		use_apt "$host" "$suite"
		get "$kbuild"
		step "unpacking the headers of kernel $release" unpack_headers "$made" ||
			die "the headers of kernel $release cannot be unpacked: $(why)"
		mapfile -t strange < <(strangers "$made")
		if ((${#strange[@]})); then
			mapfile -t libraries < <(depends "$kbuild" |
				grep -E '^(libc6$|libelf1|zlib1g$)')
			# Backports has only packages newer than those of the release.
			use_apt "$host" "${suite%-backports}"
			get "${libraries[@]}"
			step "unpacking libraries for $kbuild" \
				unpack_libraries "$made" "${strange[@]}" ||
				die "${libraries[*]} cannot be unpacked: $(why)"
		fi
		keep "$made" "$fetched"
	fi
	unlock
}

# unpack_source NAME [MEMBER...]: all of the sources, or these files and folders.
unpack_source() {
	local name=$1
	shift

	dpkg-deb --fsys-tarfile "$stage"/*.deb | tar -xO "./usr/src/$name.tar.xz" |
		xz -dc -T0 | tar -x -C "$stage" "${@/#/$name/}" && rm "$stage"/*.deb
}

# fetch_source WHAT VERSION DIR [MEMBER...]: makes DIR the sources of this version, or
# these files and folders of them. WHAT is the name of the lock.
fetch_source() {
	local what=$1 version=$2 dir=$3 name=linux-source-$2 suite

	case $version in
	6.1)	suite=bookworm ;;
	6.12)	suite=trixie ;;
	*)	suite=trixie-backports ;;
	esac
	[[ ! -d $dir ]] || return 0
	lock "$what"
	if [[ ! -d $dir ]]; then
		# The source package is the same for every architecture.
		use_apt arm64 "$suite"
		apt apt-cache show "$name" >/dev/null 2>&1 ||
			die "$name is wanted, but $suite now has" \
				"$(apt apt-cache pkgnames linux-source- | sort -V | xargs)"
		make_stage "$what"
		get "$name"
		step "unpacking $name" unpack_source "$name" "${@:4}" ||
			die "$name cannot be unpacked: $(why)"
		keep "$stage/$name" "$dir"
	fi
	unlock
}

# 1.8 GB when unpacked, of which the suite and its tests need less than 5 MB (du -sh):
# the harness, the mm selftests, and the readers of TAP.
fetch_harness() {
	local version=${1:-7.3} selftests=tools/testing/selftests mm=mm

	[[ $version != 6.1 ]] || mm=vm
	fetched=$cache/selftests-$version
	fetch_source harness "$version" "$fetched" MAINTAINERS mm/gup_test.h \
		"$selftests"/{Makefile,lib.mk,run_kselftest.sh} \
		"$selftests"/{kselftest.h,kselftest_harness.h,kselftest,x86,$mm} \
		tools/testing/kunit tools/{arch,include/uapi} \
		scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch,subarch.include}
	fetched+=/$selftests
}

# fetch_tree VERSION: sets $fetched to the complete sources.
fetch_tree() {
	fetched=$cache/trees/linux-source-$1
	fetch_source trees "$1" "$fetched"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	case ${1:-}:$# in
	kernel:5 | headers:4 | package:4 | harness:[12])
		"fetch_$1" "${@:2}"
		echo "$fetched" ;;
	*)	die "usage: vm/fetch.sh kernel ARCH SUITE METAPACKAGE VERSION |" \
			"headers ARCH SUITE RELEASE | package ARCH SUITE PACKAGE |" \
			"harness [VERSION]" ;;
	esac
fi
