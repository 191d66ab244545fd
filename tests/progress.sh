#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Progress of run_tests.sh --vm: one changing line on a terminal, nothing elsewhere, all
# output with -v, and only the rows with -q.
# Usage: work=DIR tests/progress.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/progress
rig=arm64-7.3-a57
mkdir -p "$out/suite"

# A suite that ends soon after the boot.
cat >"$out/suite/run_tests.sh" <<-'END'
	#!/bin/sh
	echo TAP version 13
	echo 1..3
	echo '# mapping radeon: ignored (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 68, pgreuse 0)'
	echo '#   the second fault does nothing but set the dirty bit'
	echo ok 1 mapping.radeon.second_store
	sleep 1
	echo not ok 2 mapping.radeon.first_store
	echo ok 3 mapping.radeon.kernel_read
	exit 1
END
chmod +x "$out/suite/run_tests.sh"
export PFN_MKWRITE_SUITE=$out/suite TERM=xterm

# vm RUN OPTION...: stdout to RUN, stderr to RUN.err.
vm() {
	./run_tests.sh --vm --output "$out/$1.d" "${@:2}" >"$out/$1" 2>"$out/$1.err" </dev/null
}

# on_terminal RUN COMMAND...: stdout to RUN. stderr is a terminal; each state of its line
# is a line of RUN.err.
on_terminal() {
	local line

	printf -v line ' %q' "${@:2}"
	script -qec "stty cols 200; ${line# } >$(printf %q "$out/$1")" /dev/null </dev/null |
		tr '\r' '\n' | sed 's/\x1b\[K//g' >"$out/$1.err"
}

# says RUN PATTERN...: stderr has lines that match.
says() {
	local pattern

	for pattern in "${@:2}"; do
		grep -qxE "$pattern" "$out/$1.err" || {
			echo "missing: $pattern"
			tail -n 20 "$out/$1.err"
			return 1
		}
	done
}

says_nothing() {
	cat "$out/$1.err"
	[[ ! -s $out/$1.err ]]
}

# stdout of a complete run does not depend on the terminal.
same_results() {
	[[ $(results "$out/plain") ]] && diff <(results "$out/plain") <(results "$out/$1")
}

# The rows are the last lines of TAP.
only_rows() {
	grep -x 'radeon  *2  *68  ignored  *the bug, as on every stock kernel' "$out/quiet" &&
		diff "$out/quiet" <(tail -n "$(wc -l <"$out/quiet")" "$out/plain" | sed 's/^# //')
}

# With both on one terminal, the progress line is erased before a line is printed.
no_mixture() {
	script -qec "./run_tests.sh --vm --tap --output $(printf %q "$out/both.d") $rig" /dev/null \
		</dev/null >"$out/both.raw"
	tr -d '\r' <"$out/both.raw" | sed 's/.*\x1b\[K//' >"$out/both"
	same_results both && grep -q 'of 3 results' "$out/both.raw"
}

# Fetch a package into an empty cache, with the index of the other cache.
fetch() {
	local cache=${PFN_MKWRITE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pfn-mkwrite}

	mkdir -p "$cache/apt" "$out/cache" && rm -rf "$out/cache/packages" && ln -sfn "$cache/apt" "$out/cache/apt" &&
		PFN_MKWRITE_CACHE=$out/cache on_terminal "$1" vm/fetch.sh package arm64 \
			bookworm busybox-static &&
		[[ -d $out/cache/packages/arm64-bookworm/busybox-static ]]
}

# built BEFORE OBJECTS...: the progress of a build that has made OBJECTS, if the one before
# made BEFORE.
# shellcheck disable=SC2030,SC2034	# variables of vm/build.sh
built() (
	. vm/build.sh
	trap - EXIT
	tmp=$out/build dir=$out/build/kernel objects=$1
	rm -rf "$tmp" && mkdir -p "$dir/obj"
	touch -d '1 hour ago' "$dir/obj/old.o"
	touch -d '1 minute ago' "$tmp/start"
	for file in "${@:2}"; do
		touch "$dir/obj/$file"
	done
	objects_so_far
)

# A slow step with progress, and one that fails.
cat >"$out/steps.sh" <<-'END'
	set -u
	. vm/common.sh
	verbose=${1:-}
	half() { echo half; }
	work() { echo from the step; sleep 1.5; }
	far=half step working work
	step failing false || say "it failed"
	die "and then it ends"
END

vm plain $rig
vm verbose -v $rig
on_terminal terminal ./run_tests.sh --vm --output "$out/terminal.d" $rig
on_terminal quiet ./run_tests.sh --vm -q --output "$out/quiet.d" $rig
on_terminal several ./run_tests.sh --vm --jobs 1 --output "$out/several.d" $rig arm64-7.3-max
check plain.silent says_nothing plain
check plain.seconds grep -qE ", [0-9.]+ s from power-on$" "$out/plain"
check terminal says terminal "rig $rig, booting, [0-9]+ s" \
	"rig $rig, 0 of 3 results, [0-9]+ s" "rig $rig, 1 of 3 results, radeon, [0-9]+ s"
check terminal.same same_results terminal
check terminal.both no_mixture
check quiet.silent says_nothing quiet
check quiet.only_rows only_rows
check verbose says verbose "making the guest's image" "'qemu-system-aarch64' .*" \
	'.*pfn-mkwrite: the tests start'
check verbose.same same_results verbose
check several says several "0 of 2 rigs done, [0-9]+ s, $rig( \(.*\))?" \
	"0 of 2 rigs done, [0-9]+ s, $rig \(tests, 1 of 3 results, radeon, .*" \
	"1 of 2 rigs done, [0-9]+ s, arm64-7.3-max \(tests, booting, .*"
check several.table grep -q '^radeon  *ignored 68 ' "$out/several"
check fetched fetch fetching
check fetched.megabytes says fetching \
	'fetching busybox-static, [0-9]+\.[0-9] of (0\.[1-9]|[1-9][0-9]*\.[0-9]) MB, [0-9]+ s'
check built.first [ "$(built '' a.o b.o)" = '3 objects' ]
check built.from_nothing [ "$(built 40 a.o b.o)" = '3 of 40 objects' ]
check built.again [ "$(built 40 a.o b.o vmlinux)" = '2 objects built again' ]
on_terminal steps bash "$out/steps.sh"
check step says steps 'working, half, [01] s' 'working: took [12] s' 'it failed' \
	'vm/steps.sh: and then it ends'
check step.output eval "! grep 'from the step' '$out/steps.err'"
bash "$out/steps.sh" 2>"$out/silent.err" </dev/null
check step.silent [ "$(<"$out/silent.err")" = 'vm/steps.sh: and then it ends' ]
bash "$out/steps.sh" verbose 2>"$out/all.err" </dev/null
check step.verbose says all working 'from the step' failing 'it failed'
plan
