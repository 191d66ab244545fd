#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fault log against perf record with perf script, perf stat, /proc/self/pagemap and
# /proc/vmstat: each counts the faults of one store to each page of a memfd, in turns.
# Times are those of whole commands. Load on the machine only adds to them, so added_s is
# the difference of the least times of a way and of the stores alone. exact is the pages
# whose faults a way tells rightly, or the total in brackets.
# Usage: [ROUNDS=N] [BENCH=FILE] bench/ways.sh [PAGES...]
# exit status: 0 measured, 2 could not run

set -euo pipefail
top=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
# shellcheck source=../vm/common.sh
. "$top/vm/common.sh"

me=${PFN_MKWRITE_ME:-bench/ways.sh}
bench=${BENCH:-$top/pfn_mkwrite_bench}
rounds=${ROUNDS:-3}
ways=(nothing log record+script stat pagemap vmstat)
# Times that perf record and script add more than the log, and KiB that the log may take
# more for the most pages than for the fewest.
goal_times=5
goal_kb=256

# run COMMAND...: a signal to this script ends it.
run() {
	"$@" 2>"$tmp/err" &
	worker=$!
	wait $worker || return
	worker=
}

# count WAY PAGES
count() {
	local stores=("$bench" -p "$2" -w) perf=(-e page-faults -o "$tmp/perf")

	case $1 in
	record+script)
		run perf record -q -c 1 -d "${perf[@]}" -- "${stores[@]}" nothing &&
			run perf script -F addr -i "$tmp/perf" >"$tmp/script" ;;
	stat)	run perf stat -x, "${perf[@]}" -- "${stores[@]}" nothing ;;
	*)	run "${stores[@]}" "$1" ;;
	esac >"$tmp/said"
}

# told WAY PAGES: the column "exact".
told() {
	local start right page_size

	read -r start right _ <"$tmp/said"
	page_size=$(getconf PAGESIZE)
	case $1 in
	nothing) echo - ;;
	stat)	awk -F , '/page-faults/ { print "(" $1 ")" }' "$tmp/perf" ;;
	record+script)
		awk -v start="${start#0x}" -v size="$((page_size * $2))" '
			function number(hex,   i, n) {
				for (i = 1; i <= length(hex); i++)
					n = 16 * n + index("123456789abcdef", substr(hex, i, 1))
				return n
			}
			{ seen[$1]++ }
			END {
				start = number(start)
				for (addr in seen)
					right += seen[addr] == 1 && number(addr) >= start &&
						number(addr) < start + size
				print right + 0
			}' "$tmp/script" ;;
	*)	echo "$right" ;;
	esac
}

# measure WAY PAGES: adds a line "microseconds file_KiB told KiB" to a file.
measure() {
	local start=${EPOCHREALTIME/./} took file_kb=0

	rm -f "$tmp/perf"
	count "$1" "$2" || return
	took=$((${EPOCHREALTIME/./} - start))
	[[ ! -e $tmp/perf ]] || file_kb=$(($(stat -c %s "$tmp/perf") / 1024))
	echo "$took $file_kb $(told "$1" "$2") $(awk '{ print $3 }' "$tmp/said")" >>"$tmp/$1.$2"
}

# print_rows PAGES: of all ways.
print_rows() {
	local way

	for way in "${ways[@]}"; do
		[[ ! -s $tmp/$way.$1 ]] || sort -n "$tmp/$way.$1" | awk -v way="$way" -v pages="$1" '
			{ us[NR] = $1; file_kb = $2 }
			NR == 1 || $3 < told { told = $3 }
			END {
				print way, pages, NR, us[int((NR + 1) / 2)] / 1e6, us[1] / 1e6,
					us[NR] / 1e6, file_kb, told
			}'
	done | awk -v times=$goal_times '
		{ added = $5 - alone }
		$1 == "nothing" { alone = $5; added = 0 }
		$1 == "log" { log_added = added }
		$1 == "record+script" { perf_added = added; compared = 1 }
		{
			printf "%-13s %7d %6d %-20s %8.3f %8d %9s\n", $1, $2, $3, sprintf( \
				"%.3f[%.3f..%.3f]", $4, $5, $6), added, $7, $8
		}
		END {
			if (!compared)
				exit
			printf "# goal faster: to %d pages perf record and script add %.3f s and the log %.3f s, %d times less wanted: %s\n", \
				$2, perf_added, log_added, times, \
				(perf_added >= times * log_added ? "met" : "not met")
		}'
}

main() {
	local round way pages i nr=${#ways[@]} first last

	make_tmp
	echo "# ways to count the faults of one store to each page of a memfd"
	echo "# median[least..most]"
	printf '%-13s %7s %6s %-20s %8s %8s %9s\n' way pages rounds seconds added_s file_KiB exact
	for pages; do
		for ((round = 0; round < rounds; round++)); do
			for ((i = 0; i < nr; i++)); do
				way=${ways[(round + i) % nr]}
				[[ ! -e $tmp/$way.failed ]] || continue
				measure "$way" "$pages" && continue
				cp "$tmp/err" "$tmp/$way.failed"
				echo "# left out: $way: $(sed 's/^.*: line [0-9]*: //' "$tmp/err" | tail -n 1)"
			done
		done
		print_rows "$pages"
	done
	(($# > 1)) && [[ -s $tmp/log.$1 && -s $tmp/log.$pages ]] || return 0
	first=$(awk '{ print $4; exit }' "$tmp/log.$1")
	last=$(awk '{ print $4; exit }' "$tmp/log.$pages")
	echo "# goal bounded: beside the mapping, the process with the log has $first KiB with $1 pages and $last KiB with $pages, at most $goal_kb more wanted:" \
		"$( ((last - first <= goal_kb)) && echo met || echo 'not met')"
}

(($#)) || set -- 4096 262144
[[ $rounds =~ ^[1-9][0-9]?$ ]] || die "ROUNDS=$rounds is not a number from 1 to 99"
for pages; do
	[[ $pages =~ ^[1-9][0-9]{0,5}$ ]] || die "$pages is not a number of pages"
done
[[ -x $bench ]] || die "there is no $bench: run make, or name one with BENCH="
main "$@"
finish 0
