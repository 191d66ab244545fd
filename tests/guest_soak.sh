#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest: runs the suite once in peace, and then again and again beside a fork
# storm and memory pressure. The results have to be the same each time.
# Started by soak.sh as the run_tests.sh of the guest; runs as many times as its
# argument says.

suite=/suite/suite
runs=${1:-100}

# Two runs must agree on each verdict with its numbers, and on each test's result.
results() {
	"$suite/run_tests.sh" >/tmp/out 2>&1
	grep -E '^((not )?ok [0-9]|# mapping |1\.\.)' /tmp/out
}

storm() {
	while :; do
		(:) &
		(:) &
		wait
	done
}

# Takes most of the memory that is available, gives it back, and again. Not in /tmp,
# where the tests write.
pressure() {
	mkdir -p /ballast && mount -t tmpfs -o size=100% ballast /ballast
	while :; do
		mb=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) - 96 }' /proc/meminfo)
		[ "$mb" -gt 0 ] &&
			dd if=/dev/zero of=/ballast/file bs=1M count="$mb" 2>/dev/null
		rm -f /ballast/file
	done
}

results >/tmp/quiet
grep '^# mapping ' /tmp/quiet

storm &
storms=$!
pressure &
storms="$storms $!"
# Less often on the CPU than the suite, or a run takes minutes.
# shellcheck disable=SC2086	# several
renice -n 10 -p $storms

n=0 differ=0
while [ "$n" -lt "$runs" ]; do
	n=$((n + 1))
	results >/tmp/loaded
	if ! cmp -s /tmp/quiet /tmp/loaded; then
		differ=$((differ + 1))
		echo "# run $n differs:"
		diff /tmp/quiet /tmp/loaded | grep '^[-+<>]' | head -n 20 | sed 's/^/#   /'
	fi
	[ $((n % 10)) -ne 0 ] || echo "# soak: $n runs, $differ differ"
done
# shellcheck disable=SC2086	# several
kill $storms 2>/dev/null
echo "# soak: forks in all: $(awk '$1 == "processes" { print $2 }' /proc/stat)"
echo "soak: $n runs under load, $differ differ from the one in peace"
[ "$differ" -eq 0 ]
