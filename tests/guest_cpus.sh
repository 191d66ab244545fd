#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest with four CPUs, of which the even ones set the dirty bit: the verdict follows
# the CPU, and CPUs that go offline spoil none. Runs in place of run_tests.sh, with the
# folder "suite" beside it. Prints TAP.

cd "$(dirname "$0")/suite" || exit
nr=0

# verdict NAME WORD FILE: each verdict on udmabuf in FILE is WORD, and each test that fails
# is one of those that have to for it.
verdict() {
	words=$(sed -n 's/^# mapping udmabuf: \([a-z]*\) .*/\1/p' "$3" | sort -u)
	failed=$(sed -n 's/^not ok [0-9]* mapping\.udmabuf\.//p' "$3" | sort -u | xargs)
	case $2 in
	ignored) want='first_store mkwrite_honoured' ;;
	*)	want= ;;
	esac
	nr=$((nr + 1))
	[ "$words" = "$2" ] && [ "$failed" = "$want" ] && echo "ok $nr $1" && return
	sed 's/^/#   /' "$3"
	echo "#   $words, and these fail: $failed"
	echo "not ok $nr $1"
}

# The suite says that the CPUs differ, but not if it may use the even ones alone.
differ() {
	nr=$((nr + 1))
	grep -q '^#   the CPUs differ in what sets the dirty bit' /tmp/all &&
		! grep -q 'the CPUs differ' /tmp/even && echo "ok $nr differ" && return
	echo "not ok $nr differ"
}

offline() {
	while :; do
		for cpu in 1 3; do
			echo 0 >/sys/devices/system/cpu/cpu$cpu/online
			sleep 0.4
			echo 1 >/sys/devices/system/cpu/cpu$cpu/online
			sleep 0.2
		done
	done
}

./run_tests.sh -v udmabuf >/tmp/all 2>&1
verdict all ignored /tmp/all
taskset 5 ./run_tests.sh -v udmabuf >/tmp/even 2>&1
verdict even hidden /tmp/even
taskset 8 ./run_tests.sh -v udmabuf >/tmp/odd 2>&1
verdict odd ignored /tmp/odd
differ
offline 2>/dev/null &
for _ in 1 2 3 4 5 6 7 8; do
	./run_tests.sh -v udmabuf 2>&1
done >/tmp/offline
kill $!
verdict offline ignored /tmp/offline
echo "1..$nr"
