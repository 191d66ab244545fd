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

# Prints the files that a tree gets as they are here, by the same names: without the
# benchmark, which is no test.
suite_files() {
	(cd "$top" && printf '%s\n' "${programs[@]/%/.c}" lib/*.[ch] lib/libpfn_mkwrite.mk \
		pfn_mkwrite_mod/{Kbuild,Makefile,*.[ch]}) |
		grep -vE '^lib/(bench(_.*)?|fault_map)\.[ch]$'
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

# Makes $tmp/with and $tmp/without: what the tree is to have of its own files and of the
# suite's, and without the suite. What cannot be undone to the letter is not done.
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
	mapfile -t files < <(suite_files)
	(cd "$top" && cp --parents "${files[@]}" "$tmp/with")
	[[ ! $wrappers ]] || {
		files+=(ksft_pfn_mkwrite.sh)
		# Like those beside it.
		printf '#!/bin/sh -e\n# SPDX-License-Identifier: GPL-2.0\n\n%s\n' \
			'./run_vmtests.sh -t pfn_mkwrite' >"$tmp/with/ksft_pfn_mkwrite.sh"
	}
}

# is_ours NAME: whether the tree's file is the suite's as it is, or once was: git knows
# what was committed here, and remember() lets it know what was installed.
is_ours() {
	cmp -s "$tmp/with/$1" "$dir/$1" ||
		git -C "$top" cat-file -e "$(git hash-object --no-filters "$dir/$1")" 2>/dev/null
}

# Without git, or where it may not be written to, FORCE=1 has to do.
remember() {
	git -C "$top" hash-object -w --no-filters -- "${files[@]/#/$tmp/with/}" \
		>/dev/null 2>&1 || :
}

# What the user has done to files of the suite is not to be lost.
refuse_changed() {
	local name changed=()

	[[ ! ${FORCE:-} ]] || return 0
	for name in "${files[@]}"; do
		[[ ! -e $dir/$name ]] || is_ours "$name" || changed+=("$name")
	done
	((${#changed[@]} == 0)) ||
		die "these are not as the suite has them, and FORCE=1 would $1 them:" \
			"${changed[*]} in $dir; nothing was changed"
}

# Prints those of the files in FOLDER that the tree does not have like that: make goes by
# the time, so the others stay as they are.
differing() {
	local name

	(cd "$1" && find . -type f) | sort | while read -r name; do
		cmp -s "$1/$name" "$dir/$name" || echo "${name#./}"
	done
}

# put FOLDER: makes the tree's files what those in FOLDER are. Everything is in the tree's
# file system before the first one is replaced, each at one go.
put() {
	local name mode changed

	mapfile -t changed < <(differing "$1")
	written=${#changed[@]}
	((written)) || return 0
	stage=$dir/.pfn_mkwrite.$$
	{ mkdir "$stage" && cp -r "$1/." "$stage"; } 2>"$tmp/log" ||
		die "$dir cannot be written to: $(why); nothing was changed"
	for name in "${changed[@]}"; do
		mode=644
		[[ ! -e $dir/$name ]] || mode=$(stat -c %a "$dir/$name")
		[[ $name != ksft_* ]] || mode=755
		[[ $name != */* ]] || mkdir -p "$dir/${name%/*}"
		chmod "$mode" "$stage/$name" && mv "$stage/$name" "$dir/$name"
	done
}

install_tree() {
	local written

	[[ ! -d $dir/lib || -e $dir/lib/libpfn_mkwrite.mk ]] ||
		die "$dir/lib is there, and is not of this suite; nothing was changed"
	filter_files
	refuse_changed overwrite
	remember
	put "$tmp/with"
	if ((written)); then
		tell "$selftests/$collection of $kdir has the suite now: $written files written"
	else
		tell "$selftests/$collection of $kdir has the suite already"
	fi
}

uninstall_tree() {
	local name written left=''

	[[ -e $dir/lib/libpfn_mkwrite.mk ]] ||
		grep -q pfn_mkwrite "${edited[@]/#/$dir/}" || {
		tell "$selftests/$collection of $kdir does not have the suite"
		return
	}
	filter_files
	refuse_changed remove
	# Who builds meanwhile finds a Makefile that does not want what is not there.
	put "$tmp/without"
	(cd "$dir" && rm -rf "${files[@]}" "${programs[@]}" libpfn_mkwrite)
	for name in lib pfn_mkwrite_mod; do
		[[ ! -d $dir/$name ]] || rmdir "$dir/$name" 2>/dev/null ||
			left+=$(cd "$dir" && printf ' %s' "$name"/*)
	done
	tell "$selftests/$collection of $kdir does not have the suite any more${left:+;" \
		"not of the suite, and left there:$left}"
}

# Of the user's git, the name is wanted, and no hooks and no key.
in_repo() {
	git -C "$repo" -c commit.gpgsign=false -c core.hooksPath=/dev/null "$@"
}

# commit MESSAGE PATH...: these of the suite's files.
commit() {
	local message=$here/selftests/$1
	shift

	git -C "$repo" add -f -- "${@/#/$selftests/$collection/}" &&
		in_repo commit -q -s -F "$message"
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
	chmod +x "$tmp"/with{,out}/run_vmtests.sh "$tmp/with/ksft_pfn_mkwrite.sh" &&
		cp -r "$tmp/without" "$repo/$selftests/$collection" &&
		git -C "$repo" add -f . && in_repo commit -q -m "$kdir" &&
		cp -r "$tmp/with/." "$repo/$selftests/$collection" || return
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
	tell "$out has the series: git send-email $out/*.patch"
}

case ${1:-}:$# in
install:2 | uninstall:2 | series:3)
	use_tree "$2"
	case $1 in
	install)	install_tree ;;
	uninstall)	uninstall_tree ;;
	series)		make_series "$3" ;;
	esac ;;
*)	die "usage: patches/tree.sh install KDIR | uninstall KDIR | series KDIR DIR" ;;
esac
