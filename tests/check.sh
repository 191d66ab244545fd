#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tests of the suite itself: make check. Each part prints TAP. Failed tests are
# shown with their output, and the last line counts.
# Usage: tests/check.sh [--all] [PART...]
# parts: native unit guests builds mutants tree consumers explain modules mistakes bad_input
#	screen progress board style patches docs report, and with --all lava
# --all takes all rigs and mutants instead of some, compiles after each patch, and
# writes the tables in docs/: make check-all.
# JOBS (2) parts run at a time.

set -u
cd "$(dirname "$0")/.." || exit
# Those that measure time run alone, and first. Of the others, the longest come first.
alone=' native unit guests '
parts=(native unit guests builds mutants tree consumers explain modules mistakes bad_input
	screen progress board style patches docs report)
ALL=
if [[ ${1:-} == --all ]]; then
	ALL=1
	parts+=(lava)
	shift
fi
for part; do
	[[ " ${parts[*]} lava " == *" $part "* ]] || {
		echo "tests/check.sh: $part is not a part; there are: ${parts[*]}" >&2
		exit 2
	}
done
(($# == 0)) || parts=("$@")

# A make above us has options and an OUTPUT of its own.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL OUTPUT KSRC HARNESS LLVM CROSS_COMPILE
vm/deps.sh check || exit
work=$(mktemp -d "${TMPDIR:-/tmp}/pfn-mkwrite-check.XXXXXX") || exit
export work ALL
declare -A job=()

# Each part has a process group of its own.
end() {
	local pid i

	for pid in "${job[@]}"; do
		kill -TERM -- "-$pid"
		for ((i = 0; i < 50; i++)); do
			kill -0 -- "-$pid" || break
			sleep 0.1
		done
		kill -KILL -- "-$pid"
	done 2>/dev/null
	rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The rows of one part's table in docs/labs.md, below the line that names it.
write_labs() {
	awk -v mark="<!-- $1 -->" -v rows="$work/$1.labs" '
		!old || !/^\|/	{ old = 0; print }
		$0 == mark	{
			print "| run | command | result |"
			print "|---|---|---|"
			while ((getline row <rows) > 0)
				print row
			old = 1
		}' docs/labs.md >"$work/labs.md" && cp "$work/labs.md" docs/labs.md
}

run() {
	local start=$SECONDS

	export LABS=${ALL:+$work/$1.labs}
	"tests/$1.sh" >"$work/$1.tap" 2>&1 </dev/null
	echo "$((SECONDS - start))" >"$work/$1.took"
}

passed=0 failed=0 skipped=0
show() {
	local p f s

	read -r p f s < <(awk '
		/^not ok /	{ failed++; next }
		/^ok .*# SKIP/	{ skipped++; next }
		/^ok /		{ passed++ }
		/^1\.\.[0-9]+$/	{ plan = substr($0, 4) }
		END {
			# A part that ends before its plan has failed.
			if (plan != passed + failed + skipped)
				failed++
			print passed + 0, failed + 0, skipped + 0
		}' "$work/$1.tap")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "$1: $p passed, $f failed, $s skipped"
	echo "$1: took $(<"$work/$1.took") s" >&2
	grep '^ok .*# SKIP' "$work/$1.tap" | sed 's/^/  /'
	((f == 0)) || sed 's/^/  /' "$work/$1.tap"
	[[ ! $ALL || ! -s $work/$1.labs ]] || write_labs "$1"
}

# wait_for N: until no more than N parts run. Show those that have ended, in order.
shown=0
wait_for() {
	local part

	while ((${#job[@]} > $1)); do
		wait -n
		for part in "${!job[@]}"; do
			kill -0 "${job[$part]}" 2>/dev/null || unset "job[$part]"
		done
	done
	while ((shown < ${#parts[@]})) && [[ -e $work/${parts[shown]}.took ]]; do
		show "${parts[shown]}"
		shown=$((shown + 1))
	done
}

# Job control: or the parts could not be interrupted.
set -m
# Several parts install what is built here.
if [[ " ${parts[*]} " =~ \ (native|screen|report)\  ]]; then
	make OUTPUT="$work/native-build" all >/dev/null 2>&1 &
	job[build]=$!
	wait_for 0
fi
for part in "${parts[@]}"; do
	company=$((${JOBS:-2} - 1))
	[[ $alone != *" $part "* ]] || company=0
	wait_for "$company"
	run "$part" &
	job[$part]=$!
	((company)) || wait_for 0
done
wait_for 0
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
