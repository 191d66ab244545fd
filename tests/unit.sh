#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The unit tests of the library. Usage: work=DIR tests/unit.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/unit

build() {
	make OUTPUT="$out" USERCFLAGS=-Werror all tests
}

# The results that are no pass, without their numbers, which mean nothing.
assertions() {
	"$out/tests/assertions" | grep -E '^(not )?ok ' | sed 's/ok [0-9]* /ok /' |
		grep -vE '^ok [^ ]*$' | diff tests/assertions.expected -
}

check build build
check assertions_can_fail assertions
for test in verdict truth proc file_times fault_log report measure trace; do
	replay "$test." < <("$out/tests/${test}_test" 2>&1)
done
plan
