#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The suite on this machine, whatever it has. Usage: work=DIR tests/native.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

dir=$work/native
build() {
	make OUTPUT="$work/native-build" INSTALL_PATH="$dir" all install
}

run() {
	"$dir/run_tests.sh" >"$work/$1" 2>&1
	echo "$?" >"$work/$1.status"
}

controls_pass() {
	! grep -E '^not ok .*(memfd|perf_ring|vdso)' "$work/first" &&
		grep -E '^ok .*mapping.memfd.first_store$' "$work/first" &&
		grep -E '^ok .*vdso.vvar.store_refused$' "$work/first"
}

# 4 and one sentence where no device mapping was measured, and only there.
status_fits() {
	local said=0 status

	status=$(<"$work/first.status")
	! grep -q '^# no device mapping was measured: looked for .*--vm' "$work/first" ||
		said=1
	if grep '^# mapping ' "$work/first" |
		grep -qvE 'mapping (memfd|perf_ring):|not measured'; then
		((!said && (status == 0 || status == 1)))
	else
		((said && status == 4))
	fi
}

two_runs_agree() {
	diff <(results "$work/first") <(results "$work/second")
}

fast() {
	local start=${EPOCHREALTIME/./}
	run third
	((${EPOCHREALTIME/./} - start < 10 * 1000000))
}

usage_error() {
	"$dir/run_tests.sh" --nonsense >"$work/said" 2>&1
	(($? == 2)) && grep -q ^usage: "$work/said"
}

program_missing() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board" && rm "$work/board/pfn_mkwrite_drm"
	"$work/board/run_tests.sh" >"$work/said" 2>&1
	(($? == 2)) && grep -q 'pfn_mkwrite_drm is missing' "$work/said"
}

no_guests_on_a_board() {
	"$dir/run_tests.sh" --vm >"$work/said" 2>&1
	(($? == 2)) && grep -q 'no guests here' "$work/said"
}

# A program that dies in the middle is a failure with a name.
program_dies() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board"
	cat >"$work/board/pfn_mkwrite_drm" <<-'END'
		#!/bin/sh
		echo 'TAP version 13'
		echo '1..2'
		echo 'ok 1 mapping.x.first_store'
		kill -SEGV $$
	END
	"$work/board/run_tests.sh" >"$work/said" 2>&1
	(($? == 1)) && grep -q '^not ok [0-9]* pfn_mkwrite_drm.died$' "$work/said"
}

# Devices that nobody has: what is asked for is named.
unknown_card() {
	PFN_MKWRITE_DRM=nothing "$dir/pfn_mkwrite_drm" >"$work/said" 2>&1
	(($? == 4)) && grep -q '^1\.\.0 # SKIP ' "$work/said"
}

# Where the kernel cannot be watched, what it lacks is said, and the faults are told.
explained() {
	"$dir/run_tests.sh" --explain memfd >"$work/said" 2>&1 || return
	grep -E '^# {3}not explained, the kernel cannot be watched: (no tracefs in|.* has no kprobe_events|.*; run as root)' \
		"$work/said" || grep '^#     so: ' "$work/said" || return
	grep -E '^#     (\+ +0 us  fault 1, of the store: address 0x|the store took 1 fault)' \
		"$work/said"
}

nothing_to_explain() {
	"$dir/run_tests.sh" --explain nothing >"$work/said" 2>&1
	(($? == 4)) && grep -q '^# nothing to explain: no mapping here is named nothing;' \
		"$work/said"
}

bench() {
	timeout 60 "$dir/pfn_mkwrite_bench" -p 64 -r 1 "$@" >"$work/bench" 2>"$work/bench.err"
}

# A row for each size, and the faults of a memfd are known: one a page.
bench_table() {
	bench -m memfd &&
		awk '
			$1 == "memfd" && NF == 10 { rows = rows " " $2 ":" $4 }
			END { print rows; exit rows != " 1:1.000 8:1.000 64:1.000" }' "$work/bench"
}

# What cannot be measured is named.
bench_names_all() {
	local name

	bench
	for name in udmabuf udmabuf_thp dax devdax pci_bar memfd perf_ring; do
		grep -qE "^(# left out: )?${name}[ :]" "$work/bench" || {
			echo "$name is missing"
			return 1
		}
	done
}

bench_json() {
	bench -j "$@" && python3 -m json.tool "$work/bench" >"$work/bench.json" &&
		grep -q '"results": \[$' "$work/bench.json"
}

bench_cost() {
	bench -c &&
		grep -qE '^there +64 +3 |^# left out: fault log' "$work/bench" &&
		grep -qE '^(fault_log|# left out: fault_log) ' "$work/bench" &&
		grep -qE '^pagemap +there +64 +1 ' "$work/bench"
}

# perf is not there: said, and the rest goes on.
bench_without_perf() {
	PATH=$work/nothing "$dir/pfn_mkwrite_bench" -c -p 64 -r 1 >"$work/bench" &&
		grep -q '^# left out: perf_record+script of 64 pages: perf: No such file' \
			"$work/bench" &&
		grep -qE '^pagemap +fresh +64 +1 ' "$work/bench"
}

bench_nonsense() {
	local options rc

	for options in --nonsense '-p 0' '-p 1x' '-r -1' '-r 102' '-m nothing' '-c -m memfd' \
			nothing; do
		rc=0
		# shellcheck disable=SC2086	# to be split into words
		bench $options || rc=$?
		if ((rc != 2)) || [[ ! -s $work/bench.err ]]; then
			echo "$options: status $rc"
			return 1
		fi
	done
}

bench_leaves_nothing() {
	local tmp=$work/bench.tmp

	mkdir -p "$tmp" && TMPDIR=$tmp PATH=$work/nothing "$dir/pfn_mkwrite_bench" -c -p 64 \
		-r 1 >/dev/null && [[ ! $(ls -A "$tmp") ]] || return
	# Nor when it is stopped.
	TMPDIR=$tmp "$dir/pfn_mkwrite_bench" -c -p 64 >/dev/null 2>&1 &
	until [[ $(ls -A "$tmp") ]]; do
		kill -0 $! || return
		sleep 0.1
	done
	kill $!
	wait $!
	(($? == 143)) && [[ ! $(ls -A "$tmp") ]]
}

check build build
run first
run second
check controls_pass controls_pass
check status_fits status_fits
check two_runs_agree two_runs_agree
check fast fast
check usage_error usage_error
check program_missing program_missing
check no_guests_on_a_board no_guests_on_a_board
check program_dies program_dies
check unknown_card unknown_card
check explained explained
check nothing_to_explain nothing_to_explain
check bench_table bench_table
check bench_names_all bench_names_all
check bench_json bench_json
check bench_json_cost bench_json -c
check bench_cost bench_cost
check bench_without_perf bench_without_perf
check bench_nonsense bench_nonsense
check bench_leaves_nothing bench_leaves_nothing
plan
