# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP for the shell tests. To be sourced.

nr=0

# check NAME COMMAND...: ok if it succeeds, else "not ok" and its output.
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

# results FILE: prints the results that two runs must agree on.
results() {
	grep -E '^((not )?ok [0-9]|# mapping |1\.\.)' "$1"
}

# The tests that must fail for the verdicts: of the first store, or of the store to a
# page that was read or written back before.
condemned() {
	sed -n 's/^# mapping \([^:]*\): ignored (first store \([12]\).*/\1 \2/p' "$1" |
		while read -r mapping faults; do
			echo "mapping.$mapping.mkwrite_honoured"
			case $faults in
			1)	echo "mapping.$mapping.store_after_load"
				echo "mapping.$mapping.store_after_fsync" ;;
			2)	echo "mapping.$mapping.first_store" ;;
			esac
		done
}

# nothing_else_fails FILE [PATTERN]: but for tests of mappings that are known to fail for
# a reason of their own, of which some do.
nothing_else_fails() {
	local file=$1 known=${2:-} name failed bad=0 seen=''

	grep -q '^1\.\.[1-9]' "$file" || return
	failed=$(grep '^not ok ' "$file" | sed 's/.* //' | sort)
	for name in $(comm -13 <(echo "$failed") <(condemned "$file" | sort)); do
		echo "$name should fail"
		bad=1
	done
	for name in $(comm -23 <(echo "$failed") <(condemned "$file" | sort)); do
		# shellcheck disable=SC2053	# it is a pattern
		if [[ $known && ${name#mapping.} == $known ]]; then
			seen=1
		else
			echo "$name should not fail"
			bad=1
		fi
	done
	[[ ! $known || $seen ]] || { echo "none of $known fails any more"; bad=1; }
	return $bad
}

# awks: prints the commands: each awk of this machine, and that of BusyBox.
awks() {
	local name

	for name in mawk gawk original-awk; do
		! command -v $name >/dev/null || echo $name
	done
	! command -v gawk >/dev/null || echo gawk --posix
	name=$(vm/fetch.sh package "$(dpkg --print-architecture)" bookworm busybox-static) &&
		echo "$name/bin/busybox awk"
}

# copy_source DIR: the files of the project, without built ones.
copy_source() {
	mkdir -p "$1" &&
		git ls-files -z --cached --others --exclude-standard |
			xargs -0 cp --parents -t "$1"
}

# lab RUN COMMAND RESULT: a row of the table in docs/labs.md, which make check-all writes.
lab() {
	[[ ! ${LABS:-} ]] || printf '| %s | \140%s\140 | %s |\n' "$@" >>"$LABS"
}

plan() {
	echo "1..$nr"
}
