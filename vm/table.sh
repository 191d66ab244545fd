# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Several guests at a time, and the table of their results. Sourced by vm/run.sh, which
# runs once for each rig as well.
# shellcheck disable=SC2034,SC2154	# variables of vm/run.sh

declare -A job_of cell want info

# start_job RIG: its output goes to a folder of its own, "# rig" lines excepted.
start_job() {
	rm -f "$base/$1/result" || die "$base/$1/result cannot be removed"
	# The job ends with this shell, even on SIGKILL.
	PFN_MKWRITE_JOB=$1 PFN_MKWRITE_PROGRESS=${live:+$tmp/progress-$1} \
		setpriv --pdeathsig TERM "$here/run.sh" "${job_options[@]}" "${own[@]}" \
		--output "$base/$1" "$1" -- "${arguments[@]}" </dev/null >&"$job_out" &
	workers+=($!)
	job_of[$!]=$1
}

# show_jobs: shows the progress of all jobs.
show_jobs() {
	local pid name text=''

	for pid in "${workers[@]}"; do
		# If one has ended, wait has to name it first.
		kill -0 "$pid" 2>/dev/null || return
		name=${job_of[$pid]}
		text+="${text:+; }$name"
		[[ ! -s $tmp/progress-$name ]] || text+=" ($(<"$tmp/progress-$name"))"
	done
	show "$over of ${#rigs[@]} rigs done" "$((SECONDS - started)) s" "$text"
}

# Waits for one job and keeps its exit status.
reap() {
	local rc=0 pid ended left=()

	while [[ $live ]] && show_jobs; do
		sleep 0.3
	done
	wait -n -p ended "${workers[@]}" || rc=$?
	for pid in "${workers[@]}"; do
		[[ $pid == "$ended" ]] || left+=("$pid")
	done
	workers=("${left[@]}")
	over=$((over + 1))
	info[${job_of[$ended]} status]=$rc
	folder[${job_of[$ended]}]=$base/${job_of[$ended]}
}

# read_result RIG: reads the file that vm/run.sh wrote.
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

# The first two words of a rig's name: those of a group differ in the machine only.
group_of() {
	cut -d - -f 1,2 <<<"$1"
}

# rows_of NAME...: the mappings that these rigs have, device memory first and the controls
# that every machine has last.
rows_of() {
	local key name

	for key in "${!cell[@]}" "${!want[@]}"; do
		for name; do
			[[ ${key%% *} == "$name" ]] || continue
			key=${key#* }
			case $key in
			udmabuf*)	echo "1 $key" ;;
			dax* | devdax*)	echo "2 $key" ;;
			heap* | pci_bar | vfio_bar*)
					echo "3 $key" ;;
			memfd)		echo "5 memfd" ;;
			perf_ring)	echo "6 perf_ring" ;;
			*)		echo "4 $key" ;;
			esac
			break
		done
	done | LC_ALL=C sort -u | cut -d ' ' -f 2
}

# measurement RIG MAPPING: sets seen to the cell.
measurement() {
	local key="$1 $2"

	seen=${cell[$key]:--}
	[[ ${want[$key]:-$seen} == "$seen" ]] || seen+=" (want ${want[$key]})"
}

# ending RIG: sets seen to the exit status.
ending() {
	local name=$1

	seen=${info[$name exit]:-}
	if [[ ${info[$name died]:-} ]]; then
		seen=died
	elif [[ ! $seen ]]; then
		seen='not run'
	elif [[ ${info[$name want]:-$seen} != "$seen" ]]; then
		seen+=" (want ${info[$name want]})"
	fi
	[[ ! ${info[$name complained]:-} ]] || seen+=' (dmesg)'
}

# group_table GROUP NAME...: sets rows to a line for each mapping, with a column for each
# rig.
group_table() {
	local group=$1 mapping name line seen
	shift

	line=$group
	for name; do
		name=${name#"$group"}
		line+="|${name#-}"
	done
	rows=("$line")
	while read -r mapping; do
		line=$mapping
		for name; do
			measurement "$name" "$mapping"
			line+="|$seen"
		done
		rows+=("$line")
	done < <(rows_of "$@")
	line='exit status'
	for name; do
		ending "$name"
		line+="|$seen"
	done
	rows+=("$line")
}

# Prints the errors that do not fit the table.
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

as_markdown() {
	printf '%s\n' "${rows[@]}" | sed 's/|/ | /g; s/.*/| & |/' |
		sed '1 { p; s/[^|]/-/g }'
}

# Prints the tables of all groups.
all_tables() {
	local group name members

	for group in "${groups[@]}"; do
		members=()
		for name in "${rigs[@]}"; do
			[[ $(group_of "$name") != "$group" ]] || members+=("$name")
		done
		group_table "$group" "${members[@]}"
		as_markdown
		echo
	done
}

markdown() {
	local name releases

	releases=$(for name in "${rigs[@]}"; do
		echo "${info[$name release]:-}"
	done | sort -uV | sed '/^$/d' | paste -s -d , | sed 's/,/, /g')
	echo "Made by \`./run_tests.sh --vm ${asked[*]}\` on Linux ${releases:-(none)}. A cell is" \
		"the verdict and the faults of 64 first stores."
	echo
	all_tables
	remarks | no_addresses | sed 's/^/- /'
}

# The output must not contain the mirror's address.
no_addresses() {
	sed 's,https\?://[^ ]*,the mirror,g; s, \[IP: [^]]*\],,g'
}

# Check the folder before hours of tests.
ready_report() {
	local form said

	[[ -d $top/report ]] || die "--report: $top/report is missing; it comes with the source"
	said=$(mkdir -p "$report" 2>&1) || die "--report $report cannot be made: ${said##*: }"
	for form in html txt; do
		said=$({ : >>"$report/report.$form"; } 2>&1) ||
			die "--report: $report/report.$form cannot be written: ${said##*: }"
	done
}

# The input of report/read.awk: the rigs' output without control characters.
report_input() {
	local name

	for name in "${rigs[@]}"; do
		printf '%s\n' "rig $name" "status ${info[$name status]:-}" |
			cat - "${folder[$name]}/result" 2>/dev/null | no_addresses | sed 's/^/#@/'
		cat "${folder[$name]}/output.log" 2>/dev/null || :
	done | no_controls
}

no_controls() {
	tr -d '\000-\010\013-\037\177' | tr '\200-\377' '?'
}

# present FORM: the rows of the runs on stdin, as report/screen.awk describes; status 3 if
# one is not as its rig is known to be.
present() {
	local columns=80 color=''

	if [[ -t 1 && $1 != tap ]]; then
		{ read -r _ columns < <(stty size <&3 2>/dev/null); } 3>&1 || :
		[[ ${TERM:-dumb} == dumb || ${NO_COLOR:-} ]] || color=1
	fi
	awk -v form="$1" -v columns="$columns" -v color="$color" -f "$top/report/screen.awk" \
		-f "$top/report/read.awk"
}

write_report() {
	local form last

	for form in html txt; do
		last=''
		if { report_input | awk -v form="$form" -f "$top/report/read.awk" \
				-f "$top/report/report.awk" \
				>"$report/report.$form"; } 2>"$tmp/log"; then
			last=$(tail -n 1 "$report/report.$form")
		fi
		# Not every awk reports a failed write.
		[[ $last == '</html>' || $last == 'End of the report.' ]] ||
			die "--report: $report/report.$form cannot be written: $(why)"
	done
	tell "$report/report.html has the verdicts and the evidence, for a browser"
	tell "$report/report.txt has the same as text, to send with a report of the bug"
}

# run_table: runs all of rigs[], prints the table, and sets worst.
run_table() {
	local base name rows groups live='' over=0 started=$SECONDS rc=0 job_out

	# Not /dev/stdout, which empties a file.
	exec {job_out}>/dev/null
	[[ $form != tap ]] || exec {job_out}>&1

	use_output all "$own_output"
	base=$output
	! is_live || live=1
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
	mapfile -t groups < <(for name in "${rigs[@]}"; do group_of "$name"; done |
		awk '!seen[$0]++')
	wipe
	report_input | present "${form/tap/rows}" || rc=$?
	((rc != 3)) || worst=3
	if [[ $table ]]; then
		{ markdown >"$table"; } 2>/dev/null || die "--table $table cannot be written"
	fi
}
