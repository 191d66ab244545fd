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

# replay PREFIX: the results on stdin, TAP of another program, count one by one;
# the last one is whether they were as many as planned.
replay() {
	local prefix=$1 line name before=$nr planned=none

	while IFS= read -r line; do
		name=${line#*ok * }
		case $line in
		'not ok '*) check "$prefix$name" false ;;
		'ok '*'# SKIP'*) skip "$prefix${name% # SKIP*}" "${line#*# SKIP }" ;;
		'ok '*) check "$prefix$name" true ;;
		'1..'*) planned=${line#1..} ;;
		*) echo "# ${line#\# }" ;;
		esac
	done
	check "${prefix}complete" [ $((nr - before)) = "$planned" ]
}

# results FILE: what two runs have to agree on.
results() {
	grep -E '^((not )?ok [0-9]|# mapping |1\.\.)' "$1"
}

# copy_source DIR: the files of the project, without what was built.
copy_source() {
	mkdir -p "$1" &&
		git ls-files -z --cached --others --exclude-standard |
			xargs -0 cp --parents -t "$1"
}

plan() {
	echo "1..$nr"
}
