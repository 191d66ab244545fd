#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The suite as a part of a kernel tree: put into the trees of three versions and taken
# out again, refused where something is odd, built there, and made patches for the list.
# ALL=1 runs each patch of the first series in arm64 guests, takes whole trees, builds all
# mm selftests there, with either compiler, for this machine and for arm64, in the tree and
# with O=, and runs what "make kselftest-gen_tar" packs in arm64 guests.
# Usage: work=DIR [ALL=1] [VERSIONS="6.1 ..."] tests/tree.sh
# shellcheck disable=SC2154	# variables of vm/fetch.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"
. vm/fetch.sh
. vm/deps.sh
set +e +o pipefail

out=$work/tree
mkdir -p "$out"
selftests=tools/testing/selftests
versions=${VERSIONS:-6.1 6.12 7.3}

# use VERSION: sets tree to a copy of its selftests, and dir to those of mm.
use() {
	collection=mm
	[[ $1 != 6.1 ]] || collection=vm
	tree=$out/$1
	dir=$tree/$selftests/$collection
}

copy_selftests() {
	local harness
	harness=$(vm/fetch.sh harness "$version") &&
		rm -rf "$tree" && cp -a "${harness%/"$selftests"}" "$tree"
}

# Print the files of a folder, with their modes and sums.
contents() {
	(cd "$1" && {
		find . -type f -printf '%p %m\n'
		find . -type f -print0 | xargs -0 sha256sum | awk '{ print $2, $1 }'
	} | sort)
}

# make goes by the time as well.
snapshot() {
	contents "$1" && find "$1" -type f -printf '%p %T@\n' | sort
}

tree_make() {
	make -s "$1-tree" KDIR="$tree"
}

# The suite's files, as far as a tree gets them.
suite_files() {
	git ls-files --cached --others --exclude-standard lib pfn_mkwrite_{test,drm}.c \
		':!lib/libdrm.mk' ':!lib/tests/compat.h'
	[[ $version != 6.1 ]] || echo lib/tests/compat.h
}

# The installed files are new or changed, and nothing else is.
installed() {
	local wrappers=()

	[[ $version != 7.3 ]] || wrappers=(ksft_pfn_mkwrite.sh ksft_pfn_mkwrite_drm.sh)
	contents "$tree" >"$out/before" &&
		tree_make install || return
	contents "$tree" >"$out/after"
	diff <(diff "$out/before" "$out/after" | sed -n 's/^> \.\/\([^ ]*\).*/\1/p' | sort -u) \
		<({
			{
				suite_files
				printf '%s\n' .gitignore Makefile config run_vmtests.sh \
					pfn_mkwrite.patch "${wrappers[@]}"
			} | sed "s,^,$selftests/$collection/,"
			[[ $version == 6.1 ]] || echo $selftests/kselftest_harness.h
		} | sort) &&
		{ ((!${#wrappers[@]})) ||
			(cd "$dir" && ls "${wrappers[@]}" && ! find "${wrappers[@]}" ! -perm 755 | grep .); }
}

twice_the_same() {
	snapshot "$tree" >"$out/before" && tree_make install &&
		snapshot "$tree" | diff "$out/before" -
}

# Built files of the suite go, too. local_config.* of mm/ belongs to mm/.
uninstalled() {
	local harness
	rm -f "$dir"/local_config.*
	harness=$(vm/fetch.sh harness "$version") && tree_make uninstall &&
		diff <(contents "${harness%/"$selftests"}") <(contents "$tree")
}

# refuses GOAL TEXT: says so, and leaves everything as it was.
refuses() {
	snapshot "$tree" >"$out/before"
	! tree_make "$1" >"$out/said" 2>&1 || { echo "it did not refuse"; return 1; }
	cat "$out/said"
	grep -qE "$2" "$out/said" && snapshot "$tree" | diff "$out/before" - &&
		! find "$tree" -name '.pfn_mkwrite*' | grep .
}

# odd NAME TEXT FILE EDIT: a tree whose FILE is not as expected.
odd() {
	copy_selftests && sed -i "$4" "$dir/$3" || return
	check "$version.refuses_$1" refuses install "$2"
}

no_newline() {
	copy_selftests && printf %s "$(<"$dir/config")" >"$dir/config.new" &&
		mv "$dir/config.new" "$dir/config" &&
		refuses install 'config does not end in a newline'
}

foreign_lib() {
	copy_selftests && mkdir "$dir/lib" && echo 'int x;' >"$dir/lib/x.c" &&
		refuses install 'lib is there, and not from make install-tree; nothing was'
}

# Changes made there are kept, unless FORCE=1 is given.
changed_in_the_tree() {
	copy_selftests && tree_make install && echo '/* mine */' >>"$dir/lib/verdict/verdict.c" &&
		refuses install '1 would overwrite them: lib/verdict/verdict.c in .*; nothing was' &&
		refuses uninstall '1 would remove them: lib/verdict/verdict.c in .*; nothing was' &&
		FORCE=1 tree_make install && cmp lib/verdict/verdict.c "$dir/lib/verdict/verdict.c"
}

# Lines next to ours, and a file of ours that is gone.
changed_beside() {
	copy_selftests && tree_make install && rm "$dir/lib/verdict/verdict.c" &&
		sed -i '/pfn_mkwrite_test$/i TEST_GEN_FILES += mine' "$dir/Makefile" &&
		tree_make uninstall && grep -x 'TEST_GEN_FILES += mine' "$dir/Makefile" &&
		sed -i '/mine$/d' "$dir/Makefile" && uninstalled
}

# An older suite, with other files, is replaced.
older_suite() {
	local older=$out/older

	rm -rf "$older" && copy_source "$older" && copy_selftests &&
		echo '# older' >>"$older/lib/libpfn_mkwrite.mk" &&
		cp "$older/lib/verdict/verdict.h" "$older/lib/verdict/gone.h" &&
		make -s -C "$older" install-tree KDIR="$tree" && ls "$dir/lib/verdict/gone.h" &&
		contents "$tree" >"$out/before" && tree_make install &&
		! ls "$dir/lib/verdict/gone.h" &&
		! grep "# older" "$dir/lib/libpfn_mkwrite.mk"
}

others_stay() {
	copy_selftests && tree_make install && echo 'int mine;' >"$dir/lib/mine.c" && tree_make uninstall >"$out/said" 2>&1 &&
		grep -q 'not of the suite, and left there: lib/mine.c' "$out/said" &&
		[ -e "$dir/lib/mine.c" ] && rm -r "${dir:?}/lib" && uninstalled
}

no_tree() {
	tree=$out/none
	mkdir -p "$tree" && refuses install "KDIR=$tree is no kernel tree: it has no MAINTAINERS"
}

# full_disk: in a file system that has room for the tree, and for little else.
full_disk() {
	local full=$out/full

	copy_selftests && mkdir -p "$full" && mount -t tmpfs tmpfs "$full" || return
	cp -a "$tree/." "$full" &&
		mount -o remount,size="$(($(df -k --output=used "$full" | tail -n 1) + 64))k" \
			"$full" &&
		tree=$full refuses install \
			'cannot be written to: no space is left on .*; nothing was changed'
	local rc=$?
	umount "$full"
	return $rc
}

# The two programs alone, as "make PATH" there does.
builds() {
	tree_make install &&
		make -C "$dir" USERCFLAGS=-Werror "$dir/pfn_mkwrite_test" "$dir/pfn_mkwrite_drm" &&
		"$dir/pfn_mkwrite_test" -l 2>&1 | grep first_store
}

# outer FILE: the results of run_vmtests.sh.
outer() {
	grep -E '^(not )?ok [0-9]' "$1"
}

# Whatever this machine has: a line for the program, and a status that fits.
category_runs() {
	local rc=0 line
	(cd "$dir" && ./run_vmtests.sh -t "$1") >"$out/category" 2>&1 || rc=$?
	line=$(outer "$out/category")
	echo "$line, status $rc"
	[[ ${line#not } == "ok 1 $2"* && $line != *$'\n'* ]] && ((rc == $(status_of "$line")))
}

# status_of LINE: what run_vmtests.sh ends with if that is its only result.
status_of() {
	case $1 in
	not*)		echo 1 ;;
	*'# SKIP')	echo 4 ;;
	*)		echo 0 ;;
	esac
}

category_listed() {
	"$dir/run_vmtests.sh" -h | grep -A 1 -x -e "- $1" | grep -x '	page faults .*'
}

for version in $versions; do
	use "$version"
	check "$version.copy" copy_selftests
	check "$version.install" installed
	check "$version.install_twice" twice_the_same
	check "$version.builds" builds
	case $version in
	6.1)	check 6.1.run_vmtests grep -x 'run_test ./pfn_mkwrite_test' \
			"$dir/run_vmtests.sh" ;;
	*)	check "$version.category_listed" category_listed pfn_mkwrite
		check "$version.category_drm_listed" category_listed pfn_mkwrite_drm ;;
	esac
	# That of 6.12 takes huge pages for itself first, whatever it is asked for.
	if [[ $version == 7.3 ]]; then
		check 7.3.category_runs category_runs pfn_mkwrite pfn_mkwrite_test
		check 7.3.category_drm_runs category_runs pfn_mkwrite_drm pfn_mkwrite_drm
	fi
	check "$version.uninstall" uninstalled &&
		lab "into a tree of $version and out again" \
			'make install-tree KDIR=TREE, uninstall-tree' 'as it was before'
	check "$version.uninstall_twice" uninstalled
	odd run_vmtests 'run_vmtests.sh does not look as expected; nothing' run_vmtests.sh \
		'/pagemap_ioctl\|soft-dirty/d'
	[[ $version == 7.3 ]] || continue
	odd makefile 'Makefile does not look as expected; nothing' Makefile '/^include \.\.\/lib/d'
	check "$version.refuses_no_newline" no_newline
	check "$version.refuses_foreign_lib" foreign_lib
	check "$version.refuses_changed_files" changed_in_the_tree
	check "$version.changed_beside" changed_beside
	check "$version.older_suite" older_suite
	check "$version.others_stay" others_stay
done
check no_tree no_tree
if ((EUID == 0)); then
	check full_disk full_disk
else
	skip full_disk 'it takes root to mount a small file system'
fi

# The patches are what install-tree does to a tree of today.
series() {
	make -s series KDIR="$fetched" SERIES="$out/series" >"$out/sizes" && cat "$out/sizes"
}

applies() {
	(cd "$tree" && git apply "$1")
}

series_applies() {
	local patch

	copy_selftests && tree_make install && rm "$dir/pfn_mkwrite.patch" &&
		contents "$tree" >"$out/wanted" && copy_selftests || return
	for patch in "$out"/series/*/*[1-9]-*.patch; do
		applies "$patch" || return
	done
	contents "$tree" | diff "$out/wanted" -
}

# Lines: of the first series, of its largest patch, and of all.
series_small() {
	awk '
		/patches, /	{ core = $1 == "1-core:"; all += $4; if (core) first = $4; next }
		core && $1 > max	{ max = $1 }
		END {
			print first, max, all
			exit !(first && first <= 2600 && max <= 950 && all <= 6000)
		}' "$out/sizes"
}

series_addressed() {
	local patch list

	for patch in "$out"/series/*/*.patch; do
		for list in linux-mm@kvack.org linux-kselftest@vger.kernel.org; do
			sed '/^$/q' "$patch" | grep -q "^.*$list" || {
				echo "${patch##*/} does not go to $list"
				return 1
			}
		done
	done
	! grep '\*\*\* ' "$out"/series/*/0000-cover-letter.patch &&
		grep '^ .*lib/verdict/verdict.c' "$out/series/1-core/0000-cover-letter.patch" &&
		sed '/^$/q' "$out"/series/*/*DAX-files.patch | grep nvdimm@lists.linux.dev
}

# A letter is read, if it is short.
letters_short() {
	! wc -l patches/selftests/*/0-letter | awk '$1 > 42 && $2 != "total"' | grep .
}

# The new files are in a folder that MAINTAINERS has as a whole.
series_style() {
	"$fetched/scripts/checkpatch.pl" --no-tree --strict --show-types --terse --showfile \
		--ignore FILE_PATH_CHANGES "$out"/series/*/*[1-9]-*.patch 2>&1 |
		sed "s,^$selftests/mm/,," | grep -v 'patch total: ' |
		awk -f tests/checkpatch.awk tests/checkpatch.allow -
	local rc=$?

	rm -f .checkpatch-camelcase.*
	return $rc
}

series_for_the_old() {
	local harness
	harness=$(vm/fetch.sh harness 6.12) || return
	! make -s series KDIR="${harness%/"$selftests"}" SERIES="$out/too-old" >"$out/said" 2>&1 &&
		grep 'takes patches for a kernel of today, and .* is older' "$out/said" &&
		[ ! -e "$out/too-old" ]
}

# c_test SOURCE INCLUDE: builds a test below the state's selftests, as tests/ or the
# harness's own folder is below its files.
c_test() (
	local name=${1##*/}

	mkdir -p "$2" && cp "$1" "$2/" && cd "$2" &&
		"${cross}gcc" -O2 -D_GNU_SOURCE= -pthread ${cross:+-static} -isystem "$tree/$selftests" \
			"$name" ${archive:+"$archive"} -lm -o "$bin/${name%.c}"
	local rc=$?

	rm -rf "$2"
	exit $rc
)

# state_builds DIR CROSS_COMPILE: the programs of this state, without any the tests that
# need no more of the library than there is, and those of the harness.
state_builds() {
	local bin=$1 cross=$2 objects=$out/objects archive='' program programs=()

	rm -rf "$objects" && mkdir -p "$bin" "$objects" || return
	for program in "$dir"/pfn_mkwrite_*.c; do
		program=${program##*/}
		[[ $program == *'*'* ]] || programs+=("$objects/${program%.c}")
	done
	[[ -d $dir/lib ]] || {
		c_test "$fetched/$selftests/kselftest_harness/harness-selftest.c" \
			"$tree/$selftests/kselftest_harness"
		return
	}
	archive=$objects/libpfn_mkwrite/libpfn_mkwrite.a
	make -s -C "$dir" OUTPUT="$objects" USERCFLAGS=-Werror \
		${cross:+ARCH=arm64 CROSS_COMPILE="$cross" USERLDFLAGS=-static} \
		"${programs[@]}" "$archive" || return
	((${#programs[@]} == 0)) || {
		cp "${programs[@]}" "$bin"
		return
	}
	for program in tests/*_test.c; do
		sed -n 's/^#include "\.\.\/\(.*\)"/\1/p' "$program" |
			(cd "$dir" && xargs -r ls >/dev/null 2>&1) || continue
		c_test "$program" "$dir/tests" || return
	done
}

# honest FILE STATUS: as many results as planned, and the status that they mean.
honest() {
	awk -v status="$2" '
		/^1\.\.0 # SKIP/	{ skipped = 1 }
		/^1\.\.[0-9]+/		{ plan = substr($1, 4) }
		/^(not )?ok [0-9]/	{ seen++ }
		/^not ok /		{ bad = 1 }
		END {
			print seen + 0 " results, status " status
			exit !(skipped ? status == 4 : seen && seen == plan && status == bad + 0)
		}' "$1"
}

# lab_series TEXT: a row for each series, with the lines of its patches.
lab_series() {
	local name text

	while read -r name text; do
		lab "${name%:} for the list" 'make series KDIR=TREE' "$text"
	done < <(awk -v text="$1" '
		/patches, /	{ if (row) print row text; row = $0 ": " }
		!/patches, /	{ row = row (row ~ /: $/ ? "" : " + ") $1 }
		END		{ print row text }' "$out/sizes")
}

# It is made to fail, and its output is known.
harness_as_before() {
	diff "$fetched/$selftests/kselftest_harness/harness-selftest.expected" -
}

state_runs() {
	local program rc ran=''

	for program in "$1"/*; do
		ran=1 rc=0
		[[ $program != */harness-selftest ]] || {
			"$program" 2>&1 | harness_as_before || return
			continue
		}
		"$program" >"$out/said" 2>&1 || rc=$?
		echo "${program##*/}"
		honest "$out/said" $rc || { cat "$out/said"; return 1; }
	done
	[[ $ran ]]
}

# in_guest RIG: all states' programs in one guest.
in_guest() {
	cp tests/guest_series.sh "$out/states/run_tests.sh" &&
		PFN_MKWRITE_SUITE=$out/states ./run_tests.sh --vm --timeout 300 \
			--output "$out/series-$1.d" "$1" >"$out/series-$1" 2>&1
	grep -q "^# rig $1: exit status 0" "$out/series-$1" || { cat "$out/series-$1"; return 1; }
}

# guest_statuses RIG: prints how the programs ended.
guest_statuses() {
	awk '
		$1 == "=="	{ split($2, part, "[./]"); name = part[2] + 0 " " part[3] }
		/^status /	{ printf "%s%s: %s", sep, name, $2; sep = ", " }' "$out/series-$1"
}

# guest_said RIG STATE/PROGRAM: honest, and what fails is what the verdicts condemn.
guest_said() {
	awk -v program="$2" '$1 == "==" { on = $2 == program; next } on' "$out/series-$1" \
		>"$out/said"
	[[ $2 != */harness-selftest ]] || {
		grep -v '^status ' "$out/said" | harness_as_before
		return
	}
	cat "$out/said"
	honest "$out/said" "$(sed -n 's/^status //p' "$out/said")" &&
		{ [[ $2 != */pfn_mkwrite_* ]] || nothing_else_fails "$out/said"; }
}

# series_states SERIES: each of its patches on top of those before.
series_states() {
	local patch state

	for patch in "$out/series/$1"/*[1-9]-*.patch; do
		state=${patch##*/} state=$1.${state%%-*}
		check "series.$state.applies" applies "$patch" || return
		check "series.$state.builds" state_builds "$out/native/$state" '' || continue
		check "series.$state.runs" state_runs "$out/native/$state"
		[[ $1 != 1-core || ! ${ALL:-} ]] ||
			check "series.$state.builds_for_arm64" state_builds "$out/states/$state" \
				aarch64-linux-gnu-
	done
}
make_cache
fetch_tree 7.3
version=7.3
# Whoever runs this need not have told git a name.
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0='A. U. Thor' \
	GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=author@example.com
use $version
check series.made series
check series.applies series_applies
check series.small series_small
check series.letters_short letters_short
check series.addressed series_addressed
check series.checkpatch series_style && lab_series ', checkpatch --strict clean'
check series.refuses_older_tree series_for_the_old
copy_selftests
series_states 1-core
if [[ ${ALL:-} ]]; then
	for rig in arm64-7.3-max arm64-7.3-max-nodbm; do
		check "series.$rig" in_guest $rig || continue
		lab "each patch of 1-core, in $rig" 'the programs of each state' "$(guest_statuses $rig)"
		for program in "$out"/states/*/*; do
			program=${program#"$out/states/"}
			check "series.$rig.${program/\//.}" guest_said $rig "$program"
		done
	done
	series_states 2-properties
	series_states 3-sources
fi

[[ ${ALL:-} ]] || { plan; exit; }

# Whole trees. What the suite is built with beside them is the mm selftests' need.
whole_tree() {
	fetch_tree "$version" && rm -rf "$tree" && {
		cp -al "$fetched" "$tree" 2>/dev/null ||
			{ rm -rf "$tree" && cp -a "$fetched" "$tree"; }
	} && tree_make install
}

# for_arm64 COMMAND...: with the libraries that other mm selftests want.
for_arm64() {
	local package cflags='' ldflags=''

	for package in libcap-dev libnuma-dev liburing-dev; do
		fetch_package arm64 bookworm $package
		cflags+=" -isystem $fetched/usr/include"
		ldflags+=" -L$fetched/usr/lib/aarch64-linux-gnu"
	done
	ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- USERCFLAGS="$cflags $mend" USERLDFLAGS=$ldflags "$@"
}

for_x86_64() {
	"$@"
}

# in_obj COMMAND...: with the objects in a folder of their own.
in_obj() {
	"$1" -s -j2 -C "$tree" O="$obj" "${@:2}"
}

# Print the lines of config that the configuration lacks after kselftest-merge.
config_merged() {
	obj=$out/config-$1
	mkdir -p "$obj" && in_obj make ARCH="$1" defconfig kselftest-merge || return
	! grep '^CONFIG' config | grep -vxFf "$obj/.config"
}

gen_tar() {
	in_obj make defconfig kselftest-gen_tar TARGETS=$collection FORMAT=.xz FORCE_TARGETS=1 &&
		mkdir -p "$suite" && cp "$obj/kselftest/kselftest_install/kselftest-packages/kselftest.tar.xz" "$suite/" &&
		tar -tf "$suite/kselftest.tar.xz" | grep -c "/$collection/pfn_mkwrite_"
}

# The guest gets what a root file system would have.
guest_suite() {
	local library

	fetch_package arm64 bookworm bash-static
	mkdir -p "$suite/lib" && cp tests/guest_kselftest.sh "$suite/run_tests.sh" &&
		cp "$fetched/bin/bash-static" "$suite/bash" || return
	for library in ld-linux-aarch64.so.1 libc.so.6 libm.so.6; do
		cp "$(aarch64-linux-gnu-gcc -print-file-name=$library)" "$suite/lib/" || return
	done
}

guest() {
	PFN_MKWRITE_SUITE=$suite ./run_tests.sh --vm --timeout 300 --output "$out/$1.d" "$1" \
		-- "$collection" >"$out/$1" 2>&1
	grep -q "^# rig $1: exit status 0" "$out/$1"
}

# said RIG PART TEXT...: the results of the programs and of what ran them, and its status.
said() {
	local level='^((# )?(not )?ok |status )'

	[[ $version == 7.3 ]] || level='^((not )?ok |status )'
	awk -v part="$2" '$1 == "==" { on = $2 == part; next } on' "$out/$1" |
		grep -E "$level" | sed 's/^# //' | diff <(printf '%s\n' "${@:3}") -
}

# Print the commands of a user of this version, for a guest with all of the devices.
run_tests() {
	case $version in
	6.1)	echo './run_kselftest.sh -t vm:pfn_mkwrite_test -t vm:pfn_mkwrite_drm' ;;
	6.12)	echo './run_vmtests.sh -t pfn_mkwrite; ./run_vmtests.sh -t pfn_mkwrite_drm' ;;
	7.3)	echo './run_kselftest.sh -t mm:ksft_pfn_mkwrite.sh -t mm:ksft_pfn_mkwrite_drm.sh' ;;
	esac
}

# outcome TEST DRM: what comes out if the programs end like that. run_kselftest.sh ends
# with 0 for a skip, and that of 6.1 always does.
outcome() {
	local outer="selftests: $collection:"

	case $version in
	6.1)	printf '%s\n' "${1/NAME/1 $outer pfn_mkwrite_test}" \
			"${2/NAME/2 $outer pfn_mkwrite_drm}" 'status 0' ;;
	6.12)	printf '%s\n' "${1/NAME/1 pfn_mkwrite_test}" "status $(status_of "$1")" \
			"${2/NAME/1 pfn_mkwrite_drm}" "status $(status_of "$2")" ;;
	7.3)	printf '%s\n' "${1/NAME/1 pfn_mkwrite_test}" \
			"${1/NAME/1 $outer ksft_pfn_mkwrite.sh}" \
			"${2/NAME/1 pfn_mkwrite_drm}" \
			"${2/NAME/2 $outer ksft_pfn_mkwrite_drm.sh}"
		[[ $1$2 != *not* ]]
		echo "status $?" ;;
	esac
}

# check_way RIG PART TEST DRM TEXT: the programs say this, held back in that way.
check_way() {
	mapfile -t lines < <(outcome "$3" "$4")
	check "$version.$1.$2" said "$1" "$2" "${lines[@]}" && row "$5"
}

# check_guest RIG [TEST]: in which the first program says this if it is not held back.
check_guest() {
	local rig=$1 test=${2:-ok NAME} lines

	check "$version.$rig" guest "$rig"
	check "$version.$rig.listed" grep -E "^$collection:(ksft_pfn_mkwrite.sh|pfn_mkwrite_test|run_vmtests.sh)\$" \
		"$out/$rig"
	check_way "$rig" all "$test" 'not ok NAME # exit=1' "what it packs, in $rig"
	if [[ $test == ok* ]]; then
		check_way "$rig" some 'ok NAME' 'ok NAME' 'the same, with udmabuf and radeon alone'
	fi
	check_way "$rig" udmabuf "$test" 'ok NAME # SKIP' 'the same, without a card'
	check_way "$rig" dead_card "$test" 'ok NAME # SKIP' 'the same, with a card that cannot be opened'
	check_way "$rig" none 'ok NAME' 'ok NAME # SKIP' 'the same, without a device'
}

# row RUN: of the results in lines[].
row() {
	local result

	printf -v result '%s, ' "${lines[@]}"
	lab "$1" "$(run_tests)" "${result%, }"
}

# in_tree MAKE-ARGUMENT...: as in the README, for this machine.
in_tree() {
	USERCFLAGS="${USERCFLAGS:-} $mend" \
		make -s -j2 -C "$tree/$selftests" TARGETS=$collection FORCE_TARGETS=1 "$@"
}

# The results of check_config.sh for arm64 are not true here.
native() {
	rm -f "$dir"/local_config.*
	make -s -j2 -C "$tree" headers && in_tree && ls "$dir"/pfn_mkwrite_{test,drm}
}

native_install() {
	in_tree install KSFT_INSTALL_PATH="$out/install" &&
		ls "$out/install/$collection"/pfn_mkwrite_{test,drm} &&
		grep -E ":(ksft_pfn_mkwrite.sh|pfn_mkwrite_test|run_vmtests.sh)\$" \
			"$out/install/kselftest-list.txt"
}

# As "make kselftest TARGETS=mm" would, but for what belongs to others.
native_run() {
	in_tree run_tests TEST_PROGS=ksft_pfn_mkwrite.sh >"$out/said" 2>&1
	grep -E '^(not )?ok 1 selftests: mm: ksft_pfn_mkwrite.sh' "$out/said"
}

native_clean() {
	in_tree clean && ! ls -d "$dir"/pfn_mkwrite_{test,drm} "$dir/libpfn_mkwrite"
}

# ours MAKE-ARGUMENT...: the programs alone, with what is said in the arguments.
ours() {
	local where=$dir arg

	for arg; do
		[[ $arg != O=* ]] || where=$obj/kselftest/$collection
	done
	rm -rf "$where"/{pfn_mkwrite_test,pfn_mkwrite_drm,libpfn_mkwrite}
	USERCFLAGS="${USERCFLAGS:-} -Werror" in_tree "$@" \
		TEST_GEN_FILES="$where/pfn_mkwrite_test $where/pfn_mkwrite_drm" &&
		ls "$where"/pfn_mkwrite_{test,drm}
}

# with_objects: for this machine, with a folder for the objects.
with_objects() {
	obj=$out/config-x86_64
	in_obj make headers && ours O="$obj" && ours O="$obj" LLVM=1
}

# The programs that were built there before are for another machine.
cross_in_tree() {
	make -s -j2 -C "$tree" headers && in_tree clean && ours && ours LLVM=1
}

deps kernel tree
for version in $versions; do
	use "$version"
	tree=$out/whole-$version dir=$out/whole-$version/$selftests/$collection
	obj=$out/obj-$version suite=$out/suite-$version
	mkdir -p "$obj"
	# khugepaged.c of 6.12.117 wants that, and does not include what has it.
	mend=
	[[ $version != 6.12 ]] || mend=-DKSFT_SKIP=4
	check "$version.whole" whole_tree || continue
	for arch in arm64 x86_64; do
		check "$version.merge.$arch" for_"$arch" config_merged $arch &&
			lab "configuration of $version, $arch" 'make defconfig kselftest-merge' \
				'has each line of config'
	done
	obj=$out/obj-$version
	check "$version.gen_tar" for_arm64 gen_tar &&
		lab "all of $version, arm64, gcc" \
			"make O=/... kselftest-gen_tar TARGETS=$collection FORMAT=.xz FORCE_TARGETS=1" \
			'kselftest.tar.xz has it'
	check "$version.relative_O.gcc" for_arm64 ours O="../${obj##*/}" &&
		lab "$version, arm64, gcc" "make -C $selftests O=../... TARGETS=$collection" built
	check "$version.relative_O.clang" for_arm64 ours O="../${obj##*/}" LLVM=1 &&
		lab "$version, arm64, clang" "make -C $selftests O=../... TARGETS=$collection LLVM=1" built
	check "$version.native" native &&
		lab "all of $version, this machine, gcc" \
			"make headers; make -C $selftests TARGETS=$collection FORCE_TARGETS=1" built
	check "$version.native.install" native_install
	[[ $version != 7.3 ]] || check "$version.native.run_tests" native_run
	check "$version.native.clang" ours LLVM=1 &&
		lab "$version, this machine, clang" "make -C $selftests TARGETS=$collection LLVM=1" built
	check "$version.native.clean" native_clean
	check "$version.native.O" with_objects &&
		lab "$version, this machine, gcc and clang" \
			"make -C $selftests O=/... TARGETS=$collection" built
	check "$version.cross.in_tree" for_arm64 cross_in_tree &&
		lab "$version, arm64, gcc and clang" "make -C $selftests TARGETS=$collection" built
	check "$version.guest_suite" guest_suite
	case $version in
	6.1)	check_guest arm64-6.1-max ;;
	6.12)	check_guest arm64-6.12-max ;;
	7.3)	check_guest arm64-7.3-max
		check_guest arm64-7.3-max-nodbm 'not ok NAME # exit=1' ;;
	esac
	rm -rf "$tree" "$out/obj-$version" "$out/config-"*
done
plan
