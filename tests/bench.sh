#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a first touch costs in guests with and without the fix, and what it costs to
# measure on this machine: make bench. Writes the tables to docs/performance.md; the last
# line sums up the goals. Exit status: 0 measured, 2 something could not be.
# Usage: [ROUNDS=N] [RIGS="NAME..."] [PAGES=N] tests/bench.sh [cost|guests|tables]
# ROUNDS (3) of the guests in turns and of the cost of measuring, with up to PAGES pages.
# Only one of both leaves the other as it was measured last, and tables both.
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
cd "$(dirname "$0")/.."
export PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-tests/bench.sh}
. vm/common.sh

rounds=${ROUNDS:-3}
rigs=${RIGS:-arm64-7.3-a57 arm64-fixed-a57 radeon:ttm-says-no udmabuf:udmabuf-says-no
	arm64-7.3-max-nodbm arm64-7.3-max arm64-fixed-max}
# The kernel of arm64-fixed-a57 where a driver does not ask for the fix: RIGS has of it which
# mapping, and which of tests/mutants/ makes it so.
unfixed=arm64-unfixed-a57
pages=${PAGES:-262144}
[[ $rounds =~ ^[1-9][0-9]?$ ]] || die "ROUNDS=$rounds is not a number from 1 to 99"
[[ $pages =~ ^[1-9][0-9]{0,5}$ ]] || die "PAGES=$pages is not a number of pages"

results=$cache/bench

build() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		make -j"$(nproc)" OUTPUT="$tmp/build" all
}

cost() {
	{
		echo "# pfn_mkwrite_bench -c -r $rounds -p $pages"
		"$tmp/build/pfn_mkwrite_bench" -c -r "$rounds" -p "$pages"
	} >"$tmp/cost" && cp "$tmp/cost" "$results/cost"
}

# guest RIG ROUND: the tests' exit status says nothing, for no test is run.
guest() {
	local name=$1 rig=("$1") rows=.

	case $1 in
	*:*)
		name=$unfixed rows="^(#|${1%:*} )"
		rig=(--patch "tests/mutants/${1#*:}.patch" arm64-fixed-a57) ;;
	esac
	PFN_MKWRITE_WRAP=tests/guest_bench.sh ./run_tests.sh --vm --output "$tmp/guest" \
		"${rig[@]}" >"$tmp/said" || :
	grep -v '^# rig .* expected' "$tmp/said"
	grep -qx '#@ done' "$tmp/said" && grep -E "$rows" "$tmp/said" >>"$results/$name.$2"
}

# numbers: "RIG MAPPING PAGES FAULTS STORE LOAD FAULTS UPGRADE MB/S" for each size, each
# the median of the rounds' medians.
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
			# Not measured but counted: the same each time, or all are shown.
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

# tables: of all rigs, a row for each mapping and size, in the order that they came in.
tables() {
	awk -v rigs="${measured[*]}" '
		function head(title,   i) {
			printf "### %s\n\n| mapping | pages |", title
			for (i = 1; i <= nr_rigs; i++)
				printf " %s |", rig[i]
			print " a57, fix without/with | max, DBM without/with |"
			printf "|---|--:|"
			for (i = 1; i <= nr_rigs + 2; i++)
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
				ratio(what, row[i], "arm64-unfixed-a57", "arm64-fixed-a57")
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

# second_fault MAPPING PAGES: what the cover letter of the fix needs, in a sentence.
second_fault() {
	awk -v row="$1 $2" '
		$2 " " $3 == row { store[$1] = $5; upgrade[$1] = $8; faults[$1] = $4 }
		END {
			stock = "arm64-7.3-a57"
			fixed = "arm64-fixed-a57"
			unfixed = "arm64-unfixed-a57"
			if (!store[stock])
				exit
			split(row, part, " ")
			printf "- **%s, %d page%s**: of the %.0f ns that a first touch takes on %s (%s faults a page) the second fault takes %.0f ns, %.0f %%.",
				part[1], part[2], part[2] == 1 ? "" : "s", store[stock], stock,
				faults[stock], upgrade[stock],
				100 * upgrade[stock] / store[stock]
			if (store[unfixed] && store[fixed])
				printf " On one kernel, whose driver asks for mkwrite or does not, a first touch takes %.0f ns (%s) and %.0f ns (%s), %.0f %% less.",
					store[unfixed], faults[unfixed], store[fixed],
					faults[fixed], 100 - 100 * store[fixed] / store[unfixed]
			soft = "arm64-7.3-max-nodbm"
			hard = "arm64-7.3-max"
			if (store[soft] && store[hard])
				printf " On one kernel and CPU, dirty bits by software and by hardware, it is %.0f ns and %.0f ns, %.0f %% less.",
					store[soft], store[hard],
					100 - 100 * store[hard] / store[soft]
			print ""
		}' "$tmp/numbers"
}

goals() {
	sed -n 's/^# goal \([^:]*\): .*: \(met\|not met\)$/\1: \2/p' "$results/cost"
}

page() {
	local rig name size file rounds=0

	for file in "${files[@]}"; do
		((${file##*.} <= rounds)) || rounds=${file##*.}
	done
	cat <<-END
	# What it costs

	Written by \`make bench\`. Nothing here is a test: what a machine does at the same time
	is in each number, so rigs, accesses and methods took turns, and medians are shown.

	## The second fault

	Guests of QEMU without KVM ($rounds rounds, all of them in turns): their CPU is
	emulated, so nanoseconds say nothing about a real one, and **only ratios mean
	something**. The second fault alone is what a store takes after a load of the same
	page, in the same guest; a first touch is a store to an untouched page.

	END
	for name in udmabuf radeon; do
		for size in 1 64 512; do
			second_fault "$name" "$size"
		done
	done
	cat <<-END

	## A first touch of each mapping

	Each access goes to each page of a fresh mapping once; numbers are for a page, the median
	of $rounds rounds of up to 31 fresh mappings, and faults are exact, of the fault log. udmabuf and
	radeon map more than the page that faults: there the cost of a load is shared by all
	pages, and the dirty bit's is not. In guests of 512 MB, sizes end at 32,768 pages (128 MiB)
	for udmabuf, and at 512 pages (2 MiB) for the rest, whose emulated cards have 16 MB.
	\`pfn_mkwrite_bench\` goes up to 1 GiB elsewhere.

	The fixed kernels are built with fewer options than Debian's and do everything else faster,
	too. So what the fix is worth is the ratio of two of them: $unfixed is arm64-fixed-a57 with
	\`--patch\` and the mutant under which a driver does not ask for mkwrite (\`ttm-says-no\` for
	radeon, \`udmabuf-says-no\`). The last column is one kernel on one CPU, without and with
	dirty bits by hardware; there the ratios of memfd and of the cards that take notifications
	(bochs-drm, vgem, virtio_gpu) would be 1 on a machine that does nothing else.

	END
	tables
	for rig in "${measured[@]}"; do
		sed -n 's/^# left out: //p' "$results/$rig".* | sort -u | sed "s/^/- $rig: /"
	done | awk -F ': ' '
		# What all lack is said once.
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

	By the command below, on the machine that ran it: one store to each page of a memfd,
	*fresh*, where a fault allocates and clears a page, or with the pages *there*, where it
	only maps one. The first table has the loop without and with the fault log, in one process:
	the time that it had a CPU. The second has whole commands, from start to end: *added_s* is
	what they take longer than the stores alone (*nothing*; others on the machine can make that
	negative), *KiB* their memory beside the mapping, *file_KiB* that of their files,
	*right* the pages whose faults they tell rightly (in brackets: the total that
	\`getrusage()\` or \`perf stat\` tells; the latter counts the start of the program, too).
	For \`perf\`, that is \`perf record -e page-faults -c 1 -d\` and \`perf script -F addr\`,
	which is faster than all fields, or \`perf stat -e page-faults\`; \`pagemap\` is read before
	each store, \`/proc/vmstat\` before and after.

	The percents are those of the faults of this machine. In a virtual machine whose host has
	to follow each change of a page table, a fault is dear; where it costs less, what a record
	takes (column *ns*) is a larger part of it.

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
	[[ $parts != *guests* ]] || measure_guests
	[[ -e $results/cost ]] || die "there is no cost of measuring yet: run tests/bench.sh cost"
	for rig in $(sed -E "s/[^ ]+:[^ ]+/$unfixed/g" <<<"$rigs" | xargs -n 1 | awk '!seen[$0]++'); do
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

	second_fault udmabuf 1
	second_fault radeon 1
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

parts=${*:-cost guests}
for part in $parts; do
	[[ $part =~ ^(cost|guests|tables)$ ]] || die "$part is no part: cost, guests, tables"
done
measured=() missed=0
main; finish 0
