#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The rigs against what they are known to show, the other libdrm variant, and poor
# surroundings in a guest. ALL=1 runs all rigs, and not only those that are quick to
# have, and writes docs/matrix.md, docs/architectures.md and docs/report.html.
# Usage: work=DIR [ALL=1] tests/guests.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/guests
mkdir -p "$out"

# rig NAME [RIG [SUITE [OPTION...]]]: its output, and its exit status behind it.
rig() {
	local rc=0
	PFN_MKWRITE_SUITE=${3:-} ./run_tests.sh --vm --output "$out/$1.d" "${@:4}" "${2:-$1}" \
		>"$out/$1" 2>"$out/$1.err" || rc=$?
	echo "status $rc" >>"$out/$1"
}

uapi_suite() {
	make OUTPUT="$work/build-uapi" INSTALL_PATH="$work/uapi" \
		CROSS_COMPILE=aarch64-linux-gnu- LIBDRM=0 all install \
		"$work/build-uapi/tests/with_seccomp" \
		"$work/build-uapi/tests/fault_log_test"
}

# A guest for the suite in poor surroundings, with what it takes to make them.
surroundings() {
	local wrap=$out/wrap acl lib

	mkdir -p "$wrap/acl" &&
	acl=$(vm/fetch.sh package arm64 bookworm acl) &&
	lib=$(vm/fetch.sh package arm64 bookworm libacl1) &&
	cp "$acl/bin/setfacl" "$lib"/usr/lib/*/libacl.so.1 \
		"$(aarch64-linux-gnu-gcc -print-file-name=libc.so.6)" \
		"$(aarch64-linux-gnu-gcc -print-file-name=ld-linux-aarch64.so.1)" "$wrap/acl" &&
	cp "$work/build-uapi/tests"/{with_seccomp,fault_log_test} "$wrap" &&
	cp tests/guest_surroundings.sh "$wrap/run_tests.sh" &&
	PFN_MKWRITE_WRAP=$wrap rig surroundings arm64-7.3-a57 '' --timeout 300
}

all_expected() {
	grep -qx "status $2" "$out/$1" &&
		grep -qE ', ([1-9][0-9]*) of \1 mappings as expected, ' "$out/$1" &&
		! grep '# dmesg: ' "$out/$1"
}

# A rig of our own: two cards of one driver, apart by their place on the bus.
second_card() {
	mkdir -p "$out/copy"
	cp -r run_tests.sh vm "$out/copy/"
	sed -e 's/^devices .*/devices bochs-display,romfile= bochs-display,romfile=/' \
		-e 's/^modules .*/modules bochs/' -e '/^expect/d' \
		vm/rigs/arm64-7.3-a57 >"$out/copy/vm/rigs/second_card"
	PFN_MKWRITE_SUITE=$work/uapi "$out/copy/run_tests.sh" --vm \
		--output "$out/second_card.d" second_card -- -t second_store \
		>"$out/second_card" 2>"$out/second_card.err"
}

# A lockdown at boot leaves tracefs empty. securityfs is not mounted.
lockdown() {
	mkdir -p "$out/lockdown"
	cp -r run_tests.sh vm "$out/lockdown/"
	{
		cat vm/rigs/arm64-7.3-a57
		printf '\nappend lockdown=confidentiality\n'
	} >"$out/lockdown/vm/rigs/lockdown"
	PFN_MKWRITE_SUITE=$work/uapi "$out/lockdown/run_tests.sh" --vm \
		--output "$out/lockdown.d" lockdown -- -v radeon >"$out/lockdown.log" 2>&1
	grep -F '# explain radeon: the kernel cannot be traced: the tracefs in /sys/kernel/tracing is empty, as in a kernel that is locked down; ' \
		"$out/lockdown.log" && grep '^# rig lockdown: radeon ignored 68, as expected' \
		"$out/lockdown.log"
}

# A stable kernel may turn a rig's expectation over.
newer_gem_shmem() {
	mkdir -p "$out/newer"
	cp -r run_tests.sh config vm tests patches "$out/newer/"
	sed 's/^expect *vgem .*/expect vgem notify 128/' vm/rigs/arm64-control-told \
		>"$out/newer/vm/rigs/newer"
	PFN_MKWRITE_SUITE=$work/uapi "$out/newer/run_tests.sh" --vm --output "$out/newer.d" \
		newer >"$out/newer.log" 2>&1
	grep -x '# rig newer: vgem honoured 64, expected notify 128; gem-shmem is notified .*' \
		"$out/newer.log"
}

# Prints which tests of a rig fail for a reason of their own.
known_to_fail() {
	sed -n 's/^fails *\([^ ]*\).*/\1/p' "vm/rigs/$1" | paste -s -d '|' |
		sed 's/.*|.*/@(&)/'
}

# Twice the same instruction, twice the same address.
evidence() {
	sed -n 's/^#   store to an untouched page, fault [12]: +[0-9]* ns, //p' "$out/$1" |
		sort | uniq -c | awk '$1 % 2 { exit 1 } END { exit !NR }'
}

took() {
	sed -n 's/.* \([0-9.]*\) s from power-on.*/\1/p' "$out/$1"
}

fast_enough() {
	took "$1"
	awk -v s="$(took "$1")" 'BEGIN { exit !(s > 0 && s < 20) }'
}

# The time that this machine wanted a CPU and did not get it from its host, and the time
# that it wanted one.
cpu_time() {
	awk '$1 == "cpu" { print $9, $2 + $3 + $4 + $7 + $8 + $9; exit }' /proc/stat
}

# Two guests at once on a busy machine may be slow: then again, alone. A host that has
# no time for this machine says nothing about the suite.
check_time() {
	local stolen=0 wanted=1 before took

	for _ in 1 2; do
		fast_enough "$1" >/dev/null && break
		before=$(cpu_time)
		rig "$1"
		read -r stolen wanted < <(echo "$before $(cpu_time)" |
			awk '{ print $3 - $1, $4 - $2 + 1 }')
	done
	took=$(took "$1")
	if [[ $took ]] && ! fast_enough "$1" >/dev/null && ((10 * stolen > wanted)); then
		skip "$1.within_time" "$took s, while this machine's host had $((100 * stolen / wanted)) % of its CPU time for others"
	else
		check "$1.within_time" fast_enough "$1"
	fi
}

# The report of a rig has its verdicts, in both forms, and what they are made of.
reported() {
	local name verdict

	grep -qF 'command:     ./run_tests.sh --vm arm64-7.3-a57' "$out/report/report.txt" &&
		grep -q 'store to an untouched page, fault 2: ' "$out/report/report.html" ||
		return
	while IFS=': ' read -r name verdict _; do
		grep -q "^$name: $verdict (first store" "$out/report/report.txt" &&
			grep -q ">$name: <span class=\"$verdict\">$verdict<" "$out/report/report.html" ||
			return
	done < <(sed -n '/not measured/d; s/^# mapping //p' "$out/$1")
}

all_rigs() {
	./run_tests.sh --vm --output "$out/all.d" --table docs/matrix.md --report "$out/all.report" all \
		>"$out/all" 2>"$out/all.err"
	# Which status they give is up to the rigs, unless it says that one could not run.
	grep -q '^exit status ' "$out/all"
}

# From what all rigs have shown.
architectures() {
	tests/architectures.sh "$out/all.d" >"$work/architectures.md" &&
		! grep 'not known' "$work/architectures.md" &&
		cp "$work/architectures.md" docs/
}

# The report of all rigs.
all_report() {
	local bytes lines

	bytes=$(wc -c <"$out/all.report/report.html")
	lines=$(wc -l <"$out/all.report/report.txt")
	echo "$bytes bytes of HTML, $lines lines of text"
	((bytes < 200000 && lines < 300)) && vm/deps.sh browser &&
		tests/browser.py "$out/all.report" "$out/all.report/report.html"
}

# That of some, whose times and addresses differ from run to run.
docs_report() {
	local numbers='s/\b[0-9.]+ (us|ns)|<td>[0-9.]+<.td>|0x[0-9a-f]+/N/g; s/ +/ /g'

	tests/story.sh "$out/all.d" >"$work/report.html" || return
	diff <(sed -E "$numbers" "$work/report.html") <(sed -E "$numbers" docs/report.html) >/dev/null ||
		cp "$work/report.html" docs/
}

# Of all rigs: what is not as expected is in the table, or among the remarks below it.
in_table() {
	local log=$out/all.d/$1/output.log

	grep -E "^$1 (died|could not)|^$1: " "$out/all"
	! grep -qE "^$1 (died|could not)|^$1: " "$out/all" &&
		grep "^# rig $1: exit status " "$out/all" |
			grep -E ', ([1-9][0-9]*) of \1 mappings as expected, ' &&
		nothing_else_fails "$log" "$(known_to_fail "$1")"
}

# It is no failure of the suite if the mirror no longer has a kernel, or is being updated.
lacks=' is wanted, but | cannot be had from .* Mirror sync in progress'
moved_on() {
	grep -qE "$lacks" "$out/$1.err" &&
		skip "$1" "the mirror does not have this kernel now"
}

rigs='arm64-6.12-a57 arm64-7.3-a57 arm64-7.3-max arm64-7.3-dax arm64-7.3-huge
	arm64-7.3-kvm arm64-core-a57 arm64-core-bar armhf-6.12-a15 riscv64-6.12-svade'

check uapi.build uapi_suite

# Once before the others, so that two do not fetch or build the same.
rig arm64-6.12-a57
{
	rig arm64-7.3-a57 arm64-7.3-a57 '' --report "$out/report"
	rig arm64-7.3-max
	rig uapi arm64-7.3-a57 "$work/uapi"
	rig arm64-7.3-dax
	rig arm64-7.3-kvm
	rig riscv64-6.12-svade
} &
surroundings
rig armhf-6.12-a15
rig arm64-7.3-huge
rig arm64-core-a57
rig arm64-core-bar
second_card
wait

for name in $rigs; do
	moved_on "$name" && continue
	# The bug fails tests, and so does what is wrong with a driver.
	status=0
	! grep -qE '^expect .* ignored |^fails ' "vm/rigs/$name" || status=1
	check "$name.expected" all_expected "$name" "$status" ||
		tail -n 20 "$out/$name" "$out/$name.err" | sed 's/^/#   /'
	check "$name.nothing_else_fails" nothing_else_fails "$out/$name" \
		"$(known_to_fail "$name")"
	! grep -q '^expect .* ignored ' "vm/rigs/$name" ||
		check "$name.evidence" evidence "$name"
	check_time "$name"
done
moved_on arm64-7.3-a57 || check report reported arm64-7.3-a57
moved_on uapi || {
	check uapi.same_as_libdrm diff <(results "$out/arm64-7.3-a57") \
		<(results "$out/uapi")
	check uapi.used grep -q ', by UAPI$' "$out/uapi"
	check libdrm.used grep -q ', by libdrm$' "$out/arm64-7.3-a57"
}
moved_on armhf-6.12-a15 || check explain.refused grep -q '^# explain vgem: the kernel cannot be traced: it refuses a kprobe at handle_mm_fault(): Invalid argument (Invalid .*); the faults alone follow$' \
	"$out/armhf-6.12-a15"
moved_on second_card || {
	check second_card.first grep -q '^ok [0-9]* mapping.bochs-drm.second_store$' \
		"$out/second_card"
	check second_card.suffix \
		grep -qE '^ok [0-9]* mapping.bochs-drm-pci_0000_[0-9a-f_]*.second_store$' \
		"$out/second_card"
}
moved_on surroundings || {
	replay surroundings. < <(grep -E '^(not )?ok |^1\.\.|^#   ' "$out/surroundings" |
		sed 's/ surroundings\./ /')
	check surroundings.none_dropped grep -qx '1\.\.48' "$out/surroundings"
	while IFS=$'\t' read -r run command result; do
		lab "${run//_/ }" "$command" "$result"
	done < <(sed -n 's/^# lab //p' "$out/surroundings")
}
if [[ ${ALL:-} ]]; then
	mkdir -p docs
	check all.table all_rigs
	if grep -qE "$lacks" "$out/all.err"; then
		for name in architectures report docs_report; do
			skip all.$name "the mirror does not have a kernel now"
		done
	else
		check all.architectures architectures
		check all.report all_report
		check all.docs_report docs_report
	fi
	check all.newer_gem_shmem newer_gem_shmem
	check all.lockdown lockdown
	PFN_MKWRITE_WRAP=tests/guest_cpus.sh rig cpus arm64-control-mixed '' --timeout 200
	replay cpus. < <(grep -E '^(not )?ok |^1\.\.|^#   ' "$out/cpus")
	for file in vm/rigs/*; do
		name=${file##*/}
		if grep -qE "^run_tests.sh: $name: .*($lacks)" "$out/all.err"; then
			skip "all.$name" "the mirror does not have this kernel now"
		else
			check "all.$name" in_table "$name"
		fi
	done
fi
plan
