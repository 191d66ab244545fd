#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Mistakes of a driver, made by pfn_mkwrite_mod on request, and the tests that catch them:
# each test passes without the mistake and fails with it.
# Usage: work=DIR [ALL=1] [RIG=NAME] tests/mistakes.sh
# ALL=1 writes docs/mistakes.md.

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/mistakes
rig=${RIG:-arm64-7.3-kvm}

# MISTAKE:MAPPING:TEST[+TEST...]
mistakes=(
	read_only:mod_pfn_prot:read_only_refused
	read_only_thread:mod_pfn_prot:read_only_after_thread
	read_only_written:mod_pfn_prot:read_only_after_writer
	pgoff:mod_pfn:offset_mapping+fault_after_unmap
	bounds:mod_pfn:beyond_the_end
	moved:mod_pfn:moved_mapping
	fork:mod_pfn:fork_shares
	second:mod_pfn:page_data+other_door
	neighbour:mod_pfn_ahead:page_data
	unaligned:mod_pfn:store_unaligned+store_across_pages+store_atomic
	kernel:mod_pfn:kernel_read+kernel_recv+kernel_write
	thread:mod_pfn:threads_disjoint+threads_one_page
	exec:mod_pfn:map_executable
	locked:mod_pfn:map_flags
	advised:mod_pfn:madvise_harmless
	sometimes:mod_pfn:sixty_four_pages+memset_pages
	again:mod_pfn_notify:store_after_load
	counted:mod_pfn:counters_agree
	early:mod_mixed:pagemap_and_smaps
	opened:mod_pfn:parent_store_after_fork+moved_mapping
	smaps:mod_pfn:second_store
	unmap:mod_pfn:partial_unmap
	cleared:mod_mixed:madvise_harmless+threads_one_page
	stuck:mod_pfn:threads_unmap
	private:mod_mixed:map_private
	time:mod_pfn_notify:notified_by_time
	kernel_page:mod_page:kernel_write+kvm_guest_store
)

# The same tests without a mistake.
controls() {
	printf '%s\n' "${mistakes[@]}" | awk -F : '
		{ tests[$2] = tests[$2] (tests[$2] ? "+" : "") $3 }
		END { for (mapping in tests) print "none:" mapping ":" tests[mapping] }' | sort
}

# said ITEM: its output in the guest.
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

# Each test of a mapping fails with a mistake of the driver or of the kernel.
each_test_is_caught() {
	! comm -23 <(sed -n 's/^TEST_F(mapping, \(.*\))$/\1/p' lib/tests/*.h | sort) \
		<({
			printf '%s\n' "${mistakes[@]##*:}" | tr '+' '\n'
			sed -n 's/^Caught-by: mapping[.][^.]*[.]//p' tests/mutants/*.patch
		} | sort -u) | grep .
}

# The mistakes do no harm to the kernel.
quiet() {
	! grep '# dmesg: ' "$out"
}

# how ITEM TEST: the first failure of the test, and its explanation if there is one.
how() {
	said "$1" | awk -v test="$2" '
		index($0, ":" test ":") {
			sub("^# [^:]*:[0-9]*:[^:]*:", "")
			if (said && /^Expected/)
				exit
			text = text (said++ ? ": " : "") $0
			if (said == 2)
				exit
		}
		END { print text }' | sed 's/|/\\|/g'
}

# what MISTAKE: its description in the header of the module.
what() {
	awk -v name="@PFN_MKWRITE_WRONG_${1^^}:" '
		index($0, name) { sub(".*" name "[[:space:]]*", ""); text = $0; next }
		text && /^ \* @|^ \*\// { exit }
		text { sub("^ \\*[[:space:]]*", ""); text = text " " $0 }
		END { print text }' module/pfn_mkwrite_mod.h
}

table() {
	local item name mapping test

	cat <<-END
	# Wrong drivers

	Made by \`ALL=1 work=\$(mktemp -d) tests/mistakes.sh\`, which is a part of
	\`make check-all\`, in the guest $rig. Each row is a mistake of a driver:
	\`PFN_MKWRITE_WRONG=MISTAKE\` makes \`pfn_mkwrite_mod\` commit it. The tests pass
	without it and fail with it. The last column is the first failure.

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
check each_test_is_caught each_test_is_caught
check no_complaint quiet
[[ ! ${ALL:-} ]] || { mkdir -p docs && table >docs/mistakes.md; }
plan
