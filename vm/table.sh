# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Several guests at a time, and the table of what they showed. Sourced by vm/run.sh,
# which each rig is run by in a process of its own.
# shellcheck disable=SC2034,SC2154	# variables of vm/run.sh

declare -A job_of cell want info

# start_job RIG: its output goes to a folder of its own, "# rig" lines excepted.
start_job() {
	rm -f "$base/$1/result" || die "$base/$1/result cannot be removed"
	# Whatever happens to this shell, even SIGKILL, the job ends with it.
	PFN_MKWRITE_JOB=$1 setpriv --pdeathsig TERM "$here/run.sh" "${job_options[@]}" \
		--output "$base/$1" "$1" -- "${arguments[@]}" </dev/null &
	workers+=($!)
	job_of[$!]=$1
}

# Waits for one job and keeps its exit status.
reap() {
	local rc=0 pid ended left=()

	wait -n -p ended "${workers[@]}" || rc=$?
	for pid in "${workers[@]}"; do
		[[ $pid == "$ended" ]] || left+=("$pid")
	done
	workers=("${left[@]}")
	info[${job_of[$ended]} status]=$rc
}

# read_result RIG: what vm/run.sh has left in the file.
read_result() {
	local key value

	[[ -r $base/$1/result ]] || return 0
	while read -r key value; do
		case $key in
		measured)	cell[$1 ${value%% *}]=${value#* } ;;
		expected)	want[$1 ${value%% *}]=${value#* } ;;
		*)		info[$1 $key]=$value ;;
		esac
	done <"$base/$1/result"
}

# Device memory first, the controls that every machine has last.
columns() {
	local key

	for key in "${!cell[@]}" "${!want[@]}"; do
		case ${key#* } in
		udmabuf*)	echo "1 ${key#* }" ;;
		dax* | devdax*)	echo "2 ${key#* }" ;;
		memfd)		echo "4 memfd" ;;
		perf_ring)	echo "5 perf_ring" ;;
		*)		echo "3 ${key#* }" ;;
		esac
	done | LC_ALL=C sort -u | cut -d ' ' -f 2
}

# row RIG: sets row to its cells, and off where it is not as expected.
row() {
	local name=$1 mapping seen exit_status=${info[$1 exit]:-}

	row=$name
	for mapping in "${mappings[@]}"; do
		seen=${cell[$name $mapping]:--}
		if [[ ${want[$name $mapping]:-$seen} != "$seen" ]]; then
			seen+=" (want ${want[$name $mapping]})"
			off=1
		fi
		row+="|$seen"
	done
	if [[ ${info[$name died]:-} ]]; then
		exit_status=died off=1
	elif [[ ! $exit_status ]]; then
		exit_status='not run'
	elif [[ ${info[$name want]:-$exit_status} != "$exit_status" ]]; then
		exit_status+=" (want ${info[$name want]})" off=1
	fi
	if [[ ${info[$name complained]:-} ]]; then
		exit_status+=' (dmesg)' off=1
	fi
	row+="|$exit_status|${info[$name seconds]:--}"
}

# Prints what the table has no room for.
remarks() {
	local name

	for name in "${rigs[@]}"; do
		if [[ ${info[$name died]:-} ]]; then
			echo "$name died: ${info[$name died]}"
		elif [[ ! ${info[$name exit]:-} ]]; then
			echo "$name could not be run:" \
				"${info[$name failed]:-it ended with status ${info[$name status]}}"
		fi
		[[ ! ${info[$name complained]:-} ]] ||
			echo "$name: the kernel complained: ${info[$name complained]}"
	done
}

aligned() {
	awk -F '|' '
		{
			line[NR] = $0
			for (i = 1; i <= NF; i++)
				if (length($i) > width[i])
					width[i] = length($i)
		}
		END {
			for (n = 1; n <= NR; n++) {
				fields = split(line[n], field, "|")
				for (i = 1; i < fields; i++)
					printf "%-*s  ", width[i], field[i]
				print field[fields]
			}
		}'
}

# The seconds are left out: two runs are to give the same.
markdown() {
	local name releases

	releases=$(for name in "${rigs[@]}"; do
		echo "${info[$name release]:-}"
	done | sort -uV | sed '/^$/d' | paste -s -d , | sed 's/,/, /g')
	echo "Made by \`./run_tests.sh --vm ${asked[*]}\` on Linux ${releases:-(none)}."
	echo
	printf '%s\n' "${rows[@]}" | sed 's/|[^|]*$//; s/|/ | /g; s/.*/| & |/' |
		sed '1 { p; s/[^|]/-/g }'
	remarks | sed '1 i\
\
' | sed 's/^..*/- &/'
}

# run_table: runs all of rigs[], prints the table, and sets worst.
run_table() {
	local base name mappings row off='' rows=()

	use_output all "$own_output"
	base=$output
	for name in "${rigs[@]}"; do
		((${#workers[@]} < jobs)) || reap
		start_job "$name"
	done
	while ((${#workers[@]})); do
		reap
	done
	for name in "${rigs[@]}"; do
		read_result "$name"
		worse "${info[$name status]}"
	done
	mapfile -t mappings < <(columns)
	rows=("$(IFS='|'; echo "rig${mappings:+|${mappings[*]}}|exit|seconds")")
	for name in "${rigs[@]}"; do
		row "$name"
		rows+=("$row")
	done
	[[ ! $off ]] || worst=3
	out "$(printf '%s\n' "${rows[@]}" | aligned; remarks)"
	if [[ $table ]]; then
		{ markdown >"$table"; } 2>/dev/null || die "--table $table cannot be written"
	fi
}
