#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tests of the suite itself: make check. Each part prints TAP. Failed tests are
# shown with their output, and the last line counts.
# Usage: tests/check.sh [--all] [PART...]
# parts: unit docs builds native report screen progress tree board style patches guests explain consumers
#	modules mistakes mutants bad_input, and with --all lava
# --all takes all rigs and mutants instead of some, compiles after each patch, and
# writes the tables in docs/: make check-all.

set -u
cd "$(dirname "$0")/.." || exit
parts=(unit docs builds native report screen progress tree board style patches guests explain consumers
	modules mistakes mutants bad_input)
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
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export work ALL

# The rows of one part's table in docs/labs.md, below the line that names it.
write_labs() {
	awk -v mark="<!-- $1 -->" -v rows="$LABS" '
		!old || !/^\|/	{ old = 0; print }
		$0 == mark	{
			print "| run | command | result |"
			print "|---|---|---|"
			while ((getline row <rows) > 0)
				print row
			old = 1
		}' docs/labs.md >"$work/labs.md" && cp "$work/labs.md" docs/labs.md
}

passed=0 failed=0 skipped=0
for part in "${parts[@]}"; do
	start=$SECONDS
	export LABS=${ALL:+$work/$part.labs}
	counts=$(
		"tests/$part.sh" 2>&1 </dev/null | tee "$work/$part.tap" | awk '
			/^not ok /	{ failed++; next }
			/^ok .*# SKIP/	{ skipped++; next }
			/^ok /		{ passed++ }
			/^1\.\.[0-9]+$/	{ plan = substr($0, 4) }
			END {
				# A part that ends before its plan has failed.
				if (plan != passed + failed + skipped)
					failed++
				print passed + 0, failed + 0, skipped + 0
			}'
	)
	read -r p f s <<<"$counts"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "$part: $p passed, $f failed, $s skipped"
	echo "$part: took $((SECONDS - start)) s" >&2
	grep '^ok .*# SKIP' "$work/$part.tap" | sed 's/^/  /'
	((f == 0)) || sed 's/^/  /' "$work/$part.tap"
	[[ ! $LABS || ! -s $LABS ]] || write_labs "$part"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
