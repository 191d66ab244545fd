#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in a guest in place of run_tests.sh, with the suite in the folder "suite" beside
# it: --explain of mappings whose trace is known, the explanation of a failing verdict, and
# that nothing is left behind in tracefs. TAP.

cd "$(dirname "$0")/suite" || exit
tracing=/sys/kernel/tracing
nr=0

# check NAME COMMAND...
check() {
	name=$1
	shift
	nr=$((nr + 1))
	if "$@"; then
		echo "ok $nr explain.$name"
	else
		sed 's/^/#   /' /tmp/said
		echo "#   instances:" $tracing/instances/*
		sed 's/^/#   event /' $tracing/kprobe_events
		echo "not ok $nr explain.$name"
	fi
}

explain() {
	./run_tests.sh --explain "$@" >/tmp/said 2>&1
}

# says TEXT...: in this order.
says() {
	for text; do
		printf '%s\n' "$text"
	done >/tmp/texts
	awk '
		NR == FNR { text[++nr] = $0; next }
		{
			rest = $0
			while (seen < nr && (at = index(rest, text[seen + 1])))
				rest = substr(rest, at + length(text[++seen]))
		}
		END { if (seen < nr) print "# missing: " text[seen + 1]; exit seen < nr }' \
		/tmp/texts /tmp/said
}

# lacks TEXT
lacks() {
	! grep -F -e "$1" /tmp/said
}

clean() {
	! grep -q ':pfn_mkwrite/' $tracing/kprobe_events &&
		[ ! -e $tracing/instances/pfn_mkwrite ] &&
		[ ! -e $tracing/events/pfn_mkwrite ]
}

# As a run that was killed together with its janitor.
leave_behind() {
	mkdir $tracing/instances/pfn_mkwrite &&
		echo 'p:pfn_mkwrite/fault handle_mm_fault' >>$tracing/kprobe_events &&
		echo "r:pfn_mkwrite/done handle_mm_fault ret=\$retval" >>$tracing/kprobe_events &&
		echo 1 >$tracing/instances/pfn_mkwrite/events/pfn_mkwrite/enable
}

# More of them than are read at once.
leave_many() {
	fetched=
	for field in a b c d e f g h i j k l m n; do
		fetched="$fetched $field=\$arg1:x64"
	done
	for event in a b c d e f g h i j k l m n o p q r s t u v w x y z; do
		for digit in 1 2 3; do
			echo "p:pfn_mkwrite/$event$digit handle_mm_fault$fetched" >>$tracing/kprobe_events
		done
	done
	[ "$(wc -c <$tracing/kprobe_events)" -gt 12288 ]
}

# The events and instances of others stay.
others() {
	[ -e $tracing/instances/other ] && grep -q 'p:other/pfn_mkwrite ' $tracing/kprobe_events
}

# hold: stop another run while it has the instance. Try again if it was faster.
hold() {
	stopped=
	until [ "$stopped" ] && [ -e $tracing/instances/pfn_mkwrite ]; do
		# shellcheck disable=SC2086	# it is more than one
		[ ! "$stopped" ] || kill -CONT $stopped
		wait
		setsid ./run_tests.sh --explain radeon >/tmp/said 2>&1 &
		group=$!
		until [ -e $tracing/instances/pfn_mkwrite ]; do :; done
		stopped=$(pidof pfn_mkwrite_explain)
		# shellcheck disable=SC2086
		kill -STOP $stopped
	done
}

writable_but_clean='DBM 1, RDONLY 1, DIRTY 0, AF 1'
dirty='DBM 1, RDONLY 0, DIRTY 1, AF 1'

mkdir $tracing/instances/other
echo 'p:other/pfn_mkwrite handle_mm_fault' >>$tracing/kprobe_events

explain radeon
check radeon says '# mapping radeon: ignored (first store 2,' \
	'# explain radeon: store to an untouched page' 'fault 1, of the store: address 0x' \
	', under the VMA'"'"'s lock) = 0x400: VM_FAULT_RETRY' \
	'vmf_insert_pfn_prot(pfn 0x' ", prot 0x68000000000fcb): $writable_but_clean" \
	'ttm_bo_vm_fault_reserved < radeon_gem_fault < __do_fault' \
	"; the PTE is 0x168000010" "$writable_but_clean" \
	'fault 2, of the store: address 0x' '_set_access_flags' "$dirty" \
	'15 more pages were mapped ahead' \
	'so: mkwrite is not honoured: '
check clean_after clean

explain udmabuf
check udmabuf says "prot 0x68000000000fc3): $writable_but_clean" 'udmabuf_vm_fault' \
	'63 more pages' 'so: mkwrite is not honoured: '

explain vgem
check vgem says 'its pfn_mkwrite drm_gem_shmem_pfn_mkwrite' \
	'prot 0x60000000000fcb): DBM 0, RDONLY 1' \
	'drm_gem_shmem_pfn_mkwrite() = 0x0: the driver was notified' \
	'so: a notification, and no bug: '

# After the tests, for a verdict that fails.
./run_tests.sh -v radeon -v vgem -t first_store >/tmp/said 2>&1
check automatic says '# mapping radeon: ignored (' 'not ok ' '# mapping vgem: notify (' \
	'ok ' '# explain radeon: store to an untouched page' 'so: mkwrite is not honoured: ' \
	'# Totals: '
check automatic_not_for_all lacks '# explain vgem'
check clean_after_tests clean

# Removed at the start.
leave_behind
explain radeon
check leftovers_do_not_hinder says 'so: mkwrite is not honoured: '
check leftovers_removed clean
check others_stay others
check many_left leave_many
explain radeon
check many_removed clean

# Ctrl-C and time limits signal every process, a runner kills the group.
for signal in HUP TERM KILL; do
	hold
	# shellcheck disable=SC2086	# it is more than one
	case $signal in
	KILL)	kill -KILL "-$group" ;;
	*)	kill -$signal $stopped ;;
	esac
	# shellcheck disable=SC2086
	kill -CONT $stopped 2>/dev/null
	wait
	moments=0
	until clean >/dev/null || [ $moments -eq 50 ]; do
		sleep 0.1
		moments=$((moments + 1))
	done
	check ended_by_$signal clean
done

# No record is not no fault.
echo 0 >/sys/kernel/debug/kprobes/enabled
explain radeon
echo 1 >/sys/kernel/debug/kprobes/enabled
check nothing_recorded says 'fault 2, of the store' \
	'so: the store took 2 faults, but 0 are in the trace: nothing follows from it'

hold
./run_tests.sh --explain radeon >/tmp/second 2>&1
# shellcheck disable=SC2086
kill -CONT $stopped
wait
mv /tmp/second /tmp/said
check busy says '# explain radeon: the kernel cannot be traced: another run has held ' \
	'fault 1, of the store' 'fault 2, of the store'

# Without permission or tracefs, --explain shows the faults alone.
mkdir -p /etc
echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >/etc/passwd
chmod a+rw /dev/udmabuf /dev/dri/card*
su nobody -s /bin/sh -c './run_tests.sh -v radeon -t first_store' >/tmp/said 2>&1
check not_root_after_tests says 'not ok ' '# Totals: '
check not_root_after_tests_silent lacks '# explain '
su nobody -s /bin/sh -c './run_tests.sh --explain radeon' >/tmp/said 2>&1
check not_root says '# explain radeon: the kernel cannot be traced: ' 'run as root' \
	'# explain radeon: store to an untouched page' 'the store took 2 faults'
unshare -m sh -c 'umount -l /sys/kernel/debug && umount -l /sys/kernel/tracing &&
	./run_tests.sh --explain radeon' >/tmp/said 2>&1
check no_tracefs says '# explain radeon: the kernel cannot be traced: no tracefs in ' \
	'fault 1, of the store' 'fault 2, of the store'

explain nothing-like-it
check no_such_mapping says 'nothing to explain: no mapping here is named nothing-like-it'
check clean_at_the_end clean
check others_still_there others
echo "1..$nr"
