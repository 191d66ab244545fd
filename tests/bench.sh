#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measure a first touch in guests with and without the fix, and the cost of measuring on
# this machine, and write docs/performance.md: make bench. The last line sums up the goals.
# Exit status: 0 measured, 2 something could not be.
# Usage: [ROUNDS=N] [RIGS="NAME..."] [PAGES=N] tests/bench.sh [cost|guests|tables]
# ROUNDS (3) of all guests in turns; PAGES is the most for the cost of measuring. One part
# alone keeps the results of the other, and tables keeps both.
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
cd "$(dirname "$0")/.."
export PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-tests/bench.sh}
. vm/common.sh

rounds=${ROUNDS:-3}
rigs=${RIGS:-arm64-7.3-a57 arm64-fixed-a57 radeon:ttm-says-no udmabuf:udmabuf-says-no
	arm64-7.3-max-nodbm arm64-7.3-max arm64-fixed-max}
# MAPPING:MUTANT in RIGS is the kernel of arm64-fixed-a57 with a patch of tests/mutants/,
# so that the driver of this mapping does not ask for the fix.
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
	local sizes=(4096 "$pages") bench=$tmp/build/pfn_mkwrite_bench

	((pages > 4096)) || sizes=("$pages")
	{
		echo "# pfn_mkwrite_bench -c -r $((3 * rounds)) -p $pages"
		"$bench" -c -r $((3 * rounds)) -p "$pages" &&
			echo "# ROUNDS=$rounds bench/ways.sh ${sizes[*]}" &&
			BENCH=$bench ROUNDS=$rounds bench/ways.sh "${sizes[@]}"
	} >"$tmp/cost" && cp "$tmp/cost" "$results/cost"
}

# guest RIG ROUND: runs no test, so the exit status does not matter.
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

# second_fault MAPPING PAGES: the numbers for the cover letter of the fix.
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
			printf "- **%s, %d page%s**: the second fault takes %.0f of the %.0f ns of a first touch on %s (%s faults a page), %.0f %%.",
				part[1], part[2], part[2] == 1 ? "" : "s", upgrade[stock], store[stock],
				stock, faults[stock], 100 * upgrade[stock] / store[stock]
			if (store[unfixed] && store[fixed])
				printf " The fix takes it from %.0f ns (%s) to %.0f ns (%s), by %.0f %%.",
					store[unfixed], faults[unfixed], store[fixed],
					faults[fixed], 100 - 100 * store[fixed] / store[unfixed]
			soft = "arm64-7.3-max-nodbm"
			hard = "arm64-7.3-max"
			if (store[soft] && store[hard])
				printf " Dirty bits by hardware take it from %.0f ns to %.0f ns, by %.0f %%.",
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

	Written by \`make bench\`, from $rounds rounds of all rigs in turns. No test depends on it.

	## The second fault

	The second fault is a store after a load of the same page; a first touch is a store to an
	untouched page. QEMU emulates the CPUs of the guests, so **only the ratios mean something**.

	END
	for name in udmabuf radeon; do
		for size in 1 64 512; do
			second_fault "$name" "$size"
		done
	done
	cat <<-END

	## A first touch of each mapping

	Nanoseconds a page, medians of $rounds rounds of up to 31 fresh mappings, and faults a page by
	the fault log, which are exact. A fault of udmabuf or radeon maps more pages than one, so
	the cost of a load is shared by all of them, and that of a dirty bit is not.

	- $unfixed is the kernel of arm64-fixed-a57 with one mutant, under which a driver does not
	  ask for mkwrite: \`ttm-says-no\` for radeon, \`udmabuf-says-no\`. The ratio of these two is
	  the worth of the fix. Debian's kernels have more options, and take longer for everything.
	- The last column compares one kernel and CPU without and with dirty bits by hardware. It
	  would be 1 on an idle machine for memfd and for the cards that are notified (bochs-drm,
	  vgem, virtio_gpu).
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
	  of the stores alone (*nothing*), *file_KiB* the size of perf.data, *exact* the pages whose
	  faults a way tells rightly, or in brackets the total. record+script is \`perf record -e
	  page-faults -c 1 -d\` and \`perf script -F addr\`; stat also counts the faults of the
	  program's start; pagemap is read before each store, vmstat before and after.

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
