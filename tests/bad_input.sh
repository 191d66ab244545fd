#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ./run_tests.sh --vm and make refuse bad input with one sentence and an exit status, and
# leave nothing behind. Usage: work=DIR tests/bad_input.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/bad_input
mkdir -p "$out" "$out/tmp" "$out/hanging" "$out/oops" "$out/quick" "$out/picked"
# All processes of these runs have this folder in their environment.
export TMPDIR=$out/tmp

printf '#!/bin/sh\necho "TAP version 13"\nsleep 1000\n' >"$out/hanging/run_tests.sh"
printf '#!/bin/sh\necho "<0>BUG: one, and hangs" >/dev/kmsg\necho "<0>BUG: two" >/dev/kmsg\nsleep 1000\n' \
	>"$out/oops/run_tests.sh"
printf '#!/bin/sh\necho ok 1 quick\necho 1..1\n' >"$out/quick/run_tests.sh"
cat >"$out/picked/run_tests.sh" <<-'END'
	#!/bin/sh
	echo "# $PFN_MKWRITE_DRM,$PFN_MKWRITE_ONLY,$PFN_MKWRITE_SKIP"
	echo ok 1 picked
	echo 1..1
END
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

# refused SENTENCE COMMAND...: status 2, and nothing but the sentence. Works with make.
refused() {
	local want=$1 rc=0
	shift
	"$@" >"$out/said" 2>&1 || rc=$?
	echo "status $rc"
	((rc == 2)) && diff "$out/said" <(echo "$want")
}

# refused_by_make SENTENCE ARGUMENT...
refused_by_make() {
	local want=$1
	shift
	! make -s "$@" >"$out/said" 2>&1 && diff <(head -n 1 "$out/said") <(echo "$want") &&
		[[ $(tail -n +2 "$out/said") =~ ^'make: *** ['[^$'\n']*$ ]]
}

# kernel NAME OFFSET BYTES: a file that has no more of a kernel than its magic number.
kernel() {
	head -c 4096 /dev/zero >"$out/$1"
	printf '%b' "$3" | dd of="$out/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# zboot NAME COMPRESSION COMMAND...: an EFI image with the kernel NAME compressed.
zboot() {
	local name=$1.$2 size

	"${@:3}" <"$out/$1" >"$out/payload"
	size=$(printf %08x "$(stat -c %s "$out/payload")")
	kernel "$name" 0 'MZ\0\0zimg\0\020\0\0'"\\x${size:6:2}\\x${size:4:2}\\x${size:2:2}\\x${size::2}"
	printf %s "$2" | dd of="$out/$name" bs=1 seek=24 conv=notrunc 2>/dev/null
	cat "$out/payload" >>"$out/$name"
}

# Debian's kernel with its modules, packed as other distributions do.
boots_zboot() (
	. vm/fetch.sh
	fetch_kernel arm64 trixie-backports linux-image-arm64 7.3 &&
		cp "$fetched/vmlinuz" "$out/debian" && zboot debian gzip gzip -1 &&
		PFN_MKWRITE_SUITE=$out/quick vm --kernel "$out/debian.gzip" \
			--modules "$fetched/modules" arm64-7.3-a57 >"$out/said"
	cat "$out/said"
	grep '^ok 1 quick$' "$out/said"
)

# What the user picks holds in the guest, beside what the rig leaves out.
# picked ONLY SKIP
picked() {
	PFN_MKWRITE_SUITE=$out/picked PFN_MKWRITE_DRM=radeon PFN_MKWRITE_ONLY=$1 \
		PFN_MKWRITE_SKIP="it's" vm arm64-6.12-a57 >"$out/said" && cat "$out/said" &&
		grep -xF "# radeon,$1,$2" "$out/said" &&
		! grep -E 'not measured|mappings as expected' "$out/said" &&
		grep -E "^command PFN_MKWRITE_DRM=radeon .*PFN_MKWRITE_SKIP=it\\\\'s ./run_tests.sh --vm" \
			"$out/run/result"
}

# --image says how to boot what it wrote.
image() {
	local boot fd rc

	PFN_MKWRITE_SUITE=$out/quick vm --image "$out/an image" arm64-6.12-a57 2>"$out/err" \
		>"$out/said" || return
	cat "$out/said" "$out/err"
	boot=$(sed -n 's/^    //p' "$out/err")
	[[ $boot == qemu-system-aarch64* ]] && (($(wc -l <"$out/err") == 2)) || return
	# Without a virtio port, the results are on the console.
	exec {fd}< <(eval "exec timeout 60 $boot" </dev/null 2>&1)
	grep -a -m 1 '^ok 1 quick' <&"$fd"
	rc=$?
	kill $!
	exec {fd}<&-
	return $rc
}

# In 80 columns, and each rig in a line of its own.
list() {
	./run_tests.sh --list >"$out/said" && ! grep -E '.{81}' "$out/said" &&
		grep -x 'RIG  *LINUX  *CPU' "$out/said" &&
		grep -A 1 '^arm64-7.3-max-nodbm  *7.3  *max.*hafdbs=0$' "$out/said" |
			grep -x '  ignored udmabuf 65, radeon 68; notify .*' &&
		diff <(awk '/^RIG/ { rigs = 1; next } rigs && /^[^ ]/ { print $1 }' "$out/said") \
			<(ls vm/rigs)
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

me='^run_tests.sh: '

head -c 4096 /dev/urandom >"$out/random"
kernel arm64 $((0x38)) 'ARM\x64'
kernel riscv64 $((0x38)) 'RSC\x05'
kernel armhf $((0x24)) '\x18\x28\x6f\x01'
kernel amd64 $((0x202)) HdrS
gzip -c "$out/arm64" >"$out/arm64.gz"
zboot arm64 zstd22 zstd -q
zboot arm64 xzkern xz
while IFS='|' read -r words sentence; do
	eval "set -- $words"
	check "words: $words" refused "run_tests.sh: $(eval "echo \"$sentence\"")" \
		./run_tests.sh --vm "$@"
done <<'END'
arm64-7.3-a58|arm64-7.3-a58 is not known; the nearest: arm64-7.3-a57, arm64-6.1-a57, arm64-7.3-bar; --help and --list show what there is
arm64-7.3-a57 foo|foo is not known; --help and --list show what there is
radeon|radeon is a mapping of a guest: ./run_tests.sh --vm arm64-7.3-a57 -- -v radeon
memfd arm64-7.3-a57|memfd is a mapping: ./run_tests.sh --vm -- -v memfd
first_store|first_store is a test: ./run_tests.sh --vm -- -t first_store
''|one of the arguments is empty
'two words'|two words is not known; --help and --list show what there is
../rigs/arm64-7.3-a57|../rigs/arm64-7.3-a57 is not known; --help and --list show what there is
--vm|--vm is an option: ./run_tests.sh --vm
-x|-x is not an option; --help and --list show what there is
--kernl x|--kernl is not an option; the nearest: --kernel; --help and --list show what there is
--verbose|--verbose is not an option; the nearest: -v; --help and --list show what there is
--kernel=x|--kernel=x is an option of --vm: ./run_tests.sh --vm --kernel x
--help foo|foo is not known; --help and --list show what there is
--list foo|foo is not known; --help and --list show what there is
--explain radeon|--explain is for the tests in the guest: ./run_tests.sh --vm -- --explain radeon
-t first_store|-t is for the tests in the guest: ./run_tests.sh --vm -- -t first_store
-- radeon|radeon is a mapping of a guest: ./run_tests.sh --vm arm64-7.3-a57 -- -v radeon
-- --vm|--vm is an option: ./run_tests.sh --vm
-- -t|-t needs a name; -l lists all tests
-- ''|one of the arguments is empty
-- --report DIR|--report stands in front of --: ./run_tests.sh --vm --report DIR
--jobs 0|--jobs 0 is not a number of guests, 1 or more
--jobs ''|--jobs needs a value
--timeout|--timeout needs a value
--timeout soon|--timeout soon is not a number of seconds, 1 or more
--timeout --jobs 2|--timeout needs a value
--timeout 9 --timeout 9|--timeout is given twice
--image /proc/self/fdinfo|--image /proc/self/fdinfo is no folder that can be written to
--image DIR arm64-7.3-dax|rig arm64-7.3-dax: --image has no place for persistent memory
--image DIR all|--image is for one rig at a time
--modules DIR|--modules DIR is not a folder
--kernel DIR|--kernel DIR is not a file that can be read
--kernel .|--kernel . is not a file that can be read
--kernel run_tests.sh|--kernel run_tests.sh is no kernel for arm64; arch/arm64/boot/Image of a kernel's build is one
--kernel "$out/random" amd64-7.3-qxl|--kernel $out/random is no kernel for amd64; arch/x86/boot/bzImage of a kernel's build is one
--kernel "$out/amd64"|--kernel $out/amd64 is for amd64, and rig arm64-6.12-a57 is arm64; amd64-7.3-qxl is a rig for it
--kernel "$out/riscv64"|--kernel $out/riscv64 is for riscv64, and rig arm64-6.12-a57 is arm64; riscv64-6.12-svade is a rig for it
--kernel "$out/armhf"|--kernel $out/armhf is for armhf, and rig arm64-6.12-a57 is arm64; armhf-6.12-a15 is a rig for it
--kernel "$out/arm64" arm64-7.3-a57 armhf-6.12-a15|--kernel $out/arm64 is for arm64, and rig armhf-6.12-a15 is armhf; arm64-7.3-a57 is a rig for it
--kernel "$out/arm64.gz" amd64-7.3-qxl|--kernel $out/arm64.gz is for arm64, and rig amd64-7.3-qxl is amd64; arm64-7.3-a57 is a rig for it
--kernel "$out/arm64.zstd22" amd64-7.3-qxl|--kernel $out/arm64.zstd22 is for arm64, and rig amd64-7.3-qxl is amd64; arm64-7.3-a57 is a rig for it
--kernel "$out/arm64.xzkern" amd64-7.3-qxl|--kernel $out/arm64.xzkern is for arm64, and rig amd64-7.3-qxl is amd64; arm64-7.3-a57 is a rig for it
END
check words.leave_nothing test ! -e DIR
# What make install-tree looks for.
mm=$out/half/tools/testing/selftests/mm
mkdir -p "$mm"
echo | tee "$out/half/MAINTAINERS" "$mm"/../{lib.mk,kselftest_harness.h} "$mm"/{config,.gitignore} >/dev/null
echo CATEGORY= >"$mm/run_vmtests.sh"
echo TEST_PROGS += ksft_pagemap.sh >"$mm/Makefile"
for name in DEVDAX BAR VFIO; do
	check "env: $name" refused "run_tests.sh: PFN_MKWRITE_$name names a device of this machine, \
and a guest has devices of its own: unset it" env "PFN_MKWRITE_$name=x" ./run_tests.sh --vm
done
while IFS='|' read -r words sentence; do
	eval "set -- $words"
	check "make: $words" refused_by_make "$(eval "echo \"$sentence\"")" "$@"
done <<'END'
install-tree|make install-tree: name the kernel tree: make install-tree KDIR=TREE
series|make series: name the kernel tree: make series KDIR=TREE
series KDIR="$out/half" SERIES=|make series: name the folder for the patches: SERIES=DIR
series KDIR="$out/half" SERIES=DIR|make series: $out/half is not the whole kernel tree that get_maintainer.pl needs: there is no scripts/get_maintainer.pl
check PART=foo|tests/check.sh: foo is not a part; there are: $(sed -n '/^parts=(/,/)/ { s/parts=(//; s/)//; p }' tests/check.sh | xargs)
END
check make.help eval 'make help | grep -x "make check  *test the suite.*"'
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
check boots_zboot boots_zboot
check picked picked vgem "@(it's)"
check picked.skip picked '' "@(*-prime|it's)"
check image image
check hanging says 3 '^# rig .*: died: the guest did not finish within the time limit of 12 s' hanging
check oops says 3 '^# rig .*: died: .* time limit of 12 s, and its kernel had said: BUG: one, and hangs; 0' oops
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
check list list
check nothing_left [ -z "$(ls -A "$TMPDIR")" ]
plan
