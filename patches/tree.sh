#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The suite as a part of a kernel tree's selftests: installs it, removes it, or writes
# the patches to post.
# Usage: patches/tree.sh install KDIR	(make install-tree)
#        patches/tree.sh uninstall KDIR	(make uninstall-tree)
#        patches/tree.sh series KDIR DIR	(make series)
#
# Each file patches/selftests/SERIES/NN-NAME is one patch: its commit message, "---",
# and either a diff or lines of these two kinds:
#	PATTERN		files of this suite that the patch adds
#	about PATH	files of the kernel whose maintainers get the patch, too
# In each state, a line that names a file or a source of the suite is left out as long
# as the file is not in the tree: an #include, an entry of a list of sources, a line that
# ends in the file's name as a comment. Of config,
# each state gets the sections of its files.
#
# The tree is read first and changed last, or not at all. mm/pfn_mkwrite.patch records
# what was installed. FORCE=1 overwrites files of the suite that were changed there.

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
top=${here%/*}
PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-patches/tree.sh}
# shellcheck source=../vm/common.sh
. "$top/vm/common.sh"

selftests=tools/testing/selftests
harness=$selftests/kselftest_harness.h
patches=("$here"/selftests/*/*[1-9]*-*)

# use_tree KDIR: sets what there is to know about a tree, or says why it is none.
use_tree() {
	local file

	kdir=${1%/}
	[[ $kdir ]] || die "name the kernel tree: $me KDIR=TREE"
	[[ -d $kdir ]] || die "KDIR=$1 is not a folder"
	kdir=$(cd "$kdir" && pwd)
	[[ -f $kdir/MAINTAINERS && -f $kdir/$selftests/lib.mk ]] ||
		die "KDIR=$1 is no kernel tree: it has no MAINTAINERS or no $selftests/lib.mk"
	# Linux 6.2 and older have vm/.
	mm=$selftests/mm
	[[ -f $kdir/$mm/run_vmtests.sh || ! -f $kdir/$selftests/vm/run_vmtests.sh ]] ||
		mm=$selftests/vm
	dir=$kdir/$mm
	edited=("$harness" "$mm"/{Makefile,config,run_vmtests.sh,.gitignore})
	for file in "${edited[@]}"; do
		[[ -f $kdir/$file && -r $kdir/$file ]] ||
			die "$kdir does not look as expected: there is no $file"
		[[ ! $(tail -c 1 "$kdir/$file") ]] ||
			die "$kdir does not look as expected: $file does not end in a newline"
	done
	categories='' wrappers=''
	! grep -q '^CATEGORY=' "$dir/run_vmtests.sh" || categories=1
	! grep -q '^TEST_PROGS += ksft_pagemap\.sh$' "$dir/Makefile" || wrappers=1
}

# after LINE TEXT: inserts TEXT below the first line that is LINE. Fails if there is none.
after() {
	line=$1 text=$2 awk '
		{ print }
		!done && $0 == ENVIRON["line"] { print ENVIRON["text"]; done = 1 }
		END { exit !done }'
}

# Each program is a category with a wrapper of its own: a machine without a card skips no
# more than the tests of cards. The tree's own files are filters, for the programs that are
# there so far.
declare -A usage_of=([pfn_mkwrite_test]='page faults of one store to device memory'
	[pfn_mkwrite_drm]='page faults of one store to a DRM dumb buffer')

with_Makefile() {
	local kind=FILES

	# Without categories, the runner has to know each of the programs.
	[[ $categories ]] || kind=PROGS
	after 'include ../lib.mk' 'include lib/libpfn_mkwrite.mk' |
		if ((${#programs[@]})); then
			after 'TEST_GEN_FILES += on-fault-limit' \
				"$(printf "TEST_GEN_$kind += %s\n" "${programs[@]}")"
		else
			cat
		fi |
		if [[ $wrappers ]] && ((${#programs[@]})); then
			after 'TEST_PROGS += ksft_pagemap.sh' \
				"$(printf 'TEST_PROGS += ksft_%s.sh\n' "${programs[@]%_test}")"
		else
			cat
		fi
}

# Lines that the tree does not have, of sections whose file is in the tree.
with_config() {
	local line wanted='' had

	had=$(cat)
	echo "$had"
	while IFS= read -r line; do
		if [[ $line == '# '* ]]; then
			wanted=
			[[ ! -e $repo/$mm/${line#\# } ]] || wanted=1
		elif [[ $wanted && $'\n'$had != *$'\n'"${line%%=*}="* ]]; then
			echo "$line"
		fi
	done <"$top/config"
}

with_run_vmtests.sh() {
	local program usage='' run=''

	if ((${#programs[@]} == 0)); then
		cat
	elif [[ $categories ]]; then
		for program in "${programs[@]}"; do
			usage+=$'\n- '${program%_test}$'\n\t'${usage_of[$program]}
			run+=$'\n'"CATEGORY=\"${program%_test}\" run_test ./$program"
		done
		after $'\ttest pagemap_scan IOCTL' "${usage:1}" |
			after 'CATEGORY="pagemap" run_test ./pagemap_ioctl' \
				$'\n# one store to device memory, one fault'"$run"
	else
		run=$(printf 'run_test ./%s\n' "${programs[@]}")
		after 'run_test ./soft-dirty' $'\n# one store to device memory, one fault\n'"$run"
	fi
}

with_.gitignore() {
	cat
	if grep -qx '\*' "$dir/.gitignore"; then
		echo '!/lib/libpfn_mkwrite.mk'
	else
		printf '%s\n' "${programs[@]}" /libpfn_mkwrite/ /pfn_mkwrite.patch
	fi
}

# Whether a patch is a diff.
is_diff() {
	grep -q '^diff --git ' "$1"
}

# below PATCH: prints what stands below its message.
below() {
	sed '1,/^---$/d' "$1"
}

files=()	# of the suite, in the tree so far

# add PATTERN...: to them.
add() {
	local pattern found

	for pattern; do
		found=$(cd "$top" && compgen -G "$pattern") || {
			echo "E: no file is $pattern"
			return 1
		}
		mapfile -t -O ${#files[@]} files <<<"$found"
	done
}

# add_patch PATCH: the files that it names.
add_patch() {
	local patterns

	mapfile -t patterns < <(below "$1" | grep -v '^about ')
	add "${patterns[@]}"
}

# Prints words that name the files of the suite that are not in the tree, or their sources.
absent_words() {
	local name

	(cd "$top" && comm -23 <({ find lib -type f; printf '%s\n' pfn_mkwrite_{test,drm}.c; } | sort) \
		<(printf '%s\n' "${files[@]}" | sort)) |
		while read -r name; do
			printf '%s\n' "$name" "${name##*/}\"" "/* ${name##*/} */"
			[[ $name != *.c ]] ||
				sed -n 's/^const struct source \(.*\)_source = {$/\1_source\nsource(\1/p' "$top/$name"
		done
}

# Writes the files of the suite, and the lines that the tree's own files get for them.
write_files() {
	local name

	absent_words >"$tmp/absent" || return
	programs=()
	for name in "${files[@]}"; do
		mkdir -p "$repo/$mm/$(dirname "$name")" &&
			grep -vwFf "$tmp/absent" "$top/$name" | cat -s >"$repo/$mm/$name" || return
		[[ $name == */* ]] || programs+=("${name%.c}")
	done
	for name in Makefile config run_vmtests.sh .gitignore; do
		in_repo show "without:$mm/$name" | "with_$name" >"$tmp/$name" || {
			echo "E: $dir/$name does not look as expected"
			return 1
		}
		# The mode stays.
		cat "$tmp/$name" >"$repo/$mm/$name" || return
	done
	[[ $wrappers ]] || return 0
	# Like those beside them.
	for name in "${programs[@]%_test}"; do
		printf '#!/bin/sh -e\n# SPDX-License-Identifier: GPL-2.0\n\n%s\n' \
			"./run_vmtests.sh -t $name" >"$repo/$mm/ksft_$name.sh" &&
			chmod +x "$repo/$mm/ksft_$name.sh" || return
	done
}

in_repo() {
	git -C "$repo" "$@"
}

# commit TAG OPTION...
commit() {
	in_repo add -f . && in_repo commit -q "${@:2}" && in_repo tag "$1"
}

# make_repo ACTION: a repository of its own with what matters of the tree, as it is
# ("now") and without the suite ("without"). ACTION is what FORCE=1 does to files of the
# suite that were changed.
make_repo() {
	local name email

	make_tmp
	repo=$tmp/repo record=$mm/pfn_mkwrite.patch
	name=$(git -C "$top" config user.name) && email=$(git -C "$top" config user.email) &&
		identity=1 || identity=''
	# None of the user's hooks, keys and formats.
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	{
		git init -q "$repo" && in_repo config user.name "${name:-nobody}" &&
			in_repo config user.email "${email:-nobody}" &&
			(cd "$kdir" && cp --parents "${edited[@]}" "$repo") &&
			if [[ -e $kdir/$record ]]; then
				(cd "$kdir" && recorded | xargs cp --parents -t "$repo" "$record")
			fi && commit now -m now
	} >"$tmp/log" 2>&1 || die "$kdir cannot be read: $(why)"
	[[ ! -e $kdir/$record ]] || take_out "$1"
	{ in_repo commit -q --allow-empty -a -m without && in_repo tag without; } \
		>"$tmp/log" 2>&1 || die "git: $(why)"
}

# Prints the files that an installed suite wrote, and that are still there.
recorded() {
	git apply --numstat "$record" | cut -f 3 | while read -r name; do
		[[ ! -e $name ]] || echo "$name"
	done
}

# take_out ACTION: reverts what was installed, in the repository.
take_out() {
	local name changed reverse=(apply -R -C0 --whitespace=nowarn) theirs=''

	for name in $(in_repo apply --numstat "$record" | cut -f 3); do
		[[ -e $repo/$name ]] || reverse+=(--exclude="$name")
	done
	changed=$(in_repo "${reverse[@]}" --check "$record" 2>&1 |
		sed -n 's/^error: \(.*\): patch does not apply$/\1/p') || :
	for name in "${edited[@]}"; do
		[[ $'\n'$changed$'\n' != *$'\n'$name$'\n'* ]] || theirs+=" $name"
	done
	[[ ! $theirs ]] || die "the lines of the suite were changed in these, and have to be" \
		"removed by hand:$theirs in $kdir; nothing was changed"
	[[ ! $changed || ${FORCE:-} ]] ||
		die "these are not as the suite has them, and FORCE=1 would $1 them:" \
			"${changed//$mm\//} in $dir; nothing was changed"
	for name in $changed; do
		reverse+=(--exclude="$name")
		in_repo rm -q -f "$name"
	done
	{ in_repo "${reverse[@]}" "$record" && rm "$repo/$record"; } >"$tmp/log" 2>&1 ||
		die "$kdir/$record cannot be reverted: $(why); nothing was changed"
}

# put TAG: makes the tree what it is in that commit. Everything is in the tree's file
# system before the first file is replaced, each in one go, and what stays the same keeps
# its time.
put() {
	local name mode

	mapfile -t changed < <(in_repo diff --name-only --no-renames now "$1")
	((${#changed[@]})) || return 0
	stage=$dir/.pfn_mkwrite.$$
	{ mkdir "$stage" && in_repo archive "$1" | tar -xC "$stage"; } >"$tmp/log" 2>&1 ||
		die "$dir cannot be written to: $(why); nothing was changed"
	for name in "${changed[@]}"; do
		[[ -e $stage/$name ]] || { rm -f "$kdir/$name"; continue; }
		mode=644
		[[ ! -x $stage/$name ]] || mode=755
		[[ ! -e $kdir/$name ]] || mode=$(stat -c %a "$kdir/$name")
		mkdir -p "$kdir/${name%/*}"
		chmod "$mode" "$stage/$name" && mv "$stage/$name" "$kdir/$name"
	done
}

# All of the patches as one.
add_all() {
	local patch

	for patch in "${patches[@]}"; do
		if ! is_diff "$patch"; then
			add_patch "$patch" || return
		elif ! grep -q FIXTURE_VARIANT_REGISTER "$repo/$harness" &&
		     ! below "$patch" | in_repo apply 2>/dev/null; then
			# Older than that diff.
			add lib/tests/compat.h || return
		fi
	done
	write_files && in_repo add -f . && in_repo diff --cached without >"$tmp/record" &&
		cp "$tmp/record" "$repo/$record" && commit with -m with
}

install_tree() {
	local changed

	[[ ! -d $dir/lib || -e $dir/pfn_mkwrite.patch ]] ||
		die "$dir/lib is there, and not from make install-tree; nothing was changed"
	make_repo overwrite
	add_all >"$tmp/log" 2>&1 || die "$(why); nothing was changed"
	put with
	if ((${#changed[@]})); then
		tell "$mm of $kdir has the suite now: ${#changed[@]} files written"
	else
		tell "$mm of $kdir has the suite already"
	fi
	tell "    make -C $dir && cd $dir && ./run_vmtests.sh${categories:+ -t pfn_mkwrite}"
}

uninstall_tree() {
	local changed left

	if [[ ! -e $dir/pfn_mkwrite.patch ]]; then
		tell "$mm of $kdir does not have the suite"
		return
	fi
	make_repo remove
	put without
	(cd "$dir" && rm -rf pfn_mkwrite_test pfn_mkwrite_drm libpfn_mkwrite)
	find "$dir/lib" -depth -type d -empty -delete 2>/dev/null || :
	left=$(cd "$dir" && find lib -type f 2>/dev/null) || :
	tell "$mm of $kdir does not have the suite any more${left:+;" \
		"not of the suite, and left there: ${left//$'\n'/ }}"
}

# commit_series SERIES: its patches, on a branch of this name.
commit_series() {
	local patch

	in_repo checkout -q -b "$1" || return
	for patch in "$here/selftests/$1"/*[1-9]*-*; do
		if is_diff "$patch"; then
			below "$patch" | in_repo apply || return
		else
			add_patch "$patch" && write_files || return
		fi
		commit "$1.${patch##*/}" -s -m "$(sed '/^---$/,$d' "$patch")" || return
	done
}

# people OPTION... FILE...: prints who gets them.
people() {
	(cd "$kdir" && scripts/get_maintainer.pl --nogit --nogit-fallback --nokeywords \
		--no-rolestats "$@")
}

# add_cc FILE: sends it to the addresses on stdin as well.
add_cc() {
	cc=$(sort -u | grep -vxFf "$tmp/to") awk '
		/^$/ && !done++ && ENVIRON["cc"] {
			gsub(/\n/, ",\n ", ENVIRON["cc"])
			print "Cc: " ENVIRON["cc"]
		}
		{ print }' "$1" >"$tmp/mail" && cp "$tmp/mail" "$1"
}

# format_series SERIES BASE: the files to send. Without a letter, each goes by itself.
format_series() {
	local source=$here/selftests/$1 out=$tmp/out/$1 options patch about n=0

	in_repo diff "$2" "$1" >"$tmp/all" && people "$tmp/all" | sort -u >"$tmp/to" || return
	mapfile -t options < <(sed 's/^/--to=/' "$tmp/to")
	if [[ -e $source/0-letter ]]; then
		in_repo config "branch.$1.description" "$(<"$source/0-letter")" || return
		options+=(--thread --cover-letter --cover-from-description=subject)
	else
		options+=(-N)
	fi
	in_repo format-patch -q -o "$out" "${options[@]}" "$2..$1" || return
	: >"$tmp/all"
	for patch in "$source"/*[1-9]*-*; do
		n=$((n + 1))
		mapfile -t about < <(below "$patch" | sed -n 's/^about //p')
		((${#about[@]})) || continue
		people -f "${about[@]}" >"$tmp/cc" && cat "$tmp/cc" >>"$tmp/all" &&
			add_cc "$out/$(printf %04d $n)"-*.patch <"$tmp/cc" || return
	done
	[[ ! -e $source/0-letter ]] || add_cc "$out/0000-cover-letter.patch" <"$tmp/all"
}

# lines_of OLD NEW: prints how many were added.
lines_of() {
	in_repo diff --numstat "$1" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# print_sizes SERIES BASE
print_sizes() {
	local commits commit

	mapfile -t commits < <(in_repo rev-list --reverse "$2..$1")
	echo "$1: ${#commits[@]} patches, $(lines_of "$2" "$1") lines"
	for commit in "${commits[@]}"; do
		printf '%6d %s\n' "$(lines_of "$commit^" "$commit")" \
			"$(in_repo show -s --format=%s "$commit")"
	done
}

all_series() {
	local base=without name

	in_repo checkout -q --detach without || return
	for name in "$here"/selftests/*/; do
		name=$(basename "$name")
		commit_series "$name" && format_series "$name" "$base" &&
			print_sizes "$name" "$base" >>"$tmp/sizes" || return
		base=$name
	done
}

make_series() {
	local out name

	[[ $1 ]] || die "name the folder for the patches: SERIES=DIR"
	out=$(realpath -m "$1")

	[[ $categories && $wrappers ]] ||
		die "the list takes patches for a kernel of today, and $kdir is older:" \
			"it has no ksft_*.sh"
	# What get_maintainer.pl looks for.
	for name in scripts/get_maintainer.pl COPYING CREDITS Kbuild Makefile README \
			Documentation arch include drivers fs init ipc kernel lib; do
		[[ -e $kdir/$name ]] ||
			die "$kdir is not the whole kernel tree that get_maintainer.pl needs:" \
				"there is no $name"
	done
	[[ ! -e $out || -d $out && ! $(ls -A "$out") ]] ||
		die "$out is not an empty folder; SERIES=DIR names another"
	make_repo remove
	[[ $identity ]] || die "git does not know who you are: git config --global user.name" \
		"and user.email"
	all_series >"$tmp/log" 2>&1 || die "the patches cannot be made: $(why)"
	{ mkdir -p "$out" && cp -r "$tmp/out/." "$out/"; } 2>"$tmp/log" ||
		die "$out cannot be written to: $(why)"
	cat "$tmp/sizes"
	tell "$out has the series, to be sent in the order of their numbers:"
	tell "    git send-email $out/1-core/*.patch"
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
