#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The unit tests of the library. Usage: work=DIR tests/unit.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/unit
ksrc=$(vm/fetch.sh harness) || exit
ksrc=${ksrc%/tools/testing/selftests}

build() {
	make KSRC="$ksrc" OUTPUT="$out" USERCFLAGS=-Werror all tests
}

# Results without their numbers, which say nothing.
results() {
	grep -E '^(not )?ok ' | sed 's/ok [0-9]* /ok /'
}

# What must fail or skip does, and nothing else.
assertions() {
	"$out/tests/assertions" | results | grep -vE '^ok [^ ]*$' |
		diff tests/assertions.expected -
}

check build build
check assertions_can_fail assertions
for test in verdict parsers fault_log report measure; do
	# Their results count one by one.
	while IFS= read -r line; do
		case $line in
		'not ok '*) check "$test.${line#not ok * }" false ;;
		*'# SKIP'*) line=${line#ok * }; skip "$test.${line% # SKIP*}" "${line#*# SKIP }" ;;
		'ok '*) check "$test.${line#ok * }" true ;;
		'1..'*) planned=${line#1..} before=$nr ;;
		*) echo "# ${line#\# }" ;;
		esac
	done < <("$out/tests/${test}_test" 2>&1)
	check "$test.complete" [ $((nr - ${before:-0})) = "${planned:-none}" ]
done
plan
