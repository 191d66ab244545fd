#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest: what protection vmf_insert_pfn_prot() gets for the first store to
# each kind of mapping, recorded by a kprobe beside what the suite measures, and how
# long first stores take without it.
# Started by evidence.sh as the run_tests.sh of the guest.

suite=/suite/suite
tracing=/sys/kernel/tracing

case $(uname -m) in
aarch64)	prot=%x3 ;;
x86_64)		prot=%cx ;;
riscv64)	prot=%a3 ;;
esac

cd "$suite" || exit
# With the fix vmf_insert_pfn_prot() is a wrapper, and its callers call this one.
symbol=vmf_insert_pfn_prot
grep -q ' vmf_insert_pfn_prot_mkwrite$' /proc/kallsyms && symbol=${symbol}_mkwrite
echo "p:prot $symbol prot=$prot:x64" >$tracing/kprobe_events || exit 2

for program in pfn_mkwrite_test pfn_mkwrite_drm; do
	# The time without the kprobe, which takes some itself.
	"./$program" -t first_store 2>&1 |
		awk '/^# mapping .*: not measured/ { next }
			/^# mapping / { sub(":", "", $3); name = $3 }
			/ first stores in / { print name, $6 }' >/tmp/times
	echo 1 >$tracing/events/kprobes/prot/enable
	while read -r name time; do
		echo >$tracing/trace
		"./$program" -v "$name" >/tmp/out 2>&1
		grep -E '^# mapping|^#   store to an untouched' /tmp/out
		echo "#   64 first stores: $time us"
		# The first page that is mapped is that of the first store.
		prot=$(sed -n 's/.* prot=\(0x[0-9a-f]*\).*/\1/p' $tracing/trace | head -n 1)
		[ "$prot" ] || continue
		bits=
		[ "$(uname -m)" != aarch64 ] ||
			bits=", DBM $((prot >> 51 & 1)), RDONLY $((prot >> 7 & 1))"
		echo "#   $symbol(): prot $prot$bits"
	done </tmp/times
	echo 0 >$tracing/events/kprobes/prot/enable
done
echo >$tracing/kprobe_events
