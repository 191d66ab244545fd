#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the suite on this machine. Usage: work=DIR tests/native.sh

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

# Status 4 and one sentence if no device mapping was measured, and only then.
status_fits() {
	local said=0 status

	status=$(<"$work/first.status")
	! grep -q '^# no device mapping was measured: looked for .*--vm' "$work/first" ||
		said=1
	if grep '^# mapping [^ ]' "$work/first" |
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

# program_missing PROGRAM ARGUMENT...
program_missing() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board" && rm "$work/board/$1"
	"$work/board/run_tests.sh" "${@:2}" >"$work/said" 2>&1
	(($? == 2)) && grep -q "$1 is missing" "$work/said"
}

no_guests_on_a_board() {
	"$dir/run_tests.sh" --vm >"$work/said" 2>&1
	(($? == 2)) && grep -q 'no guests here' "$work/said"
}

# A program that dies is a failure under its name.
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

# refused SENTENCE COMMAND...: status 2, SENTENCE on stderr, and no other output.
refused() {
	local sentence=$1 status=0
	shift

	"$@" >"$work/said" 2>"$work/said.err" || status=$?
	echo "status $status"
	head "$work/said" "$work/said.err"
	((status == 2)) && [[ ! -s $work/said && $(<"$work/said.err") == "$sentence" ]]
}

# refused_by_all NAME SENTENCE COMMAND-PREFIX... -- ARGUMENT...: by pfn_mkwrite_test alone
# and by run_tests.sh.
refused_by_all() {
	local name=$1 sentence=$2 prefix=()
	shift 2

	while [[ $1 != -- ]]; do
		prefix+=("$1")
		shift
	done
	shift
	check "$name.program" refused "$sentence" "${prefix[@]}" "$dir/pfn_mkwrite_test" "$@"
	check "$name.run_tests" refused "run_tests.sh: $sentence" \
		"${prefix[@]}" "$dir/run_tests.sh" "$@"
}

# With cards, it is an error to name another one.
unknown_card() {
	local status=0

	PFN_MKWRITE_DRM=typo "$dir/pfn_mkwrite_drm" >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	if [[ -e /dev/dri ]]; then
		((status == 2)) && grep '^PFN_MKWRITE_DRM=typo matches no card; there are: ' \
			"$work/said"
	else
		((status == 4)) && grep '^1\.\.0 # SKIP ' "$work/said"
	fi
}

# selects RESULT... -- COMMAND...: these results, and no others.
selects() {
	local want=() status=0

	while [[ $1 != -- ]]; do
		want+=("$1")
		shift
	done
	shift
	"$@" >"$work/said" 2>&1 || status=$?
	echo "status $status"
	((status == 0)) && diff <(printf '%s\n' "${want[@]}") \
		<(sed -nE 's/^(not )?ok [0-9]+ ([^ ]*).*/\2/p' "$work/said") &&
		grep -x "1\.\.${#want[@]}" "$work/said"
}

# ends STATUS ARGUMENT...: as on a machine without devices, which says so with status 4.
ends() {
	local status=0

	PFN_MKWRITE_SKIP='!(memfd|perf_ring|pci_bar)' "$dir/run_tests.sh" "${@:2}" \
		>"$work/said" 2>&1 || status=$?
	cat "$work/said"
	echo "status $status"
	((status == $1)) &&
		(($(grep -c '^# no device mapping was measured: ' "$work/said") == $1 / 4))
}

# other_machine [ARGUMENT...]: an archive for another machine, run by $shell.
other_machine() {
	local program

	rm -rf "$work/board"
	cp -r "$dir" "$work/board"
	for program in "$work/board"/pfn_mkwrite_*; do
		# The number of a machine in ELF, that of an Alpha.
		printf '\046\220' | dd of="$program" bs=1 seek=18 conv=notrunc 2>/dev/null
	done
	# shellcheck disable=SC2086	# two words
	refused "run_tests.sh: $work/board/pfn_mkwrite_test is for another machine and does not \
run on this $(uname -m); CROSS_COMPILE= tells make board.tar.xz for which machine to pack" \
		$shell "$work/board/run_tests.sh" "$@"
}

not_executable() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board"
	chmod -x "$work/board/pfn_mkwrite_drm"
	refused "run_tests.sh: $work/board/pfn_mkwrite_drm cannot be executed: see its mode, and \
noexec in /proc/mounts" "$work/board/run_tests.sh"
}

no_loader() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board"
	printf '#!/no/loader\n' >"$work/board/pfn_mkwrite_drm"
	"$work/board/run_tests.sh" >"$work/said" 2>&1
	(($? == 2)) && grep '^run_tests.sh: pfn_mkwrite_drm cannot be executed: ' "$work/said" &&
		(($(wc -l <"$work/said") == 1))
}

# The closing words of --report are no part of the output.
report_named() {
	"$dir/run_tests.sh" -v memfd --report "$work/a report" >"$work/said" 2>"$work/said.err" &&
		! grep html "$work/said" && diff "$work/said.err" - <<-END
			$work/a report/report.html has the verdicts and the evidence, for a browser
			$work/a report/report.txt has the same as text, to send with a report of the bug
		END
}

# Every absent mapping is one SKIP with a reason, and a line says why.
absent() {
	local name names

	names=$(sed -nE 's/^ok [0-9]+ absent\.([^ ]*)\.mapping # SKIP .*/\1/p' "$work/first")
	[[ $names ]] || return
	for name in $names; do
		grep "^# mapping $name: not measured (" "$work/first" || return
		! grep -E "ok [0-9]+ mapping\.$name\." "$work/first" || return
	done
	! grep -E 'ok [0-9]+ absent\.mapping|all_here' "$work/first"
}

# The result lines have the reasons.
no_chatter() {
	grep '^#  RUN ' "$work/first" && ! grep -E '^#  +(OK|SKIP)  ' "$work/first"
}

# with_module DEVICE: run_tests.sh with another device and another pfn_mkwrite_module.
with_module() {
	rm -rf "$work/board"
	cp -r "$dir" "$work/board"
	sed -i "s,/dev/pfn_mkwrite\\b,$1," "$work/board/run_tests.sh"
	cat >"$work/board/pfn_mkwrite_module" <<-'END'
		#!/bin/sh
		[ "$PFN_MKWRITE_PLAN" = yes ] || echo ok 1 module.x
		echo 1..1
	END
	chmod +x "$work/board/pfn_mkwrite_module"
	"$work/board/run_tests.sh" -v memfd >"$work/said" 2>&1
	grep '^ok [0-9]* module.x$' "$work/said"
}

without_module() {
	! with_module /nonexistent
}

# Without tracefs, --explain says what is missing and shows the faults.
explained() {
	"$dir/run_tests.sh" --explain memfd >"$work/said" 2>&1 || return
	grep -E '^# explain memfd: the kernel cannot be traced: (no tracefs i[ns]|.* has no kprobe_events|.*; run as root)' \
		"$work/said" || grep '^#   so: ' "$work/said" || return
	grep -E '^#   (\+ +0 us  fault 1, of the store: address 0x|the store took 1 fault)' \
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

# A row for each size. A memfd takes one fault a page.
bench_table() {
	bench -m memfd &&
		awk '
			$1 == "memfd" && NF == 10 { rows = rows " " $2 ":" $4 }
			END { print rows; exit rows != " 1:1.000 8:1.000 64:1.000" }' "$work/bench"
}

# Mappings that cannot be measured are listed.
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
	bench -c && grep -qE '^there +64 +1 |^# left out: fault log' "$work/bench"
}

# Tables of 80 columns, and on a terminal a line that says how far it is.
bench_terminal() {
	local line

	for line in '-m memfd' -c; do
		script -qec "$dir/pfn_mkwrite_bench -p 64 -r 1 $line" /dev/null </dev/null \
			>"$work/bench" || return
		grep -oE 'memfd, 64 pages|round 1 of 1' "$work/bench" || return
		! sed 's/.*\x1b\[K//; s/\r//' "$work/bench" | grep -v '^#' | grep -E '.{81}' ||
			return
	done
}

bench_ways() {
	BENCH=$dir/pfn_mkwrite_bench ROUNDS=1 bench/ways.sh 64 >"$work/bench" &&
		grep -qE '^(log .* 64$|# left out: log:)' "$work/bench" &&
		grep -qE '^nothing +64 ' "$work/bench"
}

# The other ways go on without perf.
bench_without_perf() {
	local name bin=$work/no_perf

	mkdir -p "$bin"
	for name in bash awk cut dirname mktemp rm sed tail wc; do
		ln -sf "$(command -v $name)" "$bin" || return
	done
	PATH=$bin BENCH=$dir/pfn_mkwrite_bench ROUNDS=1 bench/ways.sh 64 >"$work/bench" &&
		grep -qx '# left out: record: perf: command not found' "$work/bench" &&
		grep -qE '^nothing +64 ' "$work/bench"
}

bench_nonsense() {
	local options rc

	for options in --nonsense '-p 0' '-p 1x' '-r -1' '-r 102' '-m nothing' '-c -m memfd' \
			'-w nothings' nothing; do
		rc=0
		# shellcheck disable=SC2086	# to be split into words
		bench $options || rc=$?
		if ((rc != 2)) || [[ ! -s $work/bench.err ]]; then
			echo "$options: status $rc"
			return 1
		fi
	done
	! PFN_MKWRITE_ONLY=nothing bench
}

# A signal ends it with its command, and its files go.
bench_leaves_nothing() {
	local tmp=$work/bench.tmp

	mkdir -p "$tmp"
	TMPDIR=$tmp BENCH=$dir/pfn_mkwrite_bench bench/ways.sh >/dev/null 2>&1 &
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
check program_missing program_missing pfn_mkwrite_drm
check program_missing.explain program_missing pfn_mkwrite_explain --explain
check no_guests_on_a_board no_guests_on_a_board
check program_dies program_dies
check unknown_card unknown_card
for filter in '-t typo' '-T typo' '-v typo' '-V typo' '-f typo' '-F typo' \
	'-r mapping.memfd.typo'; do
	# shellcheck disable=SC2086	# two words
	refused_by_all "filter_${filter:1:1}" "$filter matches nothing; -l lists all tests" \
		env -- $filter
done
refused_by_all filter_beside_others '-t typo matches nothing; -l lists all tests' \
	env -- -v memfd -t typo
refused_by_all filter_without_name '-t needs a name; -l lists all tests' env -- -v memfd -t
refused_by_all filter_empty '-v needs a name; -l lists all tests' env -- -v ''
refused_by_all filter_nothing_left 'no test fits all filters; -l lists all tests' \
	env -- -V memfd -v memfd
refused_by_all filter_order 'no test fits all filters; -l lists all tests' \
	env -- -v memfd -V memfd
while IFS='|' read -r word sentence; do
	check "program.$word" refused "$sentence" "$dir/pfn_mkwrite_test" -v memfd "$word" -x
done <<'END'
memfd|memfd is not an option; -v memfd selects it
first_store|first_store is not an option; -t first_store selects it
vdso|vdso is not an option; -f vdso selects it
radeon|radeon is not an option; -h lists all options
-l|-x is not an option; -h lists all options
END
# Each stray word is named, with the command that has a place for it.
while IFS='|' read -r words sentence; do
	eval "set -- $words"
	check "words: $words" refused "run_tests.sh: $sentence" ./run_tests.sh "$@"
done <<'END'
radeon|radeon is a mapping of a guest: ./run_tests.sh --vm arm64-7.3-a57 -- -v radeon
memfd|memfd is a mapping: ./run_tests.sh -v memfd
-v memfd radeon -t first_store|radeon is a mapping of a guest: ./run_tests.sh --vm arm64-7.3-a57 -- -v radeon
first_store -v memfd|first_store is a test: ./run_tests.sh -t first_store
arm64-7.3-a57|arm64-7.3-a57 is a rig: ./run_tests.sh --vm arm64-7.3-a57
-v memfd all|all is all rigs: ./run_tests.sh --vm all
arm64-7.3-a58|arm64-7.3-a58 is not known; the nearest: arm64-7.3-a57, arm64-6.1-a57, arm64-7.3-bar; --help and --list show what there is
raedon|raedon is not known; the nearest: radeon; --help and --list show what there is
'two words'|two words is not known; --help and --list show what there is
''|one of the arguments is empty
-v memfd ''|one of the arguments is empty
--list foo|foo is not known; --help and --list show what there is
--list --vm|--vm is an option: ./run_tests.sh --vm
--explain memfd extra|extra is not known; --help and --list show what there is
--explain --report DIR|--report is an option: ./run_tests.sh --report
--explain ''|one of the arguments is empty
--help foo|foo is not known; --help and --list show what there is
-l extra|extra is not known; --help and --list show what there is
--report DIR foo|foo is not known; --help and --list show what there is
--report DIR -l|--report is of no use with -l, which runs no test
--report DIR --report DIR|--report is given twice
--report|--report needs a folder to write to
--report ''|--report needs a folder to write to
--report -t first_store|--report needs a folder to write to
-v -t first_store|-v needs a name; -l lists all tests
-x|-x is not an option; --help and --list show what there is
-v memfd -- -t first_store|-- is not an option; --help and --list show what there is
--verbose|--verbose is not an option; --help and --list show what there is
--explan radeon|--explan is not an option; the nearest: --explain; --help and --list show what there is
--vm=arm64-7.3-a57|--vm=arm64-7.3-a57 is an option: ./run_tests.sh --vm arm64-7.3-a57
--kernel=x y|--kernel=x is an option of --vm: ./run_tests.sh --vm --kernel x
-t first_store --vm|-t is for the tests in a guest: ./run_tests.sh --vm -- -t first_store
END
check words.leave_nothing test ! -e DIR
refused_by_all only 'PFN_MKWRITE_ONLY=typo matches nothing; -l lists all tests' \
	env PFN_MKWRITE_ONLY=typo --
refused_by_all bar 'PFN_MKWRITE_BAR=/sys/typo/resource0: No such file or directory' \
	env PFN_MKWRITE_BAR=/sys/typo/resource0 --
refused_by_all bar_other 'PFN_MKWRITE_BAR=/dev/null is no resource file of a PCI device' \
	env PFN_MKWRITE_BAR=/dev/null --
refused_by_all vfio 'PFN_MKWRITE_VFIO=typo is no PCI device' env PFN_MKWRITE_VFIO=typo --
refused_by_all devdax 'PFN_MKWRITE_DEVDAX names /dev/typo: No such file or directory' \
	env PFN_MKWRITE_DEVDAX=/dev/typo --
refused_by_all devdax_other \
	'PFN_MKWRITE_DEVDAX names /dev/null, which is no device-dax device' \
	env PFN_MKWRITE_DEVDAX=/dev/null --
check filter_both selects mapping.memfd.first_store -- \
	"$dir/run_tests.sh" -v memfd -t first_store
check filter_all_kinds selects mapping.memfd.page_data mapping.memfd.map_flags -- \
	"$dir/run_tests.sh" -t page_data -v memfd -f mapping -t map_flags -v vvar -T first_store
check filter_added selects mapping.memfd.first_store vdso.vvar.store_refused -- \
	"$dir/run_tests.sh" -v memfd -t first_store -r vdso.vvar.store_refused
check nothing_measured ends 4
check nothing_measured.test ends 4 -t first_store
check nothing_measured.absent ends 4 -v pci_bar -t first_store
check nothing_measured.control ends 0 -v memfd -t first_store
check nothing_measured.vdso ends 0 -f vdso
for shell in sh bash 'busybox sh'; do
	command -v "${shell% *}" >/dev/null || continue
	check "other_machine.$shell" other_machine
	check "other_machine.$shell.explain" other_machine --explain memfd
done
check not_executable not_executable
check no_loader no_loader
check report_named report_named
check filter_one selects vdso.vvar.store_refused -- \
	"$dir/run_tests.sh" -r vdso.vvar.store_refused
check filter_excludes selects vdso.vvar.store_refused -- \
	"$dir/run_tests.sh" -V vvar_vclock -t store_refused
check absent absent
check no_chatter no_chatter
check module with_module /dev/null
check module_not_loaded without_module
check explained explained
check nothing_to_explain nothing_to_explain
check bench_table bench_table
check bench_names_all bench_names_all
check bench_json bench_json
check bench_json_cost bench_json -c
check bench_cost bench_cost
check bench_terminal bench_terminal
check bench_ways bench_ways
check bench_without_perf bench_without_perf
check bench_nonsense bench_nonsense
check bench_leaves_nothing bench_leaves_nothing
plan
