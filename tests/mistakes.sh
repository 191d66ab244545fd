#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Plausible mistakes of a driver, made by pfn_mkwrite_mod on request, and the assertions
# that have to catch them: each passes without the mistake and fails with it.
# Usage: work=DIR [ALL=1] [RIG=NAME] tests/mistakes.sh
# ALL=1 writes docs/mistakes.md.

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/mistakes
rig=${RIG:-arm64-7.3-a57}

# MISTAKE:MAPPING:TEST[+TEST...]
mistakes=(
	read_only:mod_pfn_prot:read_only_refused
	read_only_thread:mod_pfn_prot:read_only_after_thread
	read_only_written:mod_pfn_prot:read_only_after_writer
	pgoff:mod_pfn:offset_mapping+fault_after_unmap
	bounds:mod_pfn:beyond_the_end
	moved:mod_pfn:moved_mapping
	unmap:mod_pfn:partial_unmap
	fork:mod_pfn:fork_shares
	second:mod_pfn:page_data+other_door
	neighbour:mod_pfn_ahead:page_data
	unaligned:mod_pfn:store_unaligned+store_across_pages+store_atomic
	kernel:mod_pfn:kernel_read+kernel_recv
	thread:mod_pfn:threads_disjoint+threads_one_page
	exec:mod_pfn:map_flags
	advised:mod_pfn:madvise_harmless
	sometimes:mod_pfn:sixty_four_pages+memset_pages
	stuck:mod_pfn:threads_unmap
	private:mod_mixed:map_private
	time:mod_pfn_notify:notified_by_time
	again:mod_pfn_notify:store_after_load
)

# The same tests of each mapping without a mistake.
controls() {
	printf '%s\n' "${mistakes[@]}" | awk -F : '
		{ tests[$2] = tests[$2] (tests[$2] ? "+" : "") $3 }
		END { for (mapping in tests) print "none:" mapping ":" tests[mapping] }' | sort
}

# said ITEM: what the guest printed for it.
said() {
	awk -v item="#@ $1" '/^#@ / { inside = ($0 == item); next } inside' "$out"
}

result_of() {
	said "$1" | sed -n "s/^\(ok\|not ok\) [0-9]* mapping[.]$2\( # SKIP.*\)\?\$/\1\2/p"
}

control_of() {
	local item

	for item in "${none[@]}"; do
		[[ $item != "none:$1:"* ]] || result_of "$item" "$1.$2"
	done
}

caught() {
	local item=$1 mapping test bad=0

	mapping=$(cut -d : -f 2 <<<"$item")
	for test in $(tr '+' ' ' <<<"${item##*:}"); do
		[[ $(control_of "$mapping" "$test") == ok ]] || {
			echo "$test does not pass without it: $(control_of "$mapping" "$test")"
			bad=1
		}
		[[ $(result_of "$item" "$mapping.$test") == 'not ok' ]] || {
			echo "$test does not catch it: $(result_of "$item" "$mapping.$test")"
			bad=1
		}
	done
	((bad == 0)) || said "$item" | grep -v ' RUN \| OK '
	return $bad
}

# A mistake may be wrong, but it harms nobody else.
quiet() {
	! grep '# dmesg: ' "$out"
}

# The first thing that a test said when it failed.
how() {
	said "$1" | awk -v test="$2" '
		index($0, ":" test ":") || (/Expected|equal/ && !/RUN/) {
			sub("^# [^:]*:[0-9]*:[^:]*:", "")
			print
			exit
		}' | sed 's/|/\\|/g'
}

# What is wrong, in the words of the header of the module.
what() {
	awk -v name="@PFN_MKWRITE_WRONG_${1^^}:" '
		index($0, name) { sub(".*" name "[[:space:]]*", ""); text = $0; next }
		text && /^ \* @|^ \*\// { exit }
		text { sub("^ \\*[[:space:]]*", ""); text = text " " $0 }
		END { print text }' pfn_mkwrite_mod/pfn_mkwrite_mod.h
}

table() {
	local item name mapping test

	cat <<-END
	# Wrong drivers

	Made by \`ALL=1 work=\$(mktemp -d) tests/mistakes.sh\`, which is a part of
	\`make check-all\`, in the guest $rig. Each row is a mistake that
	\`pfn_mkwrite_mod\` makes when \`PFN_MKWRITE_WRONG\` asks for it. The assertions
	pass without it and fail with it; what the first one said is in the last column.

	| mistake | what is wrong | mapping | caught by | how |
	|---|---|---|---|---|
	END
	for item in "${mistakes[@]}"; do
		name=${item%%:*} mapping=$(cut -d : -f 2 <<<"$item")
		test=${item##*:}
		echo "| $name | $(what "$name") | $mapping | \`${test//+/\`, \`}\` |" \
			"$(how "$item" "${test%%+*}") |"
	done
}

mapfile -t none < <(controls)
PFN_MKWRITE_WRAP=tests/guest_mistakes.sh ./run_tests.sh --vm --module --output "$out.d" \
	"$rig" -- "${none[@]}" "${mistakes[@]}" >"$out" 2>"$out.err"
check complete grep -qx '#@ done' "$out" || tail -n 5 "$out" "$out.err"
for item in "${mistakes[@]}"; do
	name=${item#*:}
	check "${item%%:*}.${name%%:*}" caught "$item"
done
check no_complaint quiet
[[ ! ${ALL:-} ]] || { mkdir -p docs && table >docs/mistakes.md; }
plan
