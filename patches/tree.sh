#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The suite as a part of a kernel tree's selftests: puts it there, takes it out again,
# or makes patches for the list of it.
# Usage: patches/tree.sh install KDIR	(make install-tree)
#        patches/tree.sh uninstall KDIR	(make uninstall-tree)
#        patches/tree.sh series KDIR DIR	(make series)
#
# The tree is read first, and nothing is written unless all of it is as expected. Files
# of the suite that were changed there are nobody's but the user's: FORCE=1 overwrites.

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
top=${here%/*}
PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-patches/tree.sh}
# shellcheck source=../vm/common.sh
. "$top/vm/common.sh"

selftests=tools/testing/selftests
comment='# one store to device memory, one fault'
programs=(pfn_mkwrite_test pfn_mkwrite_drm)

# Prints the files of the suite that a tree gets, as they are named here and there.
suite_files() {
	(cd "$top" && printf '%s\n' "${programs[@]/%/.c}" lib/*.[ch] lib/libpfn_mkwrite.mk \
		pfn_mkwrite_mod/{Kbuild,Makefile,*.[ch]})
	[[ ! $wrappers ]] || echo ksft_pfn_mkwrite.sh
}

# content NAME: what is in such a file. The wrapper is like those beside it.
content() {
	if [[ $1 == ksft_pfn_mkwrite.sh ]]; then
		printf '#!/bin/sh -e\n# SPDX-License-Identifier: GPL-2.0\n\n%s\n' \
			'./run_vmtests.sh -t pfn_mkwrite'
	else
		cat "$top/$1"
	fi
}

# use_tree KDIR: sets what there is to know about a tree, or says why it is none.
use_tree() {
	local file name

	kdir=${1%/}
	[[ -d $kdir ]] || die "KDIR=$1 is not a folder"
	kdir=$(cd "$kdir" && pwd)
	[[ -f $kdir/MAINTAINERS && -f $kdir/$selftests/lib.mk ]] ||
		die "KDIR=$1 is no kernel tree: it has no MAINTAINERS or no $selftests/lib.mk"
	# Linux 6.2 and older have them in vm.
	for name in mm vm; do
		[[ ! -f $kdir/$selftests/$name/run_vmtests.sh ]] || break
	done
	collection=$name
	dir=$kdir/$selftests/$name
	for file in Makefile config run_vmtests.sh .gitignore; do
		[[ -f $dir/$file && -r $dir/$file ]] ||
			die "$kdir does not look as expected: there is no $selftests/mm/$file"
		[[ ! $(tail -c 1 "$dir/$file") ]] ||
			die "$kdir does not look as expected: $dir/$file does not end in a newline"
	done
	[[ -w $dir ]] || die "$dir cannot be written to"
	categories='' wrappers=''
	! grep -q '^CATEGORY=' "$dir/run_vmtests.sh" || categories=1
	! grep -q '^TEST_PROGS += ksft_pagemap\.sh$' "$dir/Makefile" || wrappers=1
}

# after LINE TEXT: puts TEXT behind the first line that is LINE. Fails where none is.
after() {
	line=$1 text=$2 awk '
		{ print }
		!done && $0 == ENVIRON["line"] { print ENVIRON["text"]; done = 1 }
		END { exit !done }'
}

# Each file of the tree has a pair of filters, the second of which undoes the first.
add_Makefile() {
	local kind=FILES

	# Where no category picks them, the runner is to know each of the programs.
	[[ $categories ]] || kind=PROGS
	after 'TEST_GEN_FILES += on-fault-limit' \
		"$(printf "TEST_GEN_$kind += %s\n" "${programs[@]}")" |
		after 'include ../lib.mk' 'include lib/libpfn_mkwrite.mk' |
		if [[ $wrappers ]]; then
			after 'TEST_PROGS += ksft_pagemap.sh' 'TEST_PROGS += ksft_pfn_mkwrite.sh'
		else
			cat
		fi
}

del_Makefile() {
	sed -E '/^TEST_GEN_(FILES|PROGS) \+= pfn_mkwrite_(test|drm)$/d
		/^TEST_PROGS \+= ksft_pfn_mkwrite\.sh$/d
		/^include lib\/libpfn_mkwrite\.mk$/d'
}

# Only what the tree does not ask for already, below a comment that says for whom.
add_config() {
	awk -F = '
		NR == FNR	{ print; has[$1] = 1; next }
		$1 in has	{ next }
		!marked++	{ print "# pfn_mkwrite" }
				{ print }' - "$top/config"
}

del_config() {
	awk '
		NR == FNR		{ ours[$0] = 1; next }
		$0 == "# pfn_mkwrite"	{ drop = 1; next }
		drop && $0 in ours	{ next }
					{ drop = 0; print }' "$top/config" -
}

add_run_vmtests.sh() {
	local run="run_test ./${programs[0]}"$'\n'"run_test ./${programs[1]}"

	if [[ $categories ]]; then
		after $'\ttest pagemap_scan IOCTL' $'- pfn_mkwrite\n\tfaults of one store to device memory' |
			after 'CATEGORY="pagemap" run_test ./pagemap_ioctl' \
				$'\n'"$comment"$'\n'"${run//run_test/CATEGORY=\"pfn_mkwrite\" run_test}"
	else
		after 'run_test ./soft-dirty' $'\n'"$comment"$'\n'"$run"
	fi
}

# The tests, the comment above them, and the empty line that came with it.
del_run_vmtests.sh() {
	comment=$comment awk '
		/^- pfn_mkwrite$/	{ getline; next }
		/^(CATEGORY="pfn_mkwrite" )?run_test \.\/pfn_mkwrite_/	{ next }
		$0 == ENVIRON["comment"]	{ held = 0; next }
		held	{ print ""; held = 0 }
		/^$/	{ held = 1; next }
			{ print }
		END	{ if (held) print "" }'
}

add_.gitignore() {
	cat
	if grep -qx '\*' "$dir/.gitignore"; then
		printf '!%s\n' /lib/libpfn_mkwrite.mk /pfn_mkwrite_mod/Kbuild
	else
		printf '%s\n' "${programs[@]}" /libpfn_mkwrite/
	fi
}

del_.gitignore() {
	sed '/pfn_mkwrite/d'
}

edited=(Makefile config run_vmtests.sh .gitignore)

# Makes $tmp/with and $tmp/without, the edited files as they are with the suite and
# without it. What cannot be undone to the letter is not done.
filter_files() {
	local file

	make_tmp
	mkdir "$tmp/with" "$tmp/without"
	for file in "${edited[@]}"; do
		"del_$file" <"$dir/$file" >"$tmp/without/$file"
		"add_$file" <"$tmp/without/$file" >"$tmp/with/$file" ||
			die "$dir/$file does not look as expected; nothing was changed"
		"del_$file" <"$tmp/with/$file" | cmp -s "$tmp/without/$file" - ||
			die "$dir/$file does not look as expected; nothing was changed"
	done
}

# is_ours FILE NAME: whether FILE is a file NAME of the suite as it is, or once was: git
# knows what was committed here, and remember() lets it know what was installed.
is_ours() {
	cmp -s "$1" <(content "$2") ||
		git -C "$top" cat-file -e "$(git hash-object --no-filters "$1")" 2>/dev/null
}

# Without git, or where it may not be written to, FORCE=1 has to do.
remember() {
	git -C "$top" hash-object -w --no-filters -- "$@" >/dev/null 2>&1 || :
}

# What the user has done to files of the suite is not to be lost.
refuse_changed() {
	local name changed=()

	[[ ! ${FORCE:-} ]] || return 0
	for name in "${files[@]}"; do
		[[ ! -e $dir/$name ]] || is_ours "$dir/$name" "$name" || changed+=("$name")
	done
	((${#changed[@]} == 0)) ||
		die "these are not as the suite has them, and FORCE=1 would $1 them:" \
			"${changed[*]} in $dir; nothing was changed"
}

# replace FROM NAME: makes NAME in the tree what FROM is, at one go, and leaves it alone
# where it is that already: make goes by the time.
replace() {
	local mode=644

	cmp -s "$1" "$dir/$2" && return
	[[ ! -e $dir/$2 ]] || mode=$(stat -c %a "$dir/$2")
	[[ $2 != ksft_* ]] || mode=755
	mkdir -p "$(dirname "$dir/$2")" && chmod "$mode" "$1" && mv "$1" "$dir/$2"
	written=$((written + 1))
}

# Everything is in the file system of the tree before the first file is replaced.
stage_files() {
	local name

	stage=$dir/.pfn_mkwrite.$$
	mkdir -p "$stage"/{lib,pfn_mkwrite_mod} && cp -r "$tmp/$1/." "$stage" || return
	[[ $1 == with ]] || return 0
	for name in "${files[@]}"; do
		content "$name" >"$stage/$name" || return
	done
}

install_tree() {
	local name written=0

	[[ ! -d $dir/lib || -e $dir/lib/libpfn_mkwrite.mk ]] ||
		die "$dir/lib is there, and is not of this suite; nothing was changed"
	filter_files
	refuse_changed overwrite
	stage_files with 2>"$tmp/log" || die "$dir cannot be written to: $(why); nothing was changed"
	remember "${files[@]/#/$stage/}"
	for name in "${files[@]}" "${edited[@]}"; do
		replace "$stage/$name" "$name"
	done
	if ((written)); then
		say "$selftests/$collection of $kdir has the suite now: $written files written"
	else
		say "$selftests/$collection of $kdir has the suite already"
	fi
}

uninstall_tree() {
	local name written=0 left

	[[ -e $dir/lib/libpfn_mkwrite.mk ]] ||
		grep -q pfn_mkwrite "${edited[@]/#/$dir/}" || {
		say "$selftests/$collection of $kdir does not have the suite"
		return
	}
	filter_files
	refuse_changed remove
	stage_files without 2>"$tmp/log" ||
		die "$dir cannot be written to: $(why); nothing was changed"
	# Who builds meanwhile finds a Makefile that does not want what is not there.
	for name in "${edited[@]}"; do
		replace "$stage/$name" "$name"
	done
	(cd "$dir" && rm -rf "${files[@]}" "${programs[@]}" libpfn_mkwrite)
	for name in lib pfn_mkwrite_mod; do
		[[ ! -d $dir/$name ]] || rmdir "$dir/$name" 2>/dev/null ||
			left+=" $name/$(cd "$dir/$name" && echo ./* | sed "s, ./, $name/,g; s,^\./,,")"
	done
	say "$selftests/$collection of $kdir does not have the suite any more${left:+;" \
		"not of the suite, and left there:$left}"
}

# commit MESSAGE PATH...: these of the suite's files.
commit() {
	local message=$here/selftests/$1
	shift

	git -C "$repo" add -f -- "${@/#/$selftests/$collection/}" &&
		git -C "$repo" commit -q -s -F "$message"
}

# A repository of its own with no more of the tree than the patches change: a tree
# without git will do, and one with it is left alone. The patches are no others.
make_repo() {
	local name value

	git init -q "$repo" && mkdir -p "$repo/$selftests" || return
	for name in user.name user.email; do
		value=$(git -C "$top" config "$name") || {
			echo "E: git does not know who you are: git config --global $name"
			return 1
		}
		git -C "$repo" config "$name" "$value" || return
	done
	cp -rp "$tmp/without" "$repo/$selftests/$collection" &&
		chmod +x "$repo/$selftests/$collection/run_vmtests.sh" &&
		git -C "$repo" add -f . && git -C "$repo" commit -q -m "$kdir" || return
	for name in "${files[@]}"; do
		mkdir -p "$(dirname "$repo/$selftests/$collection/$name")" &&
			content "$name" >"$repo/$selftests/$collection/$name" || return
	done
	for name in "${edited[@]}"; do
		cat "$tmp/with/$name" >"$repo/$selftests/$collection/$name" || return
	done
	[[ ! $wrappers ]] || chmod +x "$repo/$selftests/$collection/ksft_pfn_mkwrite.sh" || return
	commit 1-module pfn_mkwrite_mod && commit 2-library lib && commit 3-tests .
}

# format_patches DIR OPTION...
format_patches() {
	git -C "$repo" format-patch -q -3 --thread -o "$@"
}

# Who is to get them, only the patches tell. The letter gets its text.
format_series() {
	local cover=$tmp/series/0000-cover-letter.patch people

	format_patches "$tmp/drafts" || return
	(cd "$kdir" && scripts/get_maintainer.pl --nogit --nogit-fallback --no-rolestats \
		"$tmp/drafts"/*.patch) >"$tmp/people" || return
	mapfile -t people < <(sort -u "$tmp/people")
	((${#people[@]})) || {
		echo "E: scripts/get_maintainer.pl of $kdir names nobody"
		return 1
	}
	format_patches "$tmp/series" --cover-letter "${people[@]/#/--to=}" || return
	subject=$(head -n 1 "$here/selftests/0-cover") \
	blurb=$(sed 1,2d "$here/selftests/0-cover") awk '
		sub(/\*\*\* SUBJECT HERE \*\*\*/, "") { $0 = $0 ENVIRON["subject"] }
		$0 == "*** BLURB HERE ***" { $0 = ENVIRON["blurb"] }
		{ print }' "$cover" >"$tmp/cover" && cp "$tmp/cover" "$cover"
}

make_series() {
	local out
	out=$(realpath -m "$1")

	[[ $categories && $wrappers ]] ||
		die "the list takes patches for a kernel of today, and $kdir is older:" \
			"it has no ksft_*.sh"
	[[ ! -d $out || ! $(ls -A "$out") ]] || die "$out is not empty"
	filter_files
	repo=$tmp/repo
	make_repo >"$tmp/log" 2>&1 || die "the patches cannot be made: $(why)"
	format_series >"$tmp/log" 2>&1 || die "the patches cannot be made: $(why)"
	{ mkdir -p "$out" && cp "$tmp/series"/*.patch "$out/"; } 2>"$tmp/log" ||
		die "$out cannot be written to: $(why)"
	say "$out has the series: git send-email $out/*.patch"
}

case ${1:-}:$# in
install:2 | uninstall:2 | series:3)
	use_tree "$2"
	mapfile -t files < <(suite_files)
	case $1 in
	install)	install_tree ;;
	uninstall)	uninstall_tree ;;
	series)		make_series "$3" ;;
	esac ;;
*)	die "usage: patches/tree.sh install KDIR | uninstall KDIR | series KDIR DIR" ;;
esac
