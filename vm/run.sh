#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the suite in QEMU guests: builds it, boots each rig of vm/rigs on its stock
# Debian kernel (or on yours), passes on what the tests print, and compares the
# measurements with what the rig is known to show. Usage: vm/run.sh --help

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-run_tests.sh}
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=deps.sh
. "$here/deps.sh"
# shellcheck source=fetch.sh
. "$here/fetch.sh"
top=${here%/*}
default_rig=arm64-6.12-a57

usage() {
	cat <<-END
	Usage: ./run_tests.sh --vm [OPTION...] [RIG...] [-- ARGUMENT...]
	Runs the suite in a QEMU guest for each RIG (default $default_rig).

	  --list            list the rigs
	  --kernel IMAGE    boot this kernel instead of the rig's
	  --modules DIR     its modules: /lib/modules/RELEASE or what holds lib/modules
	  --timeout S       time limit from power-on, in seconds
	  --output DIR      where console.log and tap.log go (DIR/RIG for several rigs)
	  -v                show the build and QEMU's command line
	  -q                no progress on stderr
	  ARGUMENT...       for run_tests.sh in the guest

	Exit status: 0 pass, 4 skip, 1 a test failed, the guest died, its kernel
	complained, or a mapping is not as the rig expects; 2 it could not be run.

	  PFN_MKWRITE_CACHE   folder for downloads and builds (now $cache)
	  PFN_MKWRITE_SUITE   folder with a run_tests.sh to run instead of building
	  PFN_MKWRITE_MIRROR  Debian mirror, where apt is not configured with one
	END
}

out() {
	# Where SIGPIPE is ignored, the write is what tells that nobody listens.
	printf '%s\n' "$*" 2>/dev/null || finish 141
}

# machine ARCH: how QEMU, the kernel and the tool chain name this architecture, and
# which Debian the guest's libdrm (if any) and BusyBox come from.
machine() {
	board=virt console=ttyS0 libdrm_suite=bookworm busybox_suite=bookworm
	case $1 in
	arm64)	qemu=qemu-system-aarch64 cross=aarch64-linux-gnu- console=ttyAMA0 ;;
	amd64)	qemu=qemu-system-x86_64 cross=x86_64-linux-gnu- board=q35 ;;
	# New in trixie, whose libdrm.a wants a newer libc than bookworm's compiler has.
	riscv64)
		qemu=qemu-system-riscv64 cross=riscv64-linux-gnu- libdrm_suite=''
		busybox_suite=trixie ;;
	*)	die "rig $rig: architecture $1 is not known" ;;
	esac
}

# read_rig NAME: fills r[KEY] and, in the order of the file, expected[].
read_rig() {
	local key value

	rig=$1
	r=([append]="" [devices]="" [modules]="" [memory]=512 [pmem]="" [timeout]=60)
	expected=()
	while read -r key value; do
		case $key in
		'' | \#*) ;;
		expect)	expected+=("$value") ;;
		arch | suite | kernel | version | cpu | memory | pmem | devices | \
		modules | append | timeout)
			r[$key]=$value ;;
		*)	die "rig $rig: $key is not a key" ;;
		esac
	done <"$here/rigs/$rig"
	for key in arch suite kernel version cpu; do
		[[ ${r[$key]:-} ]] || die "rig $rig: $key is missing"
	done
	machine "${r[arch]}"
}

list_rigs() {
	local file shows

	for file in "$here"/rigs/*; do
		read_rig "${file##*/}"
		printf -v shows ', %s' "${expected[@]}"
		printf '%-22s %-6s %-6s %-22s %s\n' "$rig" "${r[arch]}" "${r[version]}" \
			"${r[cpu]}" "${shows#, }"
	done
}

# own_modules DIR: sets module_root and release from what the user gave.
own_modules() {
	local dir=${1%/} found

	[[ -d $dir ]] || die "--modules $1 is not a folder"
	dir=$(cd "$dir" && pwd)
	if [[ ! -d $dir/kernel && ! -f $dir/modules.dep ]]; then
		found=("$dir"/lib/modules/*/)
		[[ -d ${found[0]} ]] || die "--modules $1 holds no kernel modules"
		((${#found[@]} == 1)) || die "--modules $1 holds the modules of several" \
			"kernels; give one of ${found[*]}"
		dir=${found[0]%/}
	fi
	release=${dir##*/}
	module_root=$tmp/own
	mkdir -p "$module_root/lib/modules"
	# modprobe wants this layout, and an index, which is not to be put into
	# somebody else's folder.
	cp -rs "$dir" "$module_root/lib/modules/"
	[[ -f $dir/modules.dep.bin ]] || depmod -b "$module_root" "$release" 2>"$tmp/log" ||
		die "--modules $1: depmod cannot index it: $(why)"
}

use_kernel() {
	if [[ $own_kernel ]]; then
		image=$own_kernel
		release=$own_kernel
		module_root=
		[[ ! $own_modules ]] || own_modules "$own_modules"
	else
		fetch_kernel "${r[arch]}" "${r[suite]}" "${r[kernel]}" "${r[version]}"
		image=$fetched/vmlinuz
		module_root=$fetched/modules
		release=$(<"$fetched/release")
	fi
}

# build_suite: sets $suite to the folder that is to be /suite in the guest.
build_suite() {
	local build libdrm ksrc make

	if [[ ${PFN_MKWRITE_SUITE:-} ]]; then
		[[ -x $PFN_MKWRITE_SUITE/run_tests.sh ]] ||
			die "PFN_MKWRITE_SUITE=$PFN_MKWRITE_SUITE holds no executable run_tests.sh"
		suite=$PFN_MKWRITE_SUITE
		return
	fi
	libdrm=LIBDRM=0
	if [[ $libdrm_suite ]]; then
		fetch_package "${r[arch]}" "$libdrm_suite" libdrm-dev
		libdrm=LIBDRM_DIR=$fetched
	fi
	fetch_harness 7.3
	ksrc=${fetched%/tools/testing/selftests}

	# Another checkout is another suite.
	build=$cache/build/${r[arch]}-$(cksum <<<"$top" | cut -d ' ' -f 1)
	mkdir -p "$build" || die "$build cannot be made"
	lock build
	rm -rf "$build/install"
	# A make that called us has options of its own, which are not for this one.
	make=(env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL
		make -C "$top" OUTPUT="$build" CROSS_COMPILE="$cross" "$libdrm"
		KSRC="$ksrc" INSTALL_PATH="$build/install" all install)
	if ! step "building the suite for ${r[arch]}" "${make[@]}"; then
		cat "$tmp/log" >&2
		die "the suite does not build for ${r[arch]}"
	fi
	[[ ! $verbose ]] || cat "$tmp/log" >&2
	suite=$tmp/suite
	rm -rf "$suite"
	cp -rL "$build/install" "$suite"
	unlock
}

# Copies the modules NAME... and what they need to the image, unpacked and numbered
# in the order they must be loaded in. One that the kernel does not have as a module
# may be built in.
add_modules() {
	local root=$1 name need file base number=10 seen=" "
	shift

	for name; do
		if [[ ! $module_root ]] || ! need=$(modprobe -C /dev/null -d "$module_root" \
				-S "$release" --show-depends "$name" 2>/dev/null); then
			[[ ! $own_kernel ]] || absent+=("$name")
			continue
		fi
		while read -r need file _; do
			[[ $need == insmod && $seen != *" $file "* ]] || continue
			seen+="$file "
			base=${file##*/}
			base=$root/modules/$number-${base%%.ko*}.ko
			case $file in
			*.xz)	xz -dc "$file" ;;
			*.zst)	zstd -qdc "$file" ;;
			*.gz)	gzip -dc "$file" ;;
			*)	cat "$file" ;;
			esac >"$base"
			number=$((number + 1))
		done <<<"$need"
	done
}

make_image() {
	local root=$tmp/root

	fetch_package "${r[arch]}" "$busybox_suite" busybox-static
	rm -rf "$root"
	mkdir -p "$root"/{bin,modules}
	cp "$fetched"/{,usr/}bin/busybox "$root/bin/" 2>/dev/null || [[ -e $root/bin/busybox ]]
	cp "$here/init" "$root/init"
	cp -rL "$suite" "$root/suite"
	: >"$root/suite.args"
	((${#arguments[@]} == 0)) || printf '%q ' "${arguments[@]}" >"$root/suite.args"
	absent=()
	# The report comes over virtio, which some kernels have as modules.
	# shellcheck disable=SC2086	# to be split into words
	add_modules "$root" virtio_pci virtio_console ${r[modules]}
	(cd "$root" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) >"$tmp/initrd"
}

# make_pmem ADDRESS: an ext4 file system in $tmp/pmem, and in $tmp/dtb the device tree
# of this machine, which tells the kernel where to find it: in the memory of the
# machine, behind what mem= lets the kernel use for itself.
# shellcheck disable=SC2317	# step runs it
make_pmem() {
	local at=$1 size=$((r[pmem] << 20)) tree=$tmp/dts

	# DAX wants blocks as large as a page.
	mke2fs -q -F -t ext4 -b 4096 "$tmp/pmem" "${r[pmem]}M" &&
	"$qemu" -M "$board,dumpdtb=$tree.dtb" "${processor[@]}" -display none &&
	dtc -q -I dtb -O dts -o "$tree" "$tree.dtb" &&
	printf '/ { pmem@%s { compatible = "pmem-region"; volatile; reg = <0 %s 0 %d>; }; };\n' \
		"${at#0x}" "$at" "$size" >>"$tree" &&
	dtc -q -I dts -O dtb -o "$tmp/dtb" "$tree"
}

# use_output: sets $output to a folder of this run alone.
use_output() {
	if [[ $own_output ]]; then
		output=$own_output
		((${#rigs[@]} == 1)) || output+=/$rig
	else
		output=$cache/runs/$rig
	fi
	mkdir -p "$output" 2>/dev/null || die "the output folder $output cannot be made"
	if [[ ! $own_output ]]; then
		exec {output_fd}>"$output/.lock" || die "$output cannot be written to"
		if ! flock -n "$output_fd"; then
			output+=.$$
			mkdir -p "$output" || die "the output folder $output cannot be made"
		fi
	fi
	{ : >"$output/console.log" && : >"$output/tap.log"; } 2>/dev/null ||
		die "the output folder $output cannot be written to"
	output=$(cd "$output" && pwd)
}

check_memory() {
	local available wanted

	available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	# QEMU takes some 200 MB for itself.
	wanted=$((r[memory] + r[pmem] + 200))
	((available >= wanted)) ||
		die "rig $rig needs $wanted MB of memory, and $available MB are free"
}

# Microseconds.
now() {
	echo "${EPOCHREALTIME//[.,]/}"
}

# take LINE: passes on one line of the guest and keeps what is in it.
take() {
	local measured_re='^(# )+mapping ([A-Za-z0-9_.-]+): ([a-z-]+) \(.*[ (]64 pages ([0-9]+)'

	if [[ $1 =~ ^(.*)#exit-status\ ([0-9]+)$ ]]; then
		status=${BASH_REMATCH[2]}
		# What did not end its last line should not lose it.
		[[ ! ${BASH_REMATCH[1]} ]] || take "${BASH_REMATCH[1]}"
		return
	fi
	out "$1"
	# A full disk shall not end the run: the line is on stdout.
	{ printf '%s\n' "$1" >&"$tap_fd"; } 2>/dev/null || :
	if [[ $1 =~ $measured_re ]]; then
		measured[${BASH_REMATCH[2]}]="${BASH_REMATCH[3]} ${BASH_REMATCH[4]}"
	elif [[ $1 == *'# dmesg: '* ]]; then
		complaints=$((complaints + 1))
	fi
}

# boot: runs the guest. Sets status, or leaves it empty and sets died to the reason,
# and sets ran to the seconds from power-on.
boot() {
	local device line guest start left rc=0 command

	# shellcheck disable=SC2054	# the commas are QEMU's
	command=("$qemu" -M "$board" "${processor[@]}" -nodefaults
		-no-user-config -display none -monitor none -nic none -no-reboot
		-kernel "$image" -initrd "$tmp/initrd"
		-append "console=$console earlycon panic=-1${r[pmem]:+ mem=${r[memory]}M} ${r[append]}"
		-serial "file:$output/console.log"
		-device virtio-serial-pci -chardev file,id=tap,path=/dev/stdout
		-device virtserialport,chardev=tap,name=tap "${pmem[@]}")
	for device in ${r[devices]}; do
		command+=(-device "$device")
	done
	[[ ! $verbose ]] || say "${command[*]@Q}"

	status='' died='' complaints=0 measured=()
	exec {tap_fd}>"$output/tap.log"
	start=$(now)
	# Whatever happens to this shell, even SIGKILL, the guest goes with it.
	exec {guest}< <(exec setpriv --pdeathsig KILL "${command[@]}" \
		</dev/null 2>"$tmp/qemu")
	worker=$!
	while [[ ! $status ]]; do
		left=$((limit * 1000000 + start - $(now)))
		((left > 0)) || break
		printf -v left '%d.%06d' $((left / 1000000)) $((left % 1000000))
		rc=0
		IFS= read -r -t "$left" -u "$guest" line || rc=$?
		((rc == 0)) || break
		take "$line"
	done
	ran=$(($(now) - start))
	printf -v ran '%d.%d' $((ran / 1000000)) $((ran / 100000 % 10))
	[[ $rc == 0 || ! $line ]] || take "$line"

	if [[ ! $status ]]; then
		if died=$(grep -a -o -m 1 'Kernel panic.*' "$output/console.log"); then
			died=${died%$'\r'}
		elif ((rc == 1)); then
			died="QEMU ended without a report from the guest"
		else
			died="the guest did not finish within the time limit of $limit s"
		fi
	fi
	# What the guest had to say is said: there is no use in waiting for its end.
	kill -KILL "$worker" 2>/dev/null || :
	wait "$worker" 2>/dev/null || :
	worker=
	exec {guest}<&- {tap_fd}>&-
	((rc != 1)) || [[ -s $output/console.log || ! -s $tmp/qemu ]] ||
		die "QEMU does not start rig $rig: $(tail -n 1 "$tmp/qemu")"
}

# judge: compares with what the rig expects, sums up, and sets verdict.
judge() {
	local item name want seen right=0 wrong='' tally

	verdict=${status:-1}
	((verdict == 0 || verdict == 2 || verdict == 4)) || verdict=1
	if ((complaints)); then
		out "# rig $rig: the kernel complained during the tests, see # dmesg: above"
		wrong=1
	fi
	if [[ $died ]]; then
		[[ -s $output/console.log ]] || out "# console: (nothing was printed)"
		tail -n 15 "$output/console.log" | tr -d '\r\000' | sed 's/^/# console: /'
		tail -n 5 "$tmp/qemu" | sed 's/^/# qemu: /'
	fi
	for item in "${expected[@]}"; do
		name=${item%% *} want=${item#* }
		seen=${measured[$name]:-not measured}
		if [[ $own_kernel ]]; then
			out "# rig $rig: $name $seen (Debian's ${r[version]}: $want)"
		elif [[ $seen == "$want" ]]; then
			out "# rig $rig: $name $seen, as expected"
			right=$((right + 1))
		else
			out "# rig $rig: $name $seen, expected $want"
			# Arguments may have chosen what to measure.
			[[ ! ${measured[$name]:-} && ${#arguments[@]} -gt 0 ]] || wrong=1
		fi
	done
	[[ ! $wrong || $verdict == 2 ]] || verdict=1
	tally="$right of ${#expected[@]} mappings as expected, "
	[[ ! $own_kernel ]] || tally=
	if [[ $died ]]; then
		out "# rig $rig: died: $died; $tally$ran s from power-on;" \
			"the console is in $output/console.log"
	else
		out "# rig $rig: exit status $status, $tally$ran s from power-on"
	fi
}

run_rig() {
	local at

	read_rig "$1"
	deps "vm-${r[arch]}" ${r[pmem]:+pmem}
	limit=${own_limit:-${r[timeout]}}
	use_output
	check_memory
	use_kernel
	build_suite
	make_image
	processor=(-cpu "${r[cpu]}" -smp 1 -m $((r[memory] + r[pmem]))) pmem=()
	if [[ ${r[pmem]} ]]; then
		printf -v at %#x $(((1 << 30) + (r[memory] << 20)))
		step "making persistent memory" make_pmem "$at" ||
			die "rig $rig: its persistent memory cannot be made: $(why)"
		pmem=(-dtb "$tmp/dtb" -device "loader,file=$tmp/pmem,addr=$at,force-raw=on")
	fi
	out "# rig $rig: $release, ${r[cpu]}${r[append]:+, ${r[append]}}"
	[[ ! ${absent[*]} ]] ||
		out "# rig $rig: not among the modules (built in or not there): ${absent[*]}"
	boot
	judge
}

known_rigs() {
	(cd "$here/rigs" && echo *)
}

declare -A r measured
rigs=() arguments=() verbose='' own_kernel='' own_modules='' own_limit='' own_output='' list=''
while (($#)); do
	case $1 in
	--kernel | --modules | --timeout | --output)
		(($# > 1)) || die "$1 needs a value"
		case $1 in
		--kernel)	own_kernel=$2 ;;
		--modules)	own_modules=$2 ;;
		--timeout)	own_limit=$2 ;;
		--output)	own_output=$2 ;;
		esac
		shift ;;
	--list)	list=1 ;;
	--help | -h)
		usage
		exit 0 ;;
	-v)	verbose=1 ;;
	-q)	quiet=1 ;;
	--)	shift
		arguments=("$@")
		break ;;
	-*)	die "$1 is not an option; --help lists them" ;;
	*)	[[ $1 != */* && -f $here/rigs/$1 ]] ||
			die "$1 is not a rig; there are: $(known_rigs)"
		rigs+=("$1") ;;
	esac
	shift
done
if [[ $list ]]; then
	list_rigs
	exit 0
fi
[[ ! $own_limit || $own_limit =~ ^[1-9][0-9]{0,5}$ ]] ||
	die "--timeout $own_limit is not a number of seconds"
[[ ! $own_kernel || -r $own_kernel && -f $own_kernel ]] ||
	die "--kernel $own_kernel is not a file that can be read"
[[ ! $own_modules || -d $own_modules ]] || die "--modules $own_modules is not a folder"
[[ ! $own_modules || $own_kernel ]] || die "--modules is of no use without --kernel"
((${#rigs[@]})) || rigs=("$default_rig")

deps vm
make_cache
worst=0
for rig in "${rigs[@]}"; do
	run_rig "$rig"
	case $worst:$verdict in
	*:0 | 2:* | 1:4) ;;
	*)	worst=$verdict ;;
	esac
done
finish "$worst"
