#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measure a first touch in guests with and without the fix, and the cost of measuring on
# this machine, and write docs/performance.md: make bench. The last line sums up the goals.
# Exit status: 0 measured, 2 something could not be.
# Usage: [ROUNDS=N] [RIGS="NAME..."] [PAGES=N] tests/bench.sh [cost|runs|guests|tables]
# ROUNDS (3) of all guests in turns; PAGES is the most for the cost of measuring. One part
# alone keeps the results of the others, and tables keeps all.
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
cd "$(dirname "$0")/.."
export PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-tests/bench.sh}
. vm/common.sh

rounds=${ROUNDS:-3}
rigs=${RIGS:-arm64-stock-a57 arm64-fixed-a57 arm64-core-a57 arm64-stock-bar arm64-fixed-bar
	arm64-core-bar arm64-7.3-max-nodbm arm64-7.3-max}
pages=${PAGES:-262144}
[[ $rounds =~ ^[1-9][0-9]?$ ]] || die "ROUNDS=$rounds is not a number from 1 to 99"
[[ $pages =~ ^[1-9][0-9]{0,5}$ ]] || die "PAGES=$pages is not a number of pages"

# A whole run of these is to take at most goal_times of what a run takes whose suite prints
# one line.
run_rigs=(arm64-6.12-a57 arm64-7.3-a57)
goal_times=2.0

results=$cache/bench

build() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		make -j"$(nproc)" OUTPUT="$tmp/build" all
}

cost() {
	local sizes=(4096 "$pages") bench=$tmp/build/pfn_mkwrite_bench

	((pages > 4096)) || sizes=("$pages")
	{
		echo "# pfn_mkwrite_bench -c -r $((3 * rounds)) -p $pages"
		"$bench" -c -r $((3 * rounds)) -p "$pages" &&
			echo "# ROUNDS=$rounds bench/ways.sh ${sizes[*]}" &&
			BENCH=$bench ROUNDS=$rounds bench/ways.sh "${sizes[@]}"
	} >"$tmp/cost" && cp "$tmp/cost" "$results/cost"
}

# seconds RIG: from power-on to the end of the suite.
seconds() {
	local took

	./run_tests.sh --vm --tap --output "$tmp/guest" "$1" >"$tmp/said" || :
	took=$(sed -n 's/^# rig .* exit status .* \([0-9.]*\) s from power-on.*/\1/p' "$tmp/said")
	[[ $took ]] && echo "$took"
}

# runs: the suite against one that prints a line, in turns.
runs() {
	local round rig floor all

	mkdir -p "$tmp/one_line"
	printf '#!/bin/sh\necho ok 1 line\n' >"$tmp/one_line/run_tests.sh"
	chmod +x "$tmp/one_line/run_tests.sh"
	for ((round = 0; round < rounds; round++)); do
		for rig in "${run_rigs[@]}"; do
			floor=$(PFN_MKWRITE_SUITE=$tmp/one_line seconds "$rig") &&
				all=$(seconds "$rig") || return
			echo "$rig $floor $all"
		done
	done >"$tmp/runs" && cp "$tmp/runs" "$results/runs"
}

# The least times of all rounds: load on the machine only adds to them.
run_table() {
	local rig floor all

	echo '| rig | one line, s | the suite, s | times |'
	echo '|---|--:|--:|--:|'
	for rig in "${run_rigs[@]}"; do
		floor=$(least "$rig" 2) all=$(least "$rig" 3)
		awk -v rig="$rig" -v floor="$floor" -v all="$all" 'BEGIN {
			printf "| %s | %.1f | %.1f | %.2f |\n", rig, floor, all, all / floor
		}'
	done
}

# least RIG COLUMN
least() {
	awk -v rig="$1" -v column="$2" '$1 == rig { print $column }' "$results/runs" | sort -n |
		head -n 1
}

# The rigs with and without BARs have the same kernels.
column() {
	case $1 in
	arm64-stock-* | arm64-fixed-* | arm64-core-*) echo "${1%-*}" ;;
	*)	echo "$1" ;;
	esac
}

columns() {
	local rig

	for rig in $rigs; do
		column "$rig"
	done | awk '!seen[$0]++'
}

# guest RIG ROUND: runs no test, so the exit status does not matter.
guest() {
	local only='@(udmabuf|radeon|vgem|memfd)'

	[[ $1 != *-bar ]] || only='@(pci_bar|vfio_bar*)'
	PFN_MKWRITE_WRAP=tests/guest_bench.sh ./run_tests.sh --vm --output "$tmp/guest" \
		"$1" -- "$only" >"$tmp/said" || :
	grep -v '^# rig .* expected' "$tmp/said"
	grep -qx '#@ done' "$tmp/said" && cat "$tmp/said" >>"$results/$(column "$1").$2"
}

# numbers FILE...: "RIG MAPPING PAGES FAULTS STORE LOAD FAULTS UPGRADE MB/S" for each size,
# the medians of the medians of the rounds.
numbers() {
	awk '
		function median(values,   n, list, i, j, t) {
			n = split(values, list, " ")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && list[j - 1] + 0 > list[j] + 0; j--) {
					t = list[j]
					list[j] = list[j - 1]
					list[j - 1] = t
				}
			return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
		}
		FNR == 1 {
			rig = FILENAME
			sub(".*/", "", rig)
			sub("[.][0-9]+$", "", rig)
		}
		/^[A-Za-z0-9_-]+ +[0-9]+ +[0-9]+ +[0-9.]+ / && NF == 10 {
			key = rig " " $1 " " $2
			if (!(key in faults))
				order[++nr] = key
			# Faults are counted, so all rounds agree, or each count is shown.
			if (!index(" " faults[key] " ", " " $4 " "))
				faults[key] = faults[key] (faults[key] ? " " : "") $4
			if (!index(" " upgrade_faults[key] " ", " " $7 " "))
				upgrade_faults[key] = upgrade_faults[key] \
					(upgrade_faults[key] ? " " : "") $7
			store[key] = store[key] " " $5 + 0
			load[key] = load[key] " " $6 + 0
			upgrade[key] = upgrade[key] " " $8 + 0
			set[key] = set[key] " " $10 + 0
		}
		END {
			for (i = 1; i <= nr; i++) {
				key = order[i]
				gsub(" ", "/", faults[key])
				gsub(" ", "/", upgrade_faults[key])
				print key, faults[key], median(store[key]), median(load[key]),
					upgrade_faults[key], median(upgrade[key]), median(set[key])
			}
		}' "$@"
}

# tables: a row for each mapping and size, a column for each rig.
tables() {
	awk -v rigs="${measured[*]}" '
		function head(title,   i) {
			printf "### %s\n\n| mapping | pages |", title
			for (i = 1; i <= nr_rigs; i++)
				printf " %s |", rig[i]
			print " stock/opt-in | stock/core | opt-in/core | max, DBM without/with |"
			printf "|---|--:|"
			for (i = 1; i <= nr_rigs + 4; i++)
				printf "--:|"
			print ""
		}
		function ratio(what, row, a, b) {
			a = what[a " " row]
			b = what[b " " row]
			printf a && b ? " " sprintf("%.2f", a / b) " |" : " - |"
		}
		function table(title, count, what,   i, j, key) {
			head(title)
			for (i = 1; i <= nr; i++) {
				printf "| %s |", cells(row[i])
				for (j = 1; j <= nr_rigs; j++) {
					key = rig[j] " " row[i]
					if (!(key in what))
						printf " - |"
					else
						printf " %s%.0f |", key in count ? \
							count[key] ": " : "", what[key]
				}
				ratio(what, row[i], "arm64-stock", "arm64-fixed")
				ratio(what, row[i], "arm64-stock", "arm64-core")
				ratio(what, row[i], "arm64-fixed", "arm64-core")
				ratio(what, row[i], "arm64-7.3-max-nodbm", "arm64-7.3-max")
				print ""
			}
			print ""
		}
		function cells(text) {
			sub(" ", " | ", text)
			return text
		}
		BEGIN { nr_rigs = split(rigs, rig, " ") }
		{
			key = $1 " " $2 " " $3
			if (!seen[$2 " " $3]++)
				row[++nr] = $2 " " $3
			faults[key] = $4
			store[key] = $5
			load[key] = $6
			upgrade_faults[key] = $7
			upgrade[key] = $8
			set[key] = $9
		}
		END {
			table("A store to an untouched page: faults and ns", faults, store)
			table("A load of an untouched page: ns", none, load)
			table("A store after that load: faults and ns", upgrade_faults, upgrade)
			table("memset() of untouched memory: MB/s", none, set)
		}' "$tmp/numbers"
}

# first_touch MAPPING PAGES: the numbers for the cover letter.
first_touch() {
	awk -v row="$1 $2" '
		$2 " " $3 == row { store[$1] = $5; upgrade[$1] = $8; faults[$1] = $4 }
		function one(rig) {
			return sprintf("%.0f ns (%s faults)", store["arm64-" rig], faults["arm64-" rig])
		}
		END {
			if (!store["arm64-stock"] || !store["arm64-fixed"] || !store["arm64-core"])
				exit
			split(row, part, " ")
			printf "- **%s, %d page%s**: stock %s, opt-in %s, core %s. The core series takes %.2f of the time of the opt-in one. A store after a load: %.0f, %.0f and %.0f ns.\n",
				part[1], part[2], part[2] == 1 ? "" : "s", one("stock"),
				one("fixed"), one("core"), store["arm64-core"] / store["arm64-fixed"],
				upgrade["arm64-stock"], upgrade["arm64-fixed"], upgrade["arm64-core"]
		}' "$tmp/numbers"
}

goals() {
	sed -n 's/^# goal \([^:]*\): .*: \(met\|not met\)$/\1: \2/p' "$results/cost"
	run_table | awk -F '|' -v goal=$goal_times '
		NR > 2 { print "run: " ($5 <= goal ? "met" : "not met") }'
}

# What each way adds, for the most pages.
added() {
	awk '
		/^# goal faster/ {
			sub(/.* to /, "")
			pages = $1
			for (i = 2; i <= NF; i++) {
				if ($i == "add")
					perf = $(i + 1)
				if ($i == "log")
					log_added = $(i + 1)
			}
		}
		END {
			if (pages)
				printf "To one store to each of %d pages of a memfd, the fault log adds **%.2f s**, and\n`perf record` with `perf script` **%.2f s**.\n", pages, log_added, perf
		}' "$results/cost"
}

page() {
	local rig name size file rounds=0

	for file in "${files[@]}"; do
		((${file##*.} <= rounds)) || rounds=${file##*.}
	done
	cat <<-END
	# What it costs

	$(added)

	Written by \`make bench\`, from $rounds rounds of all rigs in turns. No test depends on it.

	## A whole run

	From power-on of a guest to the verdict: with a suite that prints one line (the kernel, its
	modules and the way out), and with this suite, in turns, and the least time of each. At
	most $goal_times times is wanted.

	$(run_table)

	## Both series

	A page, on a Cortex-A57: the kernel without a fix (arm64-stock), with the opt-in series
	(arm64-fixed), and with the core series (arm64-core). QEMU emulates the CPUs, so **only
	the ratios mean something**.

	END
	for name in udmabuf radeon pci_bar vfio_bar; do
		for size in 1 64 512; do
			first_touch "$name" "$size"
		done
	done
	cat <<-END

	## A first touch of each mapping

	Nanoseconds a page, medians of $rounds rounds of up to 31 fresh mappings, and faults a page by
	the fault log, which are exact. A fault of udmabuf or radeon maps more pages than one, so
	the cost of a load is shared by all of them, and that of a dirty bit is not.

	- The last column compares one kernel and CPU without and with dirty bits by hardware.
	- memfd and vgem are controls: nothing changes for them, so their ratios would be 1 on an
	  idle machine.
	- The guests have 512 MB, and their cards 16 MB: the largest size is 32,768 pages for
	  udmabuf and 512 for all others. Elsewhere \`pfn_mkwrite_bench\` goes up to 1 GiB.

	END
	tables
	for rig in "${measured[@]}"; do
		sed -n 's/^# left out: //p' "$results/$rig".* | sort -u | sed "s/^/- $rig: /"
	done | awk -F ': ' '
		# One line for all rigs.
		{
			rig = $1
			sub("^- [^:]*: ", "")
			if (!($0 in rigs))
				order[++nr] = $0
			sub("^- ", "", rig)
			rigs[$0] = rigs[$0] (rigs[$0] ? ", " : "") rig
			count[$0]++
			all[rig] = 1
		}
		END {
			for (rig in all)
				nr_rigs++
			print "Left out:\n"
			for (i = 1; i <= nr; i++)
				print "- " order[i] (count[order[i]] == nr_rigs ? "" : \
					" (" rigs[order[i]] ")")
		}'
	cat <<-END

	## The cost of measuring

	The time that the log and other ways to count faults add to one store to each page of a memfd.

	- \`-c\` has the same loop without and with the log, in CPU time. A fault at a *fresh* page
	  allocates and clears it; if the pages are *there*, it only maps one, as for device memory.
	  A record takes about the same time everywhere (*ns*), so its percentage depends on the
	  cost of a fault, which is high in some virtual machines.
	- \`ways.sh\` has whole commands. *added_s* is the difference of the least times of a way and
	  of the stores alone (*nothing*). *record* is \`perf record -e page-faults -c 1 -d\` and
	  \`perf script -F addr\`; it and *stat* also count the faults of the program's start.

	\`\`\`
	END
	cat "$results/cost"
	echo '```'
}

measure_guests() {
	local round rig

	rm -f "$results"/*.[0-9]*
	for ((round = 1; round <= rounds; round++)); do
		for rig in $rigs; do
			step "round $round of $rounds: $rig" guest "$rig" "$round" && continue
			tell "$rig: not measured: $(why)"
			missed=$((missed + 1))
		done
	done
}

main() {
	local rig unmeasured='' files=()

	make_cache
	mkdir -p "$results" || die "$results cannot be made"
	if [[ $parts == *cost* ]]; then
		step 'building' build || { cat "$tmp/log" >&2; die "the programs do not build"; }
		step "measuring what it costs to measure, $rounds rounds up to $pages pages" cost ||
			die "pfn_mkwrite_bench -c: $(why)"
	fi
	[[ $parts != *runs* ]] || step "whole runs, $rounds rounds" runs ||
		die "a whole run: $(why)"
	[[ $parts != *guests* ]] || measure_guests
	[[ -e $results/cost ]] || die "there is no cost of measuring yet: run tests/bench.sh cost"
	[[ -e $results/runs ]] || die "there are no whole runs yet: run tests/bench.sh runs"
	for rig in $(columns); do
		if compgen -G "$results/$rig.*" >/dev/null; then
			measured+=("$rig")
			files+=("$results/$rig".*)
		else
			unmeasured+=" $rig"
		fi
	done
	: >"$tmp/numbers"
	((${#files[@]} == 0)) || numbers "${files[@]}" >"$tmp/numbers"
	page >"$tmp/page"
	cp "$tmp/page" docs/performance.md || die "docs/performance.md cannot be written"

	first_touch udmabuf 1
	first_touch radeon 1
	goals | awk -v left="$unmeasured" -v missed="$missed" '
		{ nr++ }
		/: met$/ { met++ }
		/: not met$/ { sub(":.*", ""); if (!seen[$0]++) not_met = not_met " " $0 }
		END {
			printf "bench: %d of %d goals met", met, nr
			if (not_met)
				printf ", not:%s", not_met
			if (missed)
				printf "; %d runs of guests failed", missed
			if (left)
				printf ", all of:%s", left
			print ""
		}'
	[[ ! $unmeasured ]] || finish 2
}

parts=${*:-runs cost guests}
for part in $parts; do
	[[ $part =~ ^(cost|runs|guests|tables)$ ]] ||
		die "$part is no part: cost, runs, guests, tables"
done
measured=() missed=0
main; finish 0
