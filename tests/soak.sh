#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Does load change a verdict? Boots each rig once and runs the suite RUNS times
# (100) beside a fork storm and memory pressure. The last line is the sum.
# Usage: [RUNS=N] [RIGS="NAME..."] [JOBS=N] tests/soak.sh

set -u
cd "$(dirname "$0")/.." || exit
runs=${RUNS:-100}
rigs=${RIGS:-arm64-core-a57 arm64-7.3-a57 arm64-6.12-a57 arm64-6.1-a57 arm64-5.10-a57
	arm64-7.3-max arm64-7.3-dax arm64-core-max arm64-core-dax arm64-7.3-mthp
	arm64-6.12-max armhf-6.12-a15}

work=$(mktemp -d "${TMPDIR:-/tmp}/pfn-mkwrite-soak.XXXXXX") || exit
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

soak() {
	PFN_MKWRITE_WRAP=tests/guest_soak.sh ./run_tests.sh --vm --timeout 14400 \
		--output "$work/$1.d" "$1" -- "$runs" >"$work/$1" 2>"$work/$1.err"
	sed -n "s/^soak: /$1: /p; s/^#   /$1: &/p; s/^# run /$1: &/p" "$work/$1"
	grep -q '^soak: ' "$work/$1" || {
		echo "$1: not finished"
		tail -n 5 "$work/$1" "$work/$1.err" | sed "s/^/$1: /"
	}
}

export -f soak
export work runs
# shellcheck disable=SC2086	# to be split into words
printf '%s\n' $rigs | xargs -P "${JOBS:-2}" -I {} bash -c 'soak {}'

cd "$work" || exit
# shellcheck disable=SC2086
awk -v rigs="$(echo $rigs | wc -w)" '
	/^soak: [0-9]+ runs/ { done++; n += $2; differ += $6 }
	END {
		printf "soak: %d runs on %d of %d rigs, %d differ\n", n, done, rigs, differ
		exit done != rigs || differ
	}' $rigs
