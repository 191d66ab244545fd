#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What README.md and docs/ tell the reader to type works, and what they name exists. ALL=1
# also runs what takes a kernel tree or a guest.
# Usage: work=DIR [ALL=1] tests/docs.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/docs
top=$PWD
export SUITE=$top
mkdir -p "$out"

# Other tests write these pages.
written='docs/@(architectures|matrix|mistakes|module|mutants|performance).md'
shopt -s extglob
pages=()
for page in README.md docs/*.md; do
	# shellcheck disable=SC2053	# it is a pattern
	[[ $page == $written ]] || pages+=("$page")
done

# How each command of the pages is checked:
#	here STATUS,...		run below, in a copy of the sources
#	tree			run below in a kernel tree, in this order, with ALL=1
#	dry			a target of the Makefile that takes long
#	tests/FILE TEXT		another test runs it: TEXT is in that file
#	no REASON		cannot be run here
known_commands() {
	cat <<-'END'
	here 0 :: make
	here 0,1,4 :: ./run_tests.sh
	here 0 :: ./run_tests.sh -l
	here 0,1,4 :: ./run_tests.sh -t first_store
	here 0 :: ./run_tests.sh -v memfd
	here 0,1,4 :: ./run_tests.sh --tap
	here 0,1,4 :: ./run_tests.sh -q
	here 0,1,4 :: ./run_tests.sh --report DIR
	here 0 :: ./run_tests.sh --explain MAPPING
	here 0 :: ./run_tests.sh --help
	here 0 :: ./run_tests.sh --list
	here 0 :: ./run_tests.sh --vm --help
	here 0,1,4 :: PFN_MKWRITE_SKIP='bochs-drm*' ./run_tests.sh
	here 0 :: make help
	here 0 :: make KSRC=TREE
	here 0 :: make install INSTALL_PATH=DIR
	dry :: make check
	dry :: make check PART=unit
	dry :: make check-all
	dry :: make bench
	dry :: make soak
	tests/guests.sh rig arm64-6.12-a57 :: ./run_tests.sh --vm
	tests/guests.sh --table docs/matrix.md :: ./run_tests.sh --vm all --table FILE
	tests/guests.sh rig arm64-7.3-a57 arm64-7.3-a57 '' --report :: ./run_tests.sh --vm --report DIR arm64-7.3-a57 arm64-core-a57
	tests/guests.sh --table docs/matrix.md :: ./run_tests.sh --vm arm64-core-a57
	tests/guests.sh --table docs/matrix.md :: ./run_tests.sh --vm RIG
	tests/bad_input.sh env PFN_MKWRITE_ONLY='*-huge' ./run_tests.sh :: PFN_MKWRITE_ONLY='*-huge' ./run_tests.sh
	tests/guest_surroundings.sh env PFN_MKWRITE_DRM=radeon :: PFN_MKWRITE_DRM=radeon ./run_tests.sh
	tests/explain.sh trace riscv64-6.12 radeon :: ./run_tests.sh --vm arm64-7.3-a57 -- --explain radeon
	tests/mutants.sh --patch "tests/mutants/$1.patch" :: ./run_tests.sh --vm --patch FILE arm64-core-a57
	tests/docs.sh check own_kernel :: ./run_tests.sh --vm --kernel IMAGE arm64-7.3-a57
	tests/docs.sh check own_kernel :: ./run_tests.sh --vm --kernel IMAGE --modules DIR arm64-7.3-a57
	tests/modules.sh --vm --module --output "$out/all.d" --table docs/module.md all :: ./run_tests.sh --vm --module --table docs/module.md all
	tests/guest_bench.sh $bench -r 31 -p 32768 -m udmabuf :: ./pfn_mkwrite_bench -m MAPPING
	tests/board.sh commands 1 :: make board.tar.xz
	tests/board.sh commands 2 :: tar xJf board.tar.xz
	tests/board.sh commands 2 :: cd pfn-mkwrite
	tests/guest_board.sh xz -dc ../board.tar.xz | tar x :: xz -dc board.tar.xz | tar x
	tests/tree.sh make -s "$1-tree" KDIR="$tree" :: make install-tree KDIR=TREE
	tests/tree.sh make -s "$1-tree" KDIR="$tree" :: make uninstall-tree KDIR=TREE
	tests/tree.sh make -s series KDIR= :: make series KDIR=TREE
	tests/tree.sh ./run_vmtests.sh -t pfn_mkwrite :: ./run_vmtests.sh -t "pfn_mkwrite pfn_mkwrite_drm"
	tests/tree.sh ./run_kselftest.sh -t mm:ksft_pfn_mkwrite.sh -t mm:ksft_pfn_mkwrite_drm.sh :: ./run_kselftest.sh -t mm:ksft_pfn_mkwrite.sh -t mm:ksft_pfn_mkwrite_drm.sh
	tests/docs.sh check recipe.source :: make && ./pfn_mkwrite_test -v shm
	tests/docs.sh check recipe.property :: make && ./run_tests.sh -t mapped_twice
	tests/docs.sh check recipe.guest :: ./run_tests.sh --vm -q arm64-7.3-a72
	tests/check.sh mistakes :: work=$(mktemp -d) tests/mistakes.sh
	tests/check.sh mutants :: MUTANTS=NAME work=$(mktemp -d) tests/mutants.sh
	tests/docs.sh check fix.applies :: git am $SUITE/patches/core/*.patch
	tree :: export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
	tree :: make defconfig
	tree :: scripts/kconfig/merge_config.sh .config $SUITE/config $SUITE/vm/kernel.config $SUITE/vm/kernel-arm64.config
	no it takes an hour :: make -j8 Image modules
	no it takes an hour :: make modules_install INSTALL_MOD_PATH=/tmp/modules
	tree :: $SUITE/run_tests.sh --vm --kernel arch/arm64/boot/Image --modules /tmp/modules arm64-7.3-a57
	no it takes the headers of this kernel; tests/modules.sh builds it for others :: make -C module
	no it changes this kernel :: insmod module/pfn_mkwrite_mod.ko
	no it changes this kernel :: modprobe vgem
	no it takes virtme-ng :: make && vng -r IMAGE -- ./run_tests.sh
	no it takes virtme-ng :: vng --build --config $SUITE/config
	no it takes virtme-ng :: vng --rwdir=DIR -- ./run_tests.sh --report DIR
	no it takes virtme-ng :: vng --cpus 1
	no it takes virtme-ng :: vng --arch arm64 --root ROOT -r ROOT/boot/Image -- /pfn-mkwrite/run_tests.sh
	no it needs patches of a series and a mail server :: git send-email
	END
}

# spans PAGE...: each text between backquotes, one a line, and each line of an indented
# block behind "$ ". Blocks between ``` are output, files and code.
spans() {
	local page

	for page; do
		awk '
		function flush(	n, part, i) {
			n = split(text, part, "`")
			for (i = 2; i <= n; i += 2) {
				gsub(/[ \t]+/, " ", part[i])
				print part[i]
			}
			text = ""
		}
		/^```/			{ flush(); fenced = !fenced; next }
		fenced			{ next }
		# A table that a test writes.
		/^<!-- [a-z]+ -->$/	{ flush(); generated = 1; next }
		generated && /^\|/	{ next }
		{ generated = 0 }
		/^$/			{ flush(); next }
		/^    / && text == ""	{ print "$ " substr($0, 5); next }
		/^\|/			{ flush() }
		{ text = text " " $0 }
		END			{ flush() }' "$page"
	done
}

# A path of a script alone is no command, but for ./PROGRAM.
commands() {
	local values='([A-Z_a-z]+=([^ (]|[(][^)]*[)])+ )*'

	spans "${pages[@]}" | grep -E \
		-e '^[$] ' -e "^$values(git|insmod|modprobe|tar|vng|xz) " \
		-e "^$values(make|[.]/[a-z_]+([.]sh)?)( |\$)" \
		-e "^$values(lava|patches|scripts|tests|vm)/[^ ]*[.]sh( |\$)" |
		grep -vx '[a-z/_]*[.]sh' | sed 's/^[$] //' | sort -u
}

# Parts of the tests are files.
all_known() {
	local parts

	parts=$(cd tests && echo *.sh | sed 's/[.]sh//g; s/ /|/g')
	! comm -23 <(commands) <(known_commands | sed 's/.* :: //' | sort -u) |
		grep -vxE "tests/check.sh( --all)? ($parts|PART)"
}

none_stale() {
	! comm -13 <(commands) <(known_commands | sed 's/.* :: //' | sort -u) | grep .
}

# What another test is said to run is in its file, and not in the list above.
run_elsewhere() {
	local how text bad=0

	while read -r how; do
		how=${how% :: *} text=${how#* }
		grep -v ' :: ' "${how%% *}" | grep -qF -e "$text" || {
			echo "${how%% *} does not say: $text"
			bad=1
		}
	done < <(known_commands | grep '^tests/')
	return $bad
}

# filled COMMAND: with names instead of those that stand for them.
filled() {
	sed "s,\<DIR\>,$out/dir,; s,\<MAPPING\>,memfd,; s,\<TREE\>,$ksrc,; s,/tmp/modules,$out/modules," <<<"$1"
}

# run FOLDER STATUSES COMMAND: one of the statuses is right.
run() {
	local rc=0

	(cd "$1" && bash -c "$(filled "$3")") </dev/null >"$out/said" 2>&1 || rc=$?
	[[ ,$2, == *,$rc,* ]] || { echo "status $rc"; tail -n 20 "$out/said"; return 1; }
}


# block PAGE N: the Nth block of C.
block() {
	awk -v want="$2" '/^```c$/ { inside = ++nr == want; next } /^```/ { inside = 0 } inside' "$1"
}

# The recipes of docs/design.md, done to the copy.
recipe_source() {
	block docs/design.md 1 >"$out/src/lib/source/shm.c" &&
		sed -i 's/^\tsource(memfd).*/\tsource(shm) \\\n&/' "$out/src/lib/source/sources.c" &&
		run "$out/src" 0 'make && ./pfn_mkwrite_test -v shm' &&
		grep '^# mapping shm: h' "$out/said" && grep '^ok .*mapping.shm.first_store' "$out/said"
}

recipe_property() {
	block docs/design.md 2 >>"$out/src/lib/tests/share_tests.h" &&
		run "$out/src" 0,4 'make && ./run_tests.sh -t mapped_twice' &&
		grep '^ok .*mapping.shm.mapped_twice$' "$out/said"
}

recipe_guest() {
	local rigs=$out/src/vm/rigs

	sed 's/^cpu .*/cpu cortex-a72/' "$rigs/arm64-7.3-a57" >"$rigs/arm64-7.3-a72" &&
		run "$out/src" 1 './run_tests.sh --vm -q arm64-7.3-a72'
}

# Paths of the suite, some of them patterns. A recipe makes lib/source/shm.c.
paths_exist() {
	local path bad=0

	while read -r path; do
		[[ -e ${path%%/*} && ! $path =~ [A-Z]{3} ]] || continue
		compgen -G "$path" >/dev/null || { echo "$path is not there"; bad=1; }
	done < <(spans README.md docs/*.md | grep -xE '[A-Za-z0-9_.*-]+/[A-Za-z0-9_./*-]*' |
		grep -vx lib/source/shm.c | sort -u)
	return $bad
}

options_exist() {
	! comm -23 <(spans "${pages[@]}" | grep -vE '^[$ ]*(git|vng|make && vng) ' |
			grep -oE -e '--[a-z][a-z-]+' | sort -u) \
		<({ ./run_tests.sh --help; ./run_tests.sh --vm --help; sed -n '/^#/p' tests/check.sh; } |
			grep -oE -e '--[a-z][a-z-]+' | sort -u) | grep .
}

variables_exist() {
	! comm -23 <(grep -ohE 'PFN_MKWRITE_[A-Z]+' README.md docs/*.md | sort -u) \
		<(git grep -ohE 'PFN_MKWRITE_[A-Z]+' run_tests.sh lib vm module | sort -u) | grep .
}

# Each test of a mapping is explained, and each that is explained exists.
tests_exist() {
	diff <(git grep -ohE 'TEST_F(_TIMEOUT)?[(]mapping, *[a-z_0-9]+' lib | sed 's/.*, *//' |
			grep -vx mapping | sort -u) \
		<({ sed -n '/^| property | tests |/,/^$/s/.*|\(.*\)|$/\1/p' docs/verdicts.md
		sed -n '/^| verdict | means | the tests |/,/^$/s/.*|\(.*\)|$/\1/p' README.md; } |
			tr '\140' '\n' | grep -xE '[a-z_]+' | sort -u)
}

# The rows of the screen are those of the rig that --vm takes.
screen_true() {
	local screen=$out/screen rig

	awk '/^<!-- screen/ { want = 1 } /^```/ { inside = want && !inside; next } inside' README.md >"$screen"
	rig=$(sed -n 's/^default_rig=//p' vm/run.sh)
	grep -q "^Linux .*, $(sed -n 's/^cpu *//p' "vm/rigs/$rig")" "$screen" &&
		grep -F -e "--vm $rig" "$screen" &&
		diff <(sed -n 's/^expect *//p' "vm/rigs/$rig" | sort) \
			<(awk '/ verdict$/ { rows = 1; next } !NF { rows = 0 }
				rows && $1 !~ /^(memfd|perf_ring)$/ && $2 ~ /^[0-9]+$/ { print $1, $4, $3 }' \
				"$screen" | sort)
}

# The functions and names that a row of docs/boards.md has are in one of its files, and
# those behind "no" in none.
functions_exist() {
	local row word files bad=0

	while read -r row; do
		files=()
		for word in $(tr '\140' '\n' <<<"$row" | grep -xE '[a-z0-9_/.-]+[.][ch]'); do
			[[ -e $tree/$word ]] || word=drivers/gpu/drm/$word
			[[ -e $tree/$word ]] || { echo "$word is not in Linux"; bad=1; }
			files+=("$tree/$word")
		done
		((${#files[@]})) || continue
		for word in $(tr '\140' '\n' <<<"$row" | grep -xE '!?[A-Za-z0-9]+_[A-Za-z0-9_]+([(][)])?'); do
			word=${word%()}
			if [[ $word == !* ]]; then
				! grep -w "${word#!}" "${files[@]}" || bad=1
			elif ! grep -qw "$word" "${files[@]}"; then
				echo "$word is not in ${files[*]}"
				bad=1
			fi
		done
	done < <(grep '^|' docs/boards.md | sed 's/ no \o140/ \o140!/g')
	return $bad
}

fix_applies() {
	local file repo=$out/repo

	mkdir -p "$repo" && git -C "$repo" init -q || return
	while read -r file; do
		mkdir -p "$repo/${file%/*}" && cp "$tree/$file" "$repo/$file"
	done < <(sed -n 's,^--- a/,,p' patches/core/*.patch | sort -u)
	git -C "$repo" add -A && git -C "$repo" -c user.name=x -c user.email=x commit -qm x &&
		GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x \
			run "$repo" 0 "$(known_commands | sed -n 's/.* :: git am/git am/p')"
}

# With a kernel of Debian instead of the one that takes an hour to build.
own_kernel() {
	local debian

	debian=$(vm/fetch.sh kernel arm64 trixie-backports linux-image-arm64 7.3) &&
		cp -al "$tree" "$out/linux" && ln -s "$debian/modules" "$out/modules" &&
		ln -s "$debian/vmlinuz" "$out/linux/arch/arm64/boot/Image" || return
	run "$out/linux" 1 "set -e; $(known_commands | sed -n 's/^tree :: //p')" &&
		! cat config vm/kernel.config vm/kernel-arm64.config | grep '^CONFIG.*=[ym]' |
			grep -vxFf "$out/linux/.config"
}

ksrc=$(vm/fetch.sh harness) || exit
ksrc=${ksrc%/tools/testing/selftests}
check readme_short [ "$(wc -l <README.md)" -le 120 ]
check commands.known all_known
check commands.in_the_pages none_stale
check commands.run_elsewhere run_elsewhere
check paths paths_exist
check options options_exist
check variables variables_exist
check tests tests_exist
check screen screen_true
check copy copy_source "$out/src"
while read -r how; do
	how=${how#* }
	check "run: ${how#* :: }" run "$out/src" "${how%% *}" "${how#* :: }"
done < <(known_commands | grep '^here ')
while read -r how; do
	check "run: ${how#* :: }" run "$out/src" 0 "make -n ${how#* :: make }"
done < <(known_commands | grep '^dry ')
check recipe.source recipe_source
check recipe.property recipe_property
if [[ ${ALL:-} ]]; then
	# shellcheck source=../vm/fetch.sh
	tree=$(. vm/fetch.sh; fetch_tree 7.3 >&2; echo "$fetched")
	check boards functions_exist
	check fix.applies fix_applies
	check own_kernel own_kernel
	check recipe.guest recipe_guest
fi
plan
