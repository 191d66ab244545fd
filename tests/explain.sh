#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Explanations on several kernels and CPUs, and that they leave nothing behind. ALL=1 adds
# older kernels and other architectures, which have other functions to trace.
# Usage: work=DIR [ALL=1] tests/explain.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/explain
mkdir -p "$out"

# run RUN RIG ARGUMENT...
run() {
	./run_tests.sh --vm --output "$out/$1.d" "$2" -- "${@:3}" >"$out/$1" 2>"$out/$1.err"
}

# says RUN TEXT...: in this order, each in a line of its own.
says() {
	local file=$out/$1 text line=0 found
	shift

	for text; do
		found=$(tail -n +$((line + 1)) "$file" | grep -nF -m 1 -e "$text" | cut -d : -f 1)
		if [[ ! $found ]]; then
			cat "$file" "$file.err"
			echo "missing: $text"
			return 1
		fi
		line=$((line + found))
	done
}

# lacks RUN TEXT
lacks() {
	! grep -F -e "$2" "$out/$1"
}

# trace RIG MAPPING TEXT...
trace() {
	run "$1" "$1" --explain "$2"
	if grep -q ' is wanted, but ' "$out/$1.err"; then
		skip "$1" "the mirror no longer has this kernel"
	else
		check "$1" says "$1" "${@:3}"
	fi
}

# Nothing of the rig's other mappings, and no rows.
only_asked() {
	grep '^# [^ ]' "$out/$1" | grep -vE '^# (mapping|explain) ' |
		diff - <(grep -m 1 "^# rig $1: " "$out/$1")
}

ignored='so: mkwrite is not honoured: '
honoured='so: mkwrite is honoured: '
by_cpu='and the CPU set the dirty bit itself as it stored'

PFN_MKWRITE_WRAP=tests/guest_explain.sh ./run_tests.sh --vm --output "$out/guest.d" \
	arm64-7.3-a57 >"$out/guest" 2>"$out/guest.err"
replay '' < <(grep -E '^(not )?ok |^1\.\.|^# ' "$out/guest" | sed 's/ explain\./ /')

trace arm64-7.3-max '@(radeon|vgem)' \
	'# mapping radeon: hidden' 'prot 0x68000000000ccb): DBM 1, RDONLY 1' \
	'the PTE is 0x168000010428ccb: DBM 1, RDONLY 1' \
	'after the store the PTE is 0x168000010428c4b: DBM 1, RDONLY 0' "$by_cpu" \
	'# mapping vgem: notify' 'so: a notification, and no bug: '
trace arm64-7.3-dax dax \
	'# explain dax: store to an untouched page' "$honoured" \
	'# explain dax: store to a page loaded before' \
	'fault 1, of the load' ': write-protected and clean' \
	'fault 2, of the store' 'insert_page_into_pte_locked' ': writable and clean' \
	'fault 3, of the store' ': writable and dirty' \
	'so: the dirty bit is missing at the upgrade: '
check only_asked only_asked arm64-7.3-dax
# After the tests, for the store that fails alone.
run after_tests arm64-7.3-dax -v dax
check after_tests says after_tests '# mapping dax: ignored (first store 1,' \
	'# explain dax: store to a page loaded before' \
	'so: the dirty bit is missing at the upgrade: ' '# Totals: '
check after_tests.failing_store_only lacks after_tests '# explain dax: store to an untouched page'
# Without BTF, and with the core series.
trace arm64-core-a57 radeon 'vmf_insert_pfn_prot(pfn' 'prot 0x68000000000fcb' \
	': writable and dirty' "$honoured"
if [[ ${ALL:-} ]]; then
	# No vmf_insert_page_mkwrite() and no members of structures; TTM inserts mixed.
	trace arm64-5.10-a57 radeon 'insert_pfn(pfn' \
		'vmf_insert_mixed_prot < ttm_bo_vm_fault_reserved' "$ignored"
	trace arm64-6.1-a57 radeon "the VMA's fault is radeon_gem_fault" \
		'vmf_insert_pfn_prot(pfn' "$ignored"
	trace arm64-6.12-a57 udmabuf 'its pfn_mkwrite none' "$ignored"
	trace amd64-7.3-qxl qxl 'prot 0x8000000000000027): RW 1, D 0, A 1' \
		'RW 1, D 1, A 1' "$by_cpu"
	trace amd64-6.1-qxl qxl 'RW 1, D 0, A 1' "$by_cpu"
	# 6.12.117 refuses kprobes at the entry of functions: the faults alone.
	trace riscv64-6.12 radeon '# explain radeon: ' 'fault 1, of the store'
	trace arm64-7.3-16k-a76-nodbm radeon "$ignored"
	trace arm64-fixed-a57 radeon 'vmf_insert_pfn_prot_dirty(pfn' ', mkwrite 1)' \
		': writable and dirty' "$honoured"
	trace arm64-fixed-max radeon ': writable and dirty' "$honoured"
fi
plan
