#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The time that the fault log, perf stat, and perf record with perf script add to one store to
# each page of a memfd: whole commands, in turns, and the least time of each, since load on
# the machine only adds to it.
# Usage: [ROUNDS=N] [BENCH=FILE] bench/ways.sh [PAGES...]
# exit status: 0 measured, 2 could not run

set -euo pipefail
top=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
# shellcheck source=../vm/common.sh
. "$top/vm/common.sh"

me=${PFN_MKWRITE_ME:-bench/ways.sh}
bench=${BENCH:-$top/pfn_mkwrite_bench}
rounds=${ROUNDS:-3}
declare -A failed=()

# run COMMAND...: a signal to this script ends it.
run() {
	"$@" 2>"$tmp/err" &
	worker=$!
	wait $worker || return
	worker=
}

# count WAY PAGES
count() {
	local perf=(-e page-faults -o "$tmp/perf" -- "$bench" -p "$2" -w nothing)

	case $1 in
	record)	run perf record -q -c 1 -d "${perf[@]}" &&
			run perf script -F addr -i "$tmp/perf" ;;
	stat)	run perf stat -x, "${perf[@]}" ;;
	*)	run "$bench" -p "$2" -w "$1" ;;
	esac >"$tmp/said"
}

# faults WAY: that count() has seen, of all pages or of the whole command.
faults() {
	case $1 in
	record)	wc -l <"$tmp/said" ;;
	stat)	sed -n 's/,.*page-faults.*//p' "$tmp/perf" ;;
	log)	cut -d ' ' -f 1 "$tmp/said" ;;
	*)	echo - ;;
	esac
}

# measure PAGES: prints a row for each way. The memory of the log goes to a file.
measure() {
	local round way start

	for ((round = 0; round < rounds; round++)); do
		for way in nothing log stat record; do
			[[ ! ${failed[$way]:-} ]] || continue
			start=${EPOCHREALTIME/./}
			if count $way "$1"; then
				echo "$way $((${EPOCHREALTIME/./} - start)) $(faults $way)" \
					>>"$tmp/rows.$1"
				[[ $way != log ]] || cut -d ' ' -f 2 "$tmp/said" >"$tmp/kb.$1"
			else
				failed[$way]=1
				echo "# left out: $way: $(sed 's/^.*: line [0-9]*: //' "$tmp/err" | tail -n 1)"
			fi
		done
	done
	awk -v pages="$1" '
		!($1 in least)		{ way[++nr] = $1 }
		!($1 in least) || $2 < least[$1] { least[$1] = $2 }
		{ faults[$1] = $3 }
		END {
			for (i = 1; i <= nr; i++) {
				added[way[i]] = (least[way[i]] - least["nothing"]) / 1e6
				printf "%-8s %7d %8.3f %8.3f %9s\n", way[i], pages,
					least[way[i]] / 1e6, added[way[i]], faults[way[i]]
			}
			if ("record" in added && "log" in added)
				printf "# goal faster: to %d pages perf record and script add %.3f s and the log %.3f s, 5 times less wanted: %s\n",
					pages, added["record"], added["log"],
					added["record"] >= 5 * added["log"] ? "met" : "not met"
		}' "$tmp/rows.$1"
}

(($#)) || set -- 4096 262144
[[ $rounds =~ ^[1-9][0-9]?$ ]] || die "ROUNDS=$rounds is not a number from 1 to 99"
for pages; do
	[[ $pages =~ ^[1-9][0-9]{0,5}$ ]] || die "$pages is not a number of pages"
done
[[ -x $bench ]] || die "there is no $bench: run make, or name one with BENCH="
make_tmp
printf '%-8s %7s %8s %8s %9s\n' way pages seconds added_s faults
for pages; do
	measure "$pages"
done
if (($# > 1)) && [[ -s $tmp/kb.$1 && -s $tmp/kb.$pages ]]; then
	first=$(<"$tmp/kb.$1") last=$(<"$tmp/kb.$pages")
	echo "# goal bounded: beside the mapping, the process with the log has $first KiB with $1 pages and $last KiB with $pages, at most 256 more wanted:" \
		"$( ((last - first <= 256)) && echo met || echo 'not met')"
fi
finish 0
