#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ./run_tests.sh --vm refuses bad input with one sentence and an exit status, and leaves
# nothing behind. Usage: work=DIR tests/bad_input.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/bad_input
mkdir -p "$out" "$out/tmp" "$out/hanging" "$out/oops" "$out/quick"
# All processes of these runs have this folder in their environment.
export TMPDIR=$out/tmp

printf '#!/bin/sh\necho "TAP version 13"\nsleep 1000\n' >"$out/hanging/run_tests.sh"
printf '#!/bin/sh\necho "<0>BUG: one, and hangs" >/dev/kmsg\necho "<0>BUG: two" >/dev/kmsg\nsleep 1000\n' \
	>"$out/oops/run_tests.sh"
printf '#!/bin/sh\necho ok 1 quick\necho 1..1\n' >"$out/quick/run_tests.sh"
chmod +x "$out"/*/run_tests.sh

# says STATUS TEXT COMMAND...: it exits with STATUS and prints one line with TEXT.
says() {
	local want=$1 text=$2 rc=0
	shift 2
	"$@" >"$out/said" 2>&1 || rc=$?
	cat "$out/said"
	((rc == want)) || { echo "status $rc, not $want"; return 1; }
	(($(grep -cE "$text" "$out/said") == 1))
}

vm() {
	./run_tests.sh --vm --output "$out/run" "$@"
}

hanging() {
	PFN_MKWRITE_SUITE=$out/hanging vm --timeout 12
}

oops() {
	PFN_MKWRITE_SUITE=$out/oops vm --timeout 12
}

not_a_kernel() {
	head -c 4096 /dev/urandom >"$out/image"
	PFN_MKWRITE_SUITE=$out/quick vm --timeout 5 --kernel "$out/image"
}

# with_rig EDIT: run a copy of the scripts with the default rig edited.
with_rig() {
	copy_source "$out/copy" &&
		sed -i "$1" "$out/copy/vm/rigs/arm64-6.12-a57" &&
		PFN_MKWRITE_SUITE=$out/quick "$out/copy/run_tests.sh" --vm --output "$out/run"
}

# An empty cache, and no mirror at that address.
no_mirror() {
	PFN_MKWRITE_CACHE=$out/empty PFN_MKWRITE_MIRROR=http://127.0.0.1:9/debian vm
}

fetch() {
	PFN_MKWRITE_CACHE=$out/$1 vm/fetch.sh package arm64 bookworm "$2"
}

# A cache that was moved after it fetched the index of the mirror.
moved() {
	fetch before kmod >/dev/null && mv "$out/before" "$out/after" &&
		fetch after busybox-static
}

# On a terminal, the size is asked for before the download.
no_package() {
	script -qec "PFN_MKWRITE_CACHE=$(printf %q "$out/after") \
		vm/fetch.sh package arm64 bookworm no-such-package" /dev/null </dev/null
}

# Not even root may write to this folder.
read_only_output() {
	PFN_MKWRITE_SUITE=$out/quick ./run_tests.sh --vm --output /proc/self/fdinfo
}

processes() {
	grep -lzs "^TMPDIR=$out/tmp" /proc/[0-9]*/environ 2>/dev/null |
		while read -r file; do
			readlink "${file%environ}exe"
		done | grep qemu-system
}

# As from a terminal: the signal goes to the process group.
interrupted() {
	local signal=$1 pid i

	# Old output looks like a guest that is up.
	rm -f "$out/said"
	set -m
	PFN_MKWRITE_SUITE=$out/hanging ./run_tests.sh --vm --output "$out/run" \
		>"$out/said" 2>&1 &
	pid=$!
	set +m
	for ((i = 0; i < 300; i++)); do
		grep -qs '^TAP version' "$out/said" && break
		sleep 0.1
	done
	[[ $(processes) ]] || { echo "no QEMU was running"; return 1; }
	kill "-$signal" -- "-$pid"
	wait "$pid"
	echo "status $?"
	! processes && [ -z "$(ls -A "$TMPDIR")" ]
}

# A patch for a missing file. It differs in each run: no cached kernel can answer instead.
wrong_patch() {
	printf '%s\n' '--- a/no/such.c' '+++ b/no/such.c' '@@ -1 +1 @@' -a "+$(date +%s%N)" \
		>"$out/wrong.patch"
	vm --patch "$out/wrong.patch" arm64-core-a57
}

# Filters in a guest that has cards and huge pages. Below the status of each command are
# its results and errors.
filters() {
	local wrap=$out/filters
	mkdir -p "$wrap"
	cat >"$wrap/run_tests.sh" <<-'END'
		#!/bin/sh
		run() {
			"$@" >/tmp/said 2>&1
			echo "# status $? $*"
			grep -v '^# ' /tmp/said | sed 's/^/#   /'
		}
		cd suite || exit
		unset PFN_MKWRITE_ONLY PFN_MKWRITE_SKIP
		echo always >/sys/kernel/mm/transparent_hugepage/shmem_enabled
		run env PFN_MKWRITE_DRM=typo ./pfn_mkwrite_drm
		run env PFN_MKWRITE_DRM=typo ./run_tests.sh
		run env PFN_MKWRITE_ONLY=vgem-huge ./pfn_mkwrite_drm -t second_store
		run env PFN_MKWRITE_ONLY='*-huge' ./run_tests.sh -t second_store
		run ./run_tests.sh -v memfd -v typo -v vgem
		run ./run_tests.sh -V vgem -r vdso.vvar.store_refused
		for dir in /sys/bus/pci/devices/*; do
			run env PFN_MKWRITE_VFIO="${dir##*/}" ./run_tests.sh
			run env PFN_MKWRITE_BAR="$dir/resource" ./run_tests.sh
			break
		done
		echo ok 1 filters
		echo 1..1
	END
	chmod +x "$wrap/run_tests.sh"
	PFN_MKWRITE_WRAP=$wrap vm arm64-7.3-a57 >"$out/filters.said" 2>&1
	cat "$out/filters.said"
	grep '^ok 1 filters$' "$out/filters.said"
}

# guest_said STATUS COMMAND LINE...: the results and errors of COMMAND are these lines.
guest_said() {
	diff <(printf '#   %s\n' "${@:3}") <(awk -v command="# status $1 $2" '
		/^# status / || !/^#   / { said = $0 == command; next }
		said' "$out/filters.said")
}

known=$(cd vm/rigs && echo *)
me='^run_tests.sh: '

check unknown_rig says 2 "${me}arm64-2.4-a57 is not a rig; there are: $known\$" \
	vm arm64-2.4-a57
check unknown_option says 2 "${me}--fast is not an option" vm --fast
check no_kernel_file says 2 "${me}--kernel /nonexistent is not a file" \
	vm --kernel /nonexistent
check no_modules says 2 "${me}--modules /nonexistent is not a folder" \
	vm --kernel run_tests.sh --modules /nonexistent
check bad_timeout says 2 "${me}--timeout soon is not a number" vm --timeout soon
check read_only_output says 2 "${me}the output folder .* cannot be written to" \
	read_only_output
check too_little_memory says 2 "${me}rig .* needs [0-9]* MB of memory, and [0-9]* MB are" \
	with_rig 's/^memory .*/memory 999999999/'
check no_mirror says 2 "${me}the index of Debian trixie cannot be had from http://127" \
	no_mirror
check moved says 0 "^$out/after/packages/arm64-bookworm/busybox-static\$" moved
check no_package says 2 'vm/fetch.sh: no-such-package cannot be fetched: E: Unable to locate' \
	no_package
check moved_on says 2 "${me}arm64 kernel 6.66 is wanted, but trixie now has " \
	with_rig 's/^version .*/version 6.66/'
check not_a_kernel says 1 'died: .*; the console is in .*/console.log' not_a_kernel
check hanging says 1 'died: the guest did not finish within the time limit of 12 s' hanging
check oops says 1 'died: .* time limit of 12 s, and its kernel had said: BUG: one, and hangs; 0' oops
check patch_of_no_use says 2 "${me}--patch is of no use to rig arm64-6.12-a57" \
	vm --patch README.md arm64-6.12-a57
check no_patch_file says 2 "${me}--patch /nonexistent is not a file" \
	vm --patch /nonexistent arm64-core-a57
check patch_does_not_apply says 2 \
	"${me}the sources of linux-7.3 cannot be made ready: E: wrong.patch does not apply" \
	wrong_patch
check filters filters
cards='bochs-drm radeon vgem virtio_gpu'
device=/sys/bus/pci/devices/0000:00:00.0
check filter_card guest_said 2 'env PFN_MKWRITE_DRM=typo ./pfn_mkwrite_drm' \
	"PFN_MKWRITE_DRM=typo matches no card; there are: $cards"
check filter_card.all guest_said 2 'env PFN_MKWRITE_DRM=typo ./run_tests.sh' \
	"run_tests.sh: PFN_MKWRITE_DRM=typo matches no card; there are: $cards"
check filter_only guest_said 0 \
	'env PFN_MKWRITE_ONLY=vgem-huge ./pfn_mkwrite_drm -t second_store' \
	'TAP version 13' 1..1 'ok 1 mapping.vgem-huge.second_store'
check filter_only.all guest_said 0 'env PFN_MKWRITE_ONLY=*-huge ./run_tests.sh -t second_store' \
	'TAP version 13' 1..3 'ok 1 mapping.bochs-drm-huge.second_store' \
	'ok 2 mapping.vgem-huge.second_store' 'ok 3 mapping.virtio_gpu-huge.second_store'
check filter_mapping guest_said 2 './run_tests.sh -v memfd -v typo -v vgem' \
	'run_tests.sh: -v typo matches nothing; -l lists all tests'
check filter_one_program guest_said 0 './run_tests.sh -V vgem -r vdso.vvar.store_refused' \
	'TAP version 13' 1..1 'ok 1 vdso.vvar.store_refused'
check filter_vfio guest_said 2 'env PFN_MKWRITE_VFIO=0000:00:00.0 ./run_tests.sh' \
	"run_tests.sh: PFN_MKWRITE_VFIO=0000:00:00.0 has the driver (none); bind it to vfio-pci"
check filter_bar guest_said 2 "env PFN_MKWRITE_BAR=$device/resource ./run_tests.sh" \
	"run_tests.sh: PFN_MKWRITE_BAR=$device/resource is no resource file of a PCI device"
check ctrl_c interrupted INT
check terminated interrupted TERM
check list says 0 '^arm64-7.3-max-nodbm .* radeon ignored 68' ./run_tests.sh --list
check nothing_left [ -z "$(ls -A "$TMPDIR")" ]
plan
