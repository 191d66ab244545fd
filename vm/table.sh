# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Several guests at a time, and the table of their results. Sourced by vm/run.sh, which
# runs once for each rig as well.
# shellcheck disable=SC2034,SC2154	# variables of vm/run.sh

declare -A job_of status_of

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
	status_of[${job_of[$ended]}]=$rc
	folder[${job_of[$ended]}]=$base/${job_of[$ended]}
}

markdown() {
	local name releases

	releases=$(for name in "${rigs[@]}"; do
		sed -n 's/^release //p' "${folder[$name]}/result" 2>/dev/null || :
	done | sort -uV | paste -s -d , | sed 's/,/, /g')
	echo "Made by \`./run_tests.sh --vm ${asked[*]}\` on Linux ${releases:-(none)}. A cell is" \
		"the verdict and the faults of 64 first stores."
	echo
	report_input | present markdown || (($? == 3))
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
		printf '%s\n' "rig $name" "status ${status_of[$name]:-}" |
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
	local base name live='' over=0 started=$SECONDS rc=0 job_out

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
		worse "${status_of[$name]}"
	done
	wipe
	report_input | present "${form/tap/rows}" || rc=$?
	((rc != 3)) || worst=3
	if [[ $table ]]; then
		{ markdown >"$table"; } 2>/dev/null || die "--table $table cannot be written"
	fi
}
