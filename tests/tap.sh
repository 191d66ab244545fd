# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP for the shell tests. To be sourced.

nr=0

# check NAME COMMAND...: ok when it succeeds; what it said, when it does not.
check() {
	local name=$1 said
	shift
	nr=$((nr + 1))
	if said=$("$@" 2>&1); then
		echo "ok $nr $name"
	else
		echo "# status $?: $*"
		printf '%s\n' "$said" | sed 's/^/#   /'
		echo "not ok $nr $name"
		return 1
	fi
}

skip() {
	nr=$((nr + 1))
	echo "ok $nr $1 # SKIP $2"
}

plan() {
	echo "1..$nr"
}
