#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Plausible mistakes in the kernel, each a patch on top of a fixed one, and the
# assertions that must catch them. The head of each patch names its rig and the
# tests that must fail (Caught-by), or that passed and are now skipped (Skips);
# "Module: yes" means the tests of pfn_mkwrite_mod. A mutant that user space cannot
# tell from a correct kernel says so (Equivalent), and then nothing may fail.
# Usage: work=DIR [ALL=1] [MUTANTS="NAME..."] tests/mutants.sh
# ALL=1 takes all of them, and writes docs/mutants.md.

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/mutants
mkdir -p "$out"

header() {
	sed -n "/^---\$/q; s/^$2: //p" "tests/mutants/$1.patch"
}

# Prints the description: the head up to the first empty line.
what() {
	sed '/^$/,$d' "tests/mutants/$1.patch" | paste -sd ' '
}

# Prints the run that a mutant is compared with: RIG or RIG+module.
control_of() {
	echo "$(header "$1" Rig)$(header "$1" Module | sed 's/yes/+module/')"
}

# run NAME RIG[+module] [OPTION...]
run() {
	local rig=${2%+module} options=("${@:3}")

	[[ $2 == "$rig" ]] || options+=(--module)
	./run_tests.sh --vm --output "$out/$1.d" "${options[@]}" "$rig" \
		>"$out/$1" 2>"$out/$1.err"
}

run_control() {
	run "$1" "$1"
}

run_mutant() {
	run "$1" "$(control_of "$1")" --patch "tests/mutants/$1.patch"
}

result_of() {
	sed -n "s/^\(ok\|not ok\) [0-9]* $2\( # SKIP.*\)\?\$/\1\2/p" "$out/$1"
}

# Without the mutant none of the tests fails, and one that is skipped with it passes.
caught() {
	local name=$1 rig test bad=0

	rig=$(control_of "$name")
	for test in $(header "$name" Caught-by); do
		[[ $(result_of "$rig" "$test") == ok* ]] || {
			echo "$test does not pass without it"
			bad=1
		}
		[[ $(result_of "$name" "$test") == 'not ok' ]] || {
			echo "$test does not catch it: $(result_of "$name" "$test")"
			bad=1
		}
	done
	for test in $(header "$name" Skips); do
		[[ $(result_of "$rig" "$test") == ok &&
		   $(result_of "$name" "$test") == 'ok # SKIP'* ]] || {
			echo "$test is not skipped because of it"
			bad=1
		}
	done
	((bad == 0)) || tail -n 3 "$out/$name" "$out/$name.err"
	return $bad
}

# All tests ran, none failed, and the guest lived.
survives() {
	grep -q '^# rig .* exit status 0' "$out/$1" && ! grep '^not ok ' "$out/$1"
}

# Prints the first failed assertion of the test.
how() {
	awk -v test="${2##*.}" -v run="RUN           $2 \\.\\.\\.\$" '
		$0 ~ run { inside = 1; next }
		inside && index($0, ":" test ":") {
			sub(".*:" test ":", "")
			print
			exit
		}
		/RUN / { inside = 0 }' "$out/$1" | sed 's/|/\\|/g'
}

table() {
	local name test equivalent=0 caught=0

	cat <<-END
	# Wrong kernels

	Each row is a patch of \`tests/mutants/\` on top of a fixed kernel, which was
	built, booted and tested. The assertion passes without the patch and fails with it, or
	in one case is skipped. The last column has its message. Made by
	\`ALL=1 work=\$(mktemp -d) tests/mutants.sh\`, a part of \`make check-all\`.

	| mutant | what is wrong | caught by | how |
	|---|---|---|---|
	END
	for name in "${mutants[@]}"; do
		if [[ $(header "$name" Equivalent) ]]; then
			equivalent=$((equivalent + 1))
			echo "| $name | $(what "$name") | equivalent |" \
				"$(header "$name" Equivalent) |"
			continue
		fi
		caught "$name" >/dev/null && caught=$((caught + 1))
		for test in $(header "$name" Caught-by); do
			[[ $(result_of "$name" "$test") == 'not ok' ]] || continue
			echo "| $name | $(what "$name") | \`$test\` | $(how "$name" "$test") |"
			break
		done
		for test in $(header "$name" Skips); do
			echo "| $name | $(what "$name") | \`$test\` | passed, and is now" \
				"skipped: $(result_of "$name" "$test" | sed 's/.*# SKIP //') |"
			break
		done
	done
	echo
	echo "$caught of $((${#mutants[@]} - equivalent)) caught, $equivalent equivalent."
}

# One each for the count, the notification, the protection, an entry that is there, and
# the data.
MUTANTS=${MUTANTS:-core-old core-adds-write core-read-only core-existing wrong-neighbour}
if [[ ! ${ALL:-} ]]; then
	# shellcheck disable=SC2206	# to be split into words
	mutants=($MUTANTS)
else
	mutants=(tests/mutants/*.patch)
	mutants=("${mutants[@]##*/}")
	mutants=("${mutants[@]%.patch}")
fi
mapfile -t rigs < <(for name in "${mutants[@]}"; do control_of "$name"; done | sort -u)

# One builds while another one runs.
export -f header control_of run run_control run_mutant
export out
{
	printf 'run_control %s\0' "${rigs[@]}"
	printf 'run_mutant %s\0' "${mutants[@]}"
} | xargs -0 -P 2 -I {} bash -c '{}' || :

for name in "${mutants[@]}"; do
	if [[ $(header "$name" Equivalent) ]]; then
		check "$name.equivalent" survives "$name"
	else
		check "$name.caught" caught "$name"
	fi
done
[[ ! ${ALL:-} ]] || { mkdir -p docs && table >docs/mutants.md; }
plan
