#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module in guests: the page table agrees with each verdict, and user space does not
# get the module to misbehave. ALL=1 takes all rigs, and writes docs/module.md.
# Usage: work=DIR [ALL=1] tests/modules.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/modules
mkdir -p "$out"

# Mappings that each kernel has, at least.
least=8

agrees() {
	grep '^not ok .* truth[.]' "$1"
	(($(grep -c '^not ok .* truth[.]' "$1") == 0 &&
	  $(grep -c '^ok [0-9]* truth[.][a-z_]*[.]verdict$' "$1") >= least))
}

runs_all() {
	local all

	all=$(grep -c '^TEST_F(module, ' module/pfn_mkwrite_module.c)
	(($(grep -cE '^(not )?ok [0-9]* module[.][a-z_]*( # SKIP this kernel .*)?$' "$1") == all))
}

# Prints what fails with this rig for a reason of its own.
known_of() {
	case $1 in
	# All shared, writable PTEs are dirty.
	arm64-control-dirty)
		echo 'module.@(read_only_stays_clean|zero_page_stays_clean|dirty_ptes_recorded)' ;;
	# A page that was read keeps its clean PTE.
	arm64-core-*-write)
		echo mod_pfn_ahead.mapped_ahead_upgraded ;;
	esac
}

quiet() {
	! grep '# dmesg: ' "$1"
}

# check_rig NAME FILE: the output of one rig.
check_rig() {
	local name=$1 file=$2

	grep -q '^# rig .* exit status ' "$file" ||
		tail -n 5 "$file" | sed 's/^/#   /'
	check "$name.page_table_agrees" agrees "$file"
	check "$name.runs_all" runs_all "$file"
	check "$name.nothing_else_fails" nothing_else_fails "$file" "$(known_of "$name")"
	check "$name.quiet" quiet "$file"
}

# gcc's extra warnings and sparse. Debian 12's sparse is too old for Linux 7.3.
# shellcheck disable=SC2030,SC2154	# vm/module.sh has the variables
checked() (
	. vm/module.sh
	arch=arm64 cross=aarch64-linux-gnu-
	make_cache
	fetch_kernel "$arch" trixie linux-image-arm64 6.12
	use_debian trixie "$(<"$fetched/release")"
	mkdir -p "$out/checked"
	cp module/{Kbuild,pfn_mkwrite_mod.[ch]} "$out/checked"
	"${kmake[@]}" M="$out/checked" C=2 W=1 modules >"$out/checked.log" 2>&1
	! grep -E 'pfn_mkwrite_mod[^ ]*: (warning|error)' "$out/checked.log"
)

check sparse checked
if [[ ! ${ALL:-} ]]; then
	for name in arm64-7.3-a57 arm64-core-a57; do
		./run_tests.sh --vm --module --output "$out/$name.d" "$name" \
			>"$out/$name" 2>"$out/$name.err"
		check_rig "$name" "$out/$name"
	done
	plan
	exit
fi
mkdir -p docs
./run_tests.sh --vm --module --output "$out/all.d" --table docs/module.md all \
	>"$out/all" 2>"$out/all.err"
check all grep -q '^exit status ' "$out/all"
for file in vm/rigs/*; do
	name=${file##*/}
	if grep -q "^run_tests.sh: $name: .* is wanted, but " "$out/all.err"; then
		skip "$name" "the mirror no longer has this kernel"
	elif grep -q "^run_tests.sh: $name: modules are built for " "$out/all.err"; then
		skip "$name" "no module is built for its architecture"
	else
		check_rig "$name" "$out/all.d/$name/output.log"
	fi
done
plan
