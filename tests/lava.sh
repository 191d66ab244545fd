#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The jobs of lava/, run by LAVA itself: its results of the suite's TAP, and of
# a guest that stops in the middle. Usage: work=DIR tests/lava.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/lava
mkdir -p "$out"
rig=arm64-7.3-a57

# job NAME FILE [OPTION...]: LAVA's results of it in NAME.results, and its exit status
# behind them.
job() {
	local name=$1 file=$2 rc=0
	shift 2

	setpriv --pdeathsig TERM lava/run.sh --output "$out/$name.d" "$@" "$file" \
		>"$out/$name.results" 2>"$out/$name.err" || rc=$?
	echo "status $rc" >>"$out/$name.results"
}

# Prints the job with another command, and with less patience.
with_command() {
	sed -e "s#\./run_tests\.sh --tap\$#$1#" \
		-e '/^    timeout:/{n;s/minutes: 5/seconds: 60/}' lava/qemu.yaml
}

# The console, as LAVA logged it.
console() {
	sed -n 's/^{.*"lvl": "target", "msg": "\(.*\)"}$/\1/p' "$out/$1.d/log.yaml"
}

# RESULT NAME of each line of TAP, in LAVA's words.
tap_lines() {
	sed -nE -e 's/^ok [0-9]+ ([^ ]+) # SKIP.*/skip \1/p' -e 's/^ok [0-9]+ ([^ ]+)$/pass \1/p' \
		-e 's/^not ok [0-9]+ ([^ ]+).*/fail \1/p' | tr 'A-Z.-' 'a-z__'
}

suite_results() {
	sed -n 's/^pfn_mkwrite \([a-z]* [^ ]*\) *$/\1/p' "$out/$1.results"
}

same_as_tap() {
	diff <(suite_results "$1") <(console "$1" | tap_lines) &&
		[[ $(console "$1" | sed -n 's/^1\.\.//p') == $(suite_results "$1" | wc -l) ]]
}

once_each() {
	suite_results "$1" | grep -q . &&
		! suite_results "$1" | cut -d ' ' -f 2 | sort | uniq -d | grep .
}

counts() {
	suite_results "$1" | awk '{ n[$1]++ } END {
		print NR " results: " n["pass"] + 0 " pass, " n["fail"] + 0 " fail, " \
			n["skip"] + 0 " skip" }'
}

same_as_rig() {
	./run_tests.sh --vm --output "$out/rig.d" "$rig" >"$out/rig" 2>"$out/rig.err"
	diff <(suite_results qemu) <(tap_lines <"$out/rig")
}

# failed_with NAME REASON
failed_with() {
	cat "$out/$1.results"
	grep -qx 'status 1' "$out/$1.results" && grep -q "^lava fail job .*$2" "$out/$1.results"
}

# Tests before the end have their results.
beginning_of_qemu() {
	suite_results "$1" | grep -q . &&
		diff <(suite_results "$1") <(suite_results qemu | head -n "$(suite_results "$1" | wc -l)")
}

# From the suite on, except for the lines that a lab fills in.
same_tests() {
	diff <(tests_of qemu) <(tests_of board)
}

tests_of() {
	sed -e '1,/^- test:/d' -e 's/ *# LAB$//' -e "s/^\( *- '\).*# '\$/\1# '/" \
		-e 's#cd /pfn-mkwrite; ##' "lava/$1.yaml"
}

refused() {
	grep -qx 'status 2' "$out/$1.results" && grep "$2" "$out/$1.err"
}

# A board that is none: U-Boot in QEMU, with a TFTP server beside it. Without ACPI, QEMU has
# the same devices with and without a boot loader, so that its device tree can be had.
# shellcheck disable=SC2054	# the commas are those of QEMU
machine=(-M virt,acpi=off -cpu cortex-a57 -m 1024)

make_board() {
	local files=$out/files packages cards network

	mapfile -t cards < <(sed -n 's/^  - \(-device .*\)/\1/p' lava/qemu.yaml)
	network=(-bios /srv/pfn-mkwrite/u-boot.bin -netdev "user,id=net,tftp=/srv/tftp"
		-device "virtio-net-pci,netdev=net,romfile=")

	packages=$(vm/fetch.sh package "$(dpkg --print-architecture)" bookworm u-boot-qemu) &&
	mkdir -p "$files" "$out/board/lib/modules" &&
	cp "$packages/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$files/" &&
	qemu-system-aarch64 "${machine[@]}" -M "dumpdtb=$files/board.dtb" -display none -nic none &&
	printf '#!/bin/busybox sh\ncd /\nexec setsid cttyhack sh -i\n' >"$out/shell" &&
	chmod +x "$out/shell" &&
	PFN_MKWRITE_WRAP=$out/shell ./run_tests.sh --vm --image "$out/rootfs" "$rig" &&
	cp "$out/rootfs/kernel" "$files/Image" &&
	gzip -1 <"$out/rootfs/initrd" >"$files/rootfs.cpio.gz" &&
	tar -C "$out/board" -cJf "$files/modules.tar.xz" lib &&
	make OUTPUT="$files" board.tar.xz || return
	# Differences from the Raspberry Pi of the template.
	{
		printf "{%% set %s = '%s' %%}\n" hard_reset_command /bin/true \
			power_on_command /bin/true power_off_command /bin/true \
			bootloader_prompt '=>' console_device ttyAMA0 \
			booti_kernel_addr 0x40400000 booti_dtb_addr 0x47000000 \
			booti_ramdisk_addr 0x48000000
		printf "{%% set connection_command = '%s' %%}\n" \
			"qemu-system-aarch64 ${machine[*]} -nographic ${cards[*]} ${network[*]}"
	} >"$out/board.jinja2"
}

PFN_MKWRITE_WRAP=lava/console.sh ./run_tests.sh --vm --image "$out/images" "$rig" \
	>"$out/image" 2>&1
if grep -q ' is wanted, but ' "$out/image"; then
	skip qemu "the mirror no longer has this kernel"
	plan
	exit
fi
check image.made test -s "$out/images/kernel" -a -s "$out/images/initrd" ||
	sed 's/^/#   /' "$out/image"

job qemu lava/qemu.yaml --files "$out/images"
if grep -qx 'status 3' "$out/qemu.results"; then
	skip lava "$(sed -n 's/^lava.run\.sh: //p' "$out/qemu.err" | tail -n 1)"
	plan
	exit
fi
check qemu.job grep -qx 'status 0' "$out/qemu.results" ||
	tail -n 20 "$out/qemu.results" "$out/qemu.err" "$out/qemu.d/log.yaml" | sed 's/^/#   /'
check qemu.same_as_tap same_as_tap qemu
check qemu.once_each once_each qemu
for result in pass fail skip; do
	check "qemu.has_$result" grep -q "^pfn_mkwrite $result " "$out/qemu.results"
done
check qemu.same_as_rig same_as_rig
lab "$rig's kernel in LAVA's QEMU" "lava/run.sh --files DIR lava/qemu.yaml" \
	"$(counts qemu)"

with_command './run_tests.sh | head -n 100' >"$out/stops.yaml"
with_command './run_tests.sh | head -n 100; poweroff -f' >"$out/dies.yaml"
job stops "$out/stops.yaml" --files "$out/images"
job dies "$out/dies.yaml" --files "$out/images"
check stops.job_fails failed_with stops 'lava-test-monitor timed out'
check dies.job_fails failed_with dies 'Connection closed'
for name in stops dies; do
	check "$name.results_before" beginning_of_qemu "$name"
	lab "the same, and the guest $name in the middle" "lava/run.sh --files DIR lava/qemu.yaml" \
		"job fails: $(sed -n 's/^lava fail job //p' "$out/$name.results")"
done

check board.made make_board
board=(--device "$out/board.jinja2" --files "$out/files")
job board lava/board.yaml "${board[@]}"
check board.job grep -qx 'status 0' "$out/board.results" ||
	tail -n 20 "$out/board.results" "$out/board.err" "$out/board.d/log.yaml" | sed 's/^/#   /'
check board.same_as_tap same_as_tap board
check board.same_as_qemu diff <(suite_results board) <(suite_results qemu)
check board.same_tests same_tests
lab "a board of U-Boot and TFTP in QEMU" \
	"lava/run.sh --files DIR --device FILE lava/board.yaml" "$(counts board)"

# The jobs that LAVA has to refuse.
sed 's/pattern:/patern:/' lava/board.yaml >"$out/schema.yaml"
job schema "$out/schema.yaml" --validate "${board[@]}"
check schema.refused refused schema patern
rm -f "$out/files/board.tar.xz"
job absent lava/board.yaml --validate "${board[@]}"
check absent.refused failed_with absent board.tar.xz
plan
