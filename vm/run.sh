#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the suite in QEMU guests: builds it, boots each rig of vm/rigs on its stock
# Debian kernel (or on one built from source, or on yours), prints the output of
# the tests, and compares the measurements with those that the rig expects.
# Usage: vm/run.sh --help
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-run_tests.sh}
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=deps.sh
. "$here/deps.sh"
# shellcheck source=fetch.sh
. "$here/fetch.sh"
# shellcheck source=build.sh
. "$here/build.sh"
# shellcheck source=module.sh
. "$here/module.sh"
# shellcheck source=table.sh
. "$here/table.sh"
top=${here%/*}
default_rig=arm64-6.12-a57

usage() {
	cat <<-END
	Usage: ./run_tests.sh --vm [OPTION...] [RIG...] [-- ARGUMENT...]
	Runs the suite in a QEMU guest for each RIG (default $default_rig). A terminal
	gets the answer; a file or a pipe gets TAP, with the same rows as comments at its
	end. With all, --jobs or --table, and several rigs on a terminal: several guests
	at once, and a table.

	  all               every rig there is
	  --list            list the rigs, and what they show
	  --jobs N          guests at a time (2)
	  --table FILE      write the table to FILE, too, as Markdown
	  --report DIR      write what the rigs showed to DIR/report.html and report.txt,
	                    with the evidence for each verdict that fails
	  --kernel IMAGE    boot this kernel instead of the rig's
	  --modules DIR     its modules: /lib/modules/RELEASE or what holds lib/modules
	  --patch FILE      build the rig's kernel with this patch as well; may be repeated
	  --module          build pfn_mkwrite_mod for the kernel, load it in the guest, and
	                    measure its mappings instead of the rig's; with --kernel,
	                    DIR/build must lead to the kernel's headers
	  --timeout S       time limit from power-on, in seconds
	  --output DIR      where console.log and tap.log go (DIR/RIG for several rigs)
	  --image DIR       write the guest's kernel and initrd to DIR, and do not boot it
	  --tap             TAP on a terminal, too
	  -v                TAP, and all that the steps print, QEMU's command line, and what
	                    was on the guest's console
	  -q                only the rows: a line for each mapping
	  ARGUMENT...       for run_tests.sh in the guest

	Exit status: 0 passed; 1 tests failed, as the rig is known to show; 2 it could not
	be run; 3 a verdict or a test is not as the rig is known to show, the guest died,
	or its kernel complained; 4 there is no device memory. Of several rigs, the first
	of 3, 2, 1, 4, 0 that one had.

	  PFN_MKWRITE_DRM, PFN_MKWRITE_ONLY, PFN_MKWRITE_SKIP
	                      hold in the guest; ./run_tests.sh --help explains them
	  PFN_MKWRITE_CACHE   folder for downloads and builds (now $cache)
	  PFN_MKWRITE_SUITE   folder with a run_tests.sh to run instead of building
	  PFN_MKWRITE_WRAP    program to run in the guest, with the suite in suite/ beside
	                      it, or a folder with that program as its run_tests.sh
	  PFN_MKWRITE_MIRROR  Debian mirror, where apt is not configured with one
	END
}

out() {
	kept+=$*$'\n'
	# A full disk must not end the run.
	[[ ! $log ]] || { printf '%s\n' "$*" >>"$log"; } 2>/dev/null || :
	# One of several guests at once has the rest in the file alone.
	[[ $form != tap || $job && $* != "# rig "* ]] || print "$@"
}

print() {
	[[ ! -t 1 ]] || wipe
	# If SIGPIPE is ignored, only the failed write shows that the reader is gone.
	printf '%s\n' "$*" 2>/dev/null || finish 141
}

# machine ARCH: how QEMU, the kernel and the tool chain name this architecture, and
# which Debian the guest's libdrm (if any) and BusyBox come from. quick turns
# off mitigations and CPU features that have nothing to do with page faults: they take
# half the time of a run on an emulated CPU. So do clearing memory that is allocated,
# charging each page to a cgroup, and RCU, for which a kprobe waits several times.
machine() {
	board=virt console=ttyS0 libdrm_suite=bookworm busybox_suite=bookworm
	quick="mitigations=off init_on_alloc=0 cgroup_disable=memory rcupdate.rcu_expedited=1"
	case $1 in
	arm64)
		qemu=qemu-system-aarch64 qemu_package=qemu-system-arm
		cross=aarch64-linux-gnu- console=ttyAMA0
		# KASLR, too, enables KPTI, which flushes the TLB at each entry.
		quick+=' kpti=0 arm64.nopauth arm64.nomte arm64.nosve arm64.nosme' ;;
	armhf)
		qemu=qemu-system-arm qemu_package=qemu-system-arm
		cross=arm-linux-gnueabihf- console=ttyAMA0 ;;
	amd64)
		qemu=qemu-system-x86_64 qemu_package=qemu-system-x86
		cross=x86_64-linux-gnu- board=q35 ;;
	# New in trixie. Its libdrm.a needs a newer libc than bookworm's compiler has.
	riscv64)
		qemu=qemu-system-riscv64 qemu_package=qemu-system-riscv
		cross=riscv64-linux-gnu- libdrm_suite='' busybox_suite=trixie ;;
	*)	die "rig $rig: architecture $1 is not known" ;;
	esac
}

# read_rig NAME: fills r[KEY] and, in the order of the file, expected[].
read_rig() {
	local key value

	rig=$1
	# The exported DMA-BUFs of the cards take half of the time and have rigs of their own.
	r=([append]="" [devices]="" [modules]="" [patches]="" [config]="" [memory]=512 [pmem]=0
		[devdax]=0 [timeout]=120 [only]="" [skip]='*-prime'
		[fails]="" [machine]="" [programs]="" [qemu]="" [smp]=1)
	expected=()
	while read -r key value; do
		case $key in
		'' | \#*) ;;
		expect)	expected+=("$value") ;;
		arch | suite | kernel | version | cpu | machine | memory | pmem | devdax | \
		devices | modules | patches | config | append | timeout | only | skip | \
		programs | qemu | smp)
			r[$key]=$value ;;
		fails)	r[fails]+="${r[fails]:+;}$value" ;;
		*)	die "rig $rig: $key is not a key" ;;
		esac
	done <"$here/rigs/$rig"
	[[ ${r[kernel]:-} != source ]] || r[suite]=-
	for key in arch suite kernel version cpu; do
		[[ ${r[$key]:-} ]] || die "rig $rig: $key is missing"
	done
	for key in memory pmem devdax timeout smp; do
		[[ ${r[$key]} =~ ^(0|[1-9][0-9]{0,8})$ ]] ||
			die "rig $rig: $key ${r[$key]} is not a number"
	done
	r[programs]=${r[programs]:-${r[arch]}}
	machine "${r[programs]}"
	programs_cross=$cross
	machine "${r[arch]}"
	board+=${r[machine]:+,${r[machine]}}
	# Where its memory starts is known of this machine only.
	[[ ${r[pmem]} == 0 || ${r[arch]} == arm64 ]] ||
		die "rig $rig: only arm64 has persistent memory here"
	# The file system comes first, then device-dax of small and of huge pages.
	((r[pmem] || !r[devdax])) || die "rig $rig: devdax is of no use without pmem"
	r[behind]=$((r[pmem] + 2 * r[devdax]))
	[[ ! ${r[patches]}${r[config]} || ${r[kernel]} == source ]] ||
		die "rig $rig: patches and config are of no use to a kernel that is not built"
	kconfig=${r[config]}
	[[ ! $kconfig || -f $here/kernel-${r[arch]}-$kconfig.config ]] ||
		die "rig $rig: there is no configuration $kconfig"
	# The rig with the fix of a stock kernel.
	r[fix]=${rig%%-*}-core-${rig#*-*-}
	[[ ! ${r[patches]} && -f $here/rigs/${r[fix]} ]] || r[fix]=
	patches=()
	for key in ${r[patches]}; do
		[[ -d $top/$key ]] || die "rig $rig: there is no folder $key"
		for value in "$top/$key"/*.patch; do
			[[ ! -e $value ]] || patches+=("$value")
		done
	done
}

# list_rigs NAME...: in 80 columns.
list_rigs() {
	local rig cpu

	cat <<-END
	Below each rig are its verdicts, with the faults of one store to each of 64
	pages. 65 and 68: two of some pages, one of each page that they mapped ahead;
	128: two of each page. "+" marks a kernel that is built from source.

	END
	printf '%-25s %-6s %s\n' RIG LINUX CPU
	for rig; do
		read_rig "$rig"
		cpu=$(grep -o 'id_aa64[^ ]*' <<<"${r[append]}") || cpu=
		printf '%-25s %-6s %s\n' "$rig" "${r[version]}$([[ ${r[suite]} != - ]] || echo +)" \
			"${r[cpu]}${cpu:+, $cpu}"
		printf '%s\n' "${expected[@]}" | awk '
			!($2 in shows) { verdict[++nr] = $2 }
			{ shows[$2] = shows[$2] ($2 in shows && shows[$2] != "" ? ", " : " ") $1 "~" $3 }
			END {
				for (i = 1; i <= nr; i++)
					printf "%s", (i > 1 ? "; " : "") verdict[i] shows[verdict[i]]
				print ""
			}' | fold -s -w 78 | sed 's/^/  /; s/ *$//; s/~/ /g'
	done
}

# own_modules DIR: sets module_root and release from the user's folder.
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
	module_for=(headers "$dir/build" "$release")
	module_root=$tmp/own
	mkdir -p "$module_root/lib/modules"
	# modprobe wants this layout, and an index, which is not to be put into
	# somebody else's folder.
	cp -rs "$dir" "$module_root/lib/modules/"
	[[ -f $dir/modules.dep.bin ]] || depmod -b "$module_root" "$release" 2>"$tmp/log" ||
		die "--modules $1: depmod cannot index it: $(why)"
}

# payload_of FILE: prints what a kernel holds that is compressed as a whole, or the kernel.
payload_of() {
	local head offset size

	head=$(head -c 64 "$1" | od -A n -v -t x1 | tr -d ' \n')
	if [[ $head == 1f8b* ]]; then
		gzip -dc "$1"
	elif [[ ${head:8:8} == 7a696d67 ]]; then	# CONFIG_EFI_ZBOOT: "zimg"
		read -r offset size < <(od -A n -j 8 -N 8 -t u4 --endian=little "$1")
		tail -c +$((offset + 1)) "$1" | head -c "$size" |
			case $(tail -c +25 "$1" | head -c 4) in
			gzip)	gzip -dc ;;
			zstd)	zstd -qdc ;;
			*)	xz -dc ;;
			esac
	else
		cat "$1"
	fi 2>/dev/null
}

# kernel_of FILE: prints the architecture of a kernel in a form that QEMU boots.
kernel_of() {
	local head

	head=$(head -c 1024 "$1" | od -A n -v -t x1 | tr -d ' \n')
	if [[ ${head:112:8} == 41524d64 ]]; then	# "ARM\x64"
		echo arm64
	elif [[ ${head:112:8} == 52534305 ]]; then	# "RSC\x05"
		echo riscv64
	elif [[ ${head:72:8} == 18286f01 ]]; then	# of a zImage
		echo armhf
	# "HdrS", and an ELF file for x86: QEMU takes one with a note for PVH.
	elif [[ ${head:1028:8} == 48647253 || $head =~ ^7f454c46.{28}3e00 ]]; then
		echo amd64
	fi
}

# Checks that the user's kernel is one for each rig, and unpacks it.
check_kernel() {
	local found rig
	local -A file=([arm64]=arch/arm64/boot/Image [armhf]=arch/arm/boot/zImage
		[amd64]=arch/x86/boot/bzImage [riscv64]=arch/riscv/boot/Image)
	local -A example=([arm64]=arm64-7.3-a57 [armhf]=armhf-6.12-a15
		[amd64]=amd64-7.3-qxl [riscv64]=riscv64-6.12-svade)

	image=$tmp/kernel
	payload_of "$own_kernel" >"$image" || :
	found=$(kernel_of "$image")
	for rig in "${rigs[@]}"; do
		read_rig "$rig"
		[[ $found ]] || die "--kernel $own_kernel is no kernel for ${r[arch]};" \
			"${file[${r[arch]}]} of a kernel's build is one"
		[[ $found == "${r[arch]}" ]] ||
			die "--kernel $own_kernel is for $found, and rig $rig is ${r[arch]};" \
				"${example[$found]} is a rig for it"
	done
}

# use_kernel: sets image, release, module_root, and module_for[], the arguments of
# build_module().
use_kernel() {
	if [[ $own_kernel ]]; then
		image=$tmp/kernel
		release=$own_kernel
		module_root=
		[[ ! $own_modules ]] || own_modules "$own_modules"
	elif [[ ${r[kernel]} == source ]]; then
		build_kernel "${r[arch]}" "${r[version]}" "${patches[@]}" "${own_patches[@]}"
		image=$fetched/vmlinuz
		module_root=
		module_for=(source "${r[version]}" "${patches[@]}" "${own_patches[@]}")
		release=$(<"$fetched/release")
		release+=" with $((${#patches[@]} + ${#own_patches[@]})) patches"
	else
		fetch_kernel "${r[arch]}" "${r[suite]}" "${r[kernel]}" "${r[version]}"
		image=$fetched/vmlinuz
		module_root=$fetched/modules
		release=$(<"$fetched/release")
		module_for=(debian "${r[suite]}" "$release")
	fi
}

# build_suite: sets $suite to the folder that is to be /suite in the guest.
build_suite() {
	local build libdrm ksrc make wrap

	if [[ ${PFN_MKWRITE_SUITE:-} ]]; then
		[[ -x $PFN_MKWRITE_SUITE/run_tests.sh ]] ||
			die "PFN_MKWRITE_SUITE=$PFN_MKWRITE_SUITE holds no executable run_tests.sh"
		suite=$PFN_MKWRITE_SUITE
		return
	fi
	libdrm=LIBDRM=0
	if [[ $libdrm_suite ]]; then
		fetch_package "${r[programs]}" "$libdrm_suite" libdrm-dev
		libdrm=LIBDRM_DIR=$fetched
	fi
	fetch_harness 7.3
	ksrc=${fetched%/tools/testing/selftests}

	# Another checkout is another suite.
	build=$cache/build/${r[programs]}-$(cksum <<<"$top" | cut -d ' ' -f 1)
	mkdir -p "$build" || die "$build cannot be made"
	lock build
	rm -rf "$build/install"
	# A make that called us has options of its own, which are not for this one.
	make=(env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL
		make -C "$top" OUTPUT="$build" CROSS_COMPILE="$programs_cross" "$libdrm"
		KSRC="$ksrc" INSTALL_PATH="$build/install" all install)
	if ! step "building the suite for ${r[programs]}" "${make[@]}"; then
		[[ $verbose ]] || cat "$tmp/log" >&2
		die "the suite does not build for ${r[programs]}"
	fi
	suite=${tmp:?}/suite
	rm -rf "$suite"
	cp -rL "$build/install" "$suite" 2>"$tmp/log" ||
		die "the suite cannot be copied to $suite: $(why)"
	unlock
	[[ ${PFN_MKWRITE_WRAP:-} ]] || return 0
	rm -rf "${tmp:?}/wrapped"
	mkdir "$tmp/wrapped"
	mv "$suite" "$tmp/wrapped/suite"
	wrap=("$PFN_MKWRITE_WRAP" "$tmp/wrapped/run_tests.sh")
	[[ ! -d $PFN_MKWRITE_WRAP ]] || wrap=("$PFN_MKWRITE_WRAP/." "$tmp/wrapped")
	cp -r "${wrap[@]}" 2>"$tmp/log" ||
		die "PFN_MKWRITE_WRAP=$PFN_MKWRITE_WRAP cannot be used: $(why)"
	suite=$tmp/wrapped
}

# Copies the modules NAME... and their dependencies to the image, unpacked and numbered
# in the order they must be loaded in. One that the kernel does not have as a module
# may be built in.
add_modules() {
	local root=$1 name need file base number=10 seen=" "
	shift

	for name; do
		if [[ ! $module_root ]] || ! need=$(modprobe -C /dev/null -d "$module_root" \
				-S "$release" --show-depends "$name" 2>/dev/null); then
			echo "$name" >>"$tmp/absent"
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
			esac >"$base" || return
			number=$((number + 1))
		done <<<"$need"
	done
}

# make_image BUSYBOX-PACKAGE MODULE...
make_image() {
	local root=${tmp:?}/root line=''

	((${#arguments[@]} == 0)) || printf -v line '%q ' "${arguments[@]}"
	rm -rf "$root" "$tmp/absent" &&
	mkdir -p "$root"/{bin,modules} &&
	cp "$(find "$1" -path '*/bin/busybox' -type f)" "$root/bin/" &&
	cp "$here/init" "$root/init" &&
	cp -rL "$suite" "$root/suite" &&
	printf '%s' "$line" >"$root/suite.args" &&
	printf 'export PFN_MKWRITE_%s=%q\n' ONLY "${r[only]}" SKIP "${r[skip]}" \
		DRM "${PFN_MKWRITE_DRM:-}" \
		FORM "$([[ $own_image ]] && echo tap || echo plain)" \
		>"$root/suite.env" &&
	add_modules "$root" "${@:2}" &&
	{ [[ ! $own_module ]] || cp "$own_module" "$root/modules/99-pfn_mkwrite_mod.ko"; } &&
	cd "$root" &&
	find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet >"$tmp/initrd"
}

# make_pmem ADDRESS: an ext4 file system in $tmp/pmem, and in $tmp/dtb the device tree
# of this machine, with the addresses of the file system and of the device-dax memory
# behind it. Both lie above the memory that mem= gives to the kernel.
make_pmem() {
	local at=$1 size tree=$tmp/dts

	# DAX needs blocks of the page size, and a contiguous row of them for a huge
	# page.
	mke2fs -q -F -t ext4 -b 4096 -E stride=512,stripe-width=512 "$tmp/pmem" "${r[pmem]}M" &&
	"$qemu" -M "$board,dumpdtb=$tree.dtb" "${processor[@]}" -nodefaults \
		-no-user-config -display none -nic none &&
	dtc -q -I dtb -O dts -o "$tree" "$tree.dtb" &&
	for size in ${r[pmem]} ${r[devdax]} ${r[devdax]}; do
		((size)) || continue
		printf '/ { pmem@%x { compatible = "pmem-region"; volatile; reg = <0 %d 0 %d>; }; };\n' \
			"$at" "$at" $((size << 20)) >>"$tree" || return
		at=$((at + (size << 20)))
	done
	dtc -q -I dts -O dtb -o "$tmp/dtb" "$tree"
}

# use_output NAME DIR FILE...: sets $output to DIR, or to a folder of this run alone,
# and makes it hold each FILE, empty.
use_output() {
	local file

	output=${2:-$cache/runs/$1}
	mkdir -p "$output" 2>/dev/null || die "the output folder $output cannot be made"
	if [[ ! $2 ]]; then
		exec {output_fd}>"$output/.lock" || die "$output cannot be written to"
		if ! flock -n "$output_fd"; then
			output+=.$$
			mkdir -p "$output" || die "the output folder $output cannot be made"
		fi
	fi
	for file in "${@:3}"; do
		{ : >"$output/$file"; } 2>/dev/null ||
			die "the output folder $output cannot be written to"
	done
	output=$(cd "$output" && pwd)
}

# Takes a newer QEMU into the cache if the rig needs it. It runs with the libraries of the
# system's own one.
use_qemu() {
	local arch name roots=()

	qemu_env=() qemu_data=()
	[[ ${r[qemu]} ]] || return 0
	printf '%s\n' "${r[qemu]}" "$("$qemu" --version |
		sed -n 's/.* version \([0-9.]*\).*/\1/p')" | sort -VC && return
	arch=$(dpkg --print-architecture)
	for name in "$qemu_package" qemu-system-data qemu-system-common; do
		fetch_package "$arch" bookworm-backports "$name"
		roots+=("$fetched")
	done
	qemu=${roots[0]}/usr/bin/$qemu
	qemu_data=(-L "${roots[1]}/usr/share/qemu" -L "${roots[0]}/usr/share/qemu"
		-L /usr/share/qemu)
	qemu_env=(env QEMU_MODULE_DIR="$(echo "${roots[2]}"/usr/lib/*/qemu)")
	"$qemu" --version >/dev/null 2>"$tmp/log" ||
		die "rig $rig needs QEMU ${r[qemu]} or newer, and Debian's does not run here:" \
			"$(why); install one"
}

check_memory() {
	local available wanted

	available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	# QEMU takes some 200 MB for itself.
	wanted=$((r[memory] + r[behind] + 200))
	((available >= wanted)) ||
		die "rig $rig needs $wanted MB of memory, and $available MB are free"
}

# Microseconds.
now() {
	echo "${EPOCHREALTIME//[.,]/}"
}

# take LINE: prints one line of the guest and records its results.
take() {
	local measured_re='^(# )+mapping ([A-Za-z0-9_.-]+): ([a-z-]+) \(.*[ (]64 pages ([0-9]+)'

	if [[ $1 =~ ^(.*)#exit-status\ ([0-9]+)$ ]]; then
		status=${BASH_REMATCH[2]}
		# The last output may lack its newline.
		[[ ! ${BASH_REMATCH[1]} ]] || take "${BASH_REMATCH[1]}"
		return
	fi
	out "$1"
	{ printf '%s\n' "$1" >&"$tap_fd"; } 2>/dev/null || :
	case $1 in
	'TAP version '*)	begun=1 ;;
	1..*)			planned=${1#1..} planned=${planned%% *} ;;
	'ok '*'# SKIP'*)	skipped=$((skipped + 1)) ;;
	'ok '*)			passed=$((passed + 1)) ;;
	'not ok '*)		failed=$((failed + 1)) ;;
	esac
	if [[ $1 == *'ok '[0-9]*' mapping.'* ]]; then
		testing=${1#* mapping.} testing=${testing%%.*}
	fi
	if [[ $1 =~ $measured_re ]]; then
		measured[${BASH_REMATCH[2]}]="${BASH_REMATCH[3]} ${BASH_REMATCH[4]}"
	elif [[ $1 == *'# dmesg: '* ]]; then
		complaints=$((complaints + 1)) complaint=${1#*# dmesg: }
	fi
}

# fail_guest: completes the TAP of a guest that died, because not every parser notices
# a missing plan.
fail_guest() {
	local line number=$((passed + failed + skipped + 1)) lines=()

	[[ $begun ]] || lines+=('TAP version 13' 1..1) planned=1
	lines+=("not ok $number guest.died")
	[[ $planned ]] || lines+=("1..$number")
	lines+=("# Totals: pass:$passed fail:$((failed + 1)) xfail:0 xpass:0 skip:$skipped error:0")
	for line in "${lines[@]}"; do
		out "$line"
		{ printf '%s\n' "$line" >>"$output/tap.log"; } 2>/dev/null || :
	done
}

# How far the tests are. The kernel takes a while before the first of them.
show_tests() {
	local what=tests far=''

	is_live || return 0
	[[ $job ]] || what="rig $rig"
	[[ ! $planned ]] || far="$((passed + failed + skipped)) of $planned results"
	show "$what" "${far:-booting}" "$testing" \
		"$((($(now) - start) / 1000000)) s"
}

# trouble: the first complaint of a hung kernel. Later ones say less about the cause.
trouble() {
	local first

	first=$(grep -a -o -m 1 -E '(Unable to handle|Internal error|Oops|BUG: ).*' \
		"$output/console.log") || return 0
	echo ", and its kernel had said: ${first%$'\r'}"
}

# device_options: sets devices[], for QEMU.
device_options() {
	local device

	devices=()
	for device in ${r[devices]}; do
		# Such a device has memory that it does not bring along.
		[[ ! $device =~ ,memdev=([a-z]+) ]] ||
			devices+=(-object "memory-backend-ram,id=${BASH_REMATCH[1]},size=4M")
		devices+=(-device "$device")
	done
}

# boot: runs the guest. Sets status, or leaves it empty and sets died to the reason,
# and sets ran to the seconds from power-on.
boot() {
	local line='' part='' guest start left tick rc=0 command

	# With ioeventfd, the port has been seen to lose a message if there are several CPUs.
	# shellcheck disable=SC2054	# the commas are QEMU's
	command=("${qemu_env[@]}" "$qemu" "${qemu_data[@]}" -M "$board" "${processor[@]}" -nodefaults
		-no-user-config -display none -monitor none -nic none -no-reboot
		-kernel "$image" -initrd "$tmp/initrd"
		-append "$parameters"
		-serial "file:$output/console.log"
		-device virtio-serial-pci,ioeventfd=off -chardev file,id=tap,path=/dev/stdout
		-device virtserialport,chardev=tap,name=tap "${pmem[@]}" "${devices[@]}")
	[[ ! $verbose ]] || say "${command[*]@Q}"

	status='' died='' complaints=0 measured=()
	begun='' planned='' testing='' passed=0 failed=0 skipped=0
	exec {tap_fd}>"$output/tap.log"
	start=$(now)
	# Update the seconds even if the guest prints nothing.
	tick=$((limit * 1000000))
	! is_live || tick=500000
	# The guest ends with this shell, even on SIGKILL.
	exec {guest}< <(exec setpriv --pdeathsig KILL "${command[@]}" \
		</dev/null 2>"$tmp/qemu")
	worker=$!
	while [[ ! $status ]]; do
		left=$((limit * 1000000 + start - $(now)))
		((left > 0)) || break
		((left < tick)) || left=$tick
		printf -v left '%d.%06d' $((left / 1000000)) $((left % 1000000))
		rc=0
		IFS= read -r -t "$left" -u "$guest" line || rc=$?
		# It may be half a line that was there in time.
		line=$part$line part=''
		if ((rc > 128)); then
			part=$line
		elif ((rc != 0)); then
			break
		else
			take "$line"
		fi
		show_tests
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
			died="the guest did not finish within the time limit of $limit s$(trouble)"
		fi
	fi
	# The report is complete. Do not wait for the guest to power off.
	kill -KILL "$worker" 2>/dev/null || :
	wait "$worker" 2>/dev/null || :
	worker=
	exec {guest}<&- {tap_fd}>&-
	wipe
	[[ ! $verbose ]] || tr -d '\r\000' <"$output/console.log" >&2
	((rc != 1)) || [[ -s $output/console.log || ! -s $tmp/qemu ]] ||
		die "QEMU does not start rig $rig: $(tail -n 1 "$tmp/qemu")"
}

# keep_image DIR: kernel and initrd with the suite, to boot elsewhere. Without the
# virtio port, the guest reports on its console.
keep_image() {
	mkdir -p "$1" && cp "$image" "$1/kernel" && cp "$tmp/initrd" "$1/initrd"
}

# For the rows, and for vm/table.sh.
note() {
	facts+="#@$*"$'\n'
	{ printf '%s\n' "$*" >>"$output/result"; } 2>/dev/null || :
}

keep_result() {
	local name item

	note "release $release"
	note "seconds $ran"
	[[ ! $died ]] || note "died $died"
	[[ ! $status ]] || note "exit $status"
	((!complaints)) || note "complained $complaint"
	for name in "${!measured[@]}"; do
		note "measured $name ${measured[$name]}"
	done
	note "fix ${r[fix]}"
	[[ ! $unjudged ]] || return 0
	note "fails ${r[fails]}"
	for item in "${expected[@]}"; do
		note "expected $item"
	done
	[[ ${expected[*]} && ! $selected ]] || return 0
	# A rig that expects "ignored" has the bug, so tests fail. "fails" lists other bugs.
	if [[ " ${expected[*]} " == *' ignored '* || ${r[fails]} ]]; then
		note "want 1"
	else
		note "want 0"
	fi
}

# newer WANT SEEN: says so if a change of gem-shmem in newer kernels is the difference.
newer() {
	[[ $1 != notify\ * || $2 != "honoured $((${1#* } / 2))" ]] ||
		echo "; gem-shmem is notified within its write fault since this kernel"
}

# judge: compares with the rig's expectations, sums up, and sets verdict.
judge() {
	local item name want seen right=0 tally rc=0

	verdict=${status:-3}
	((verdict == 0 || verdict == 2 || verdict == 4)) || verdict=1
	((!complaints)) ||
		out "# rig $rig: the kernel complained during the tests, see # dmesg: above"
	if [[ $died ]]; then
		[[ -s $output/console.log ]] || out "# console: (nothing was printed)"
		tail -n 15 "$output/console.log" | tr -d '\r\000' | while read -r item; do
			out "# console: $item"
		done
		tail -n 5 "$tmp/qemu" | while read -r item; do
			out "# qemu: $item"
		done
		fail_guest
	fi
	for item in "${expected[@]}"; do
		name=${item%% *} want=${item#* }
		seen=${measured[$name]:-not measured}
		if [[ $unjudged ]]; then
			out "# rig $rig: $name $seen (without $unjudged: $want)"
		elif [[ $seen == "$want" ]]; then
			out "# rig $rig: $name $seen, as expected"
			right=$((right + 1))
		else
			out "# rig $rig: $name $seen, expected $want$(newer "$want" "$seen")"
		fi
	done
	tally="$right of ${#expected[@]} mappings as expected, "
	[[ ! $unjudged && ${expected[*]} ]] || tally=
	if [[ $died ]]; then
		out "# rig $rig: died: $died; $tally$ran s from power-on;" \
			"the console is in $output/console.log"
	elif [[ ! $untested || $status != 0 ]]; then
		out "# rig $rig: exit status $status, $tally$ran s from power-on"
	fi
	keep_result
	item=$form
	[[ ! $job$untested ]] || item=none
	printf '%s\n%s%s' "#@rig $rig" "$facts" "$kept" | no_controls | present "$item" || rc=$?
	((rc != 3 || verdict == 2)) || verdict=3
}

# Of a run that was told which mappings or tests to run, expect only what was measured.
expect_selected() {
	local item all=("${expected[@]}")

	expected=()
	for item in "${all[@]}"; do
		[[ ! ${measured[${item%% *}]:-} || $untested ]] || expected+=("$item")
	done
}

# run_rig NAME DIR
run_rig() {
	local at name

	use_output "$1" "$2" console.log tap.log result output.log
	facts='' kept=''
	reason_file=$output/result log=$output/output.log
	folder[$1]=$output
	read_rig "$1"
	note "cpu ${r[cpu]}"
	note "append ${r[append]}"
	printf -v at ' %q' ./run_tests.sh --vm "${own[@]}" "$1" ${arguments[@]+-- "${arguments[@]}"}
	at=${at# }
	for name in PFN_MKWRITE_{SKIP,ONLY,DRM}; do
		[[ ! ${!name:-} ]] || printf -v at '%s=%q %s' "$name" "${!name}" "$at"
	done
	note "command $at"
	deps vm "vm-${r[arch]}" "vm-${r[programs]}"
	((!r[pmem])) || deps pmem
	limit=${own_limit:-${r[timeout]}}
	check_memory
	use_qemu
	use_kernel
	own_module=
	if [[ $module ]]; then
		r[only]='mod_*' r[skip]='' expected=()
		build_module "${r[arch]}" "${module_for[@]}"
		own_module=$fetched
	fi
	# What the user picks replaces what the rig picks and leaves out.
	[[ ! ${PFN_MKWRITE_ONLY:-} ]] || r[only]=$PFN_MKWRITE_ONLY r[skip]=
	[[ ! ${PFN_MKWRITE_SKIP:-} ]] ||
		r[skip]="@(${r[skip]:+${r[skip]}|}$PFN_MKWRITE_SKIP)"
	build_suite
	fetch_package "${r[arch]}" "$busybox_suite" busybox-static
	# The report comes over virtio, which some kernels have as modules. Direct I/O
	# wants a block device.
	# shellcheck disable=SC2086	# to be split into words
	step "making the guest's image" make_image "$fetched" \
		virtio_pci virtio_console brd ${r[modules]} ||
		die "the guest's image cannot be made: $(why)"
	parameters="console=$console earlycon panic=-1 $quick ${r[append]}"
	processor=(-cpu "${r[cpu]}" -smp "${r[smp]}" -m $((r[memory] + r[behind]))) pmem=()
	# Threads of QEMU 7.2 for several CPUs are no exact machine: one CPU has run into the
	# int3 with which another one patches a jump, and stored without a fault to a page
	# that was not mapped.
	[[ ${r[smp]} == 1 ]] || processor+=(-accel "tcg,thread=single")
	if ((r[pmem])); then
		printf -v at %#x $(((1 << 30) + (r[memory] << 20)))
		step "making persistent memory" make_pmem "$at" ||
			die "rig $rig: its persistent memory cannot be made: $(why)"
		pmem=(-dtb "$tmp/dtb" -device "loader,file=$tmp/pmem,addr=$at,force-raw=on")
		parameters+=" mem=${r[memory]}M"
	fi
	out "# rig $rig: $release, ${r[cpu]}${r[append]:+, ${r[append]}}"
	if [[ $own_kernel && -s $tmp/absent ]]; then
		out "# rig $rig: not among the modules (built in or not there):" \
			"$(paste -s -d ' ' "$tmp/absent")"
	fi
	device_options
	if [[ $own_image ]]; then
		step "writing the image" keep_image "$own_image" ||
			die "--image $own_image cannot be written: $(why)"
		printf -v at ' %q' "${qemu_env[@]}" "$qemu" "${qemu_data[@]}" -M "$board" \
			"${processor[@]}" "${devices[@]}" -nographic -no-reboot \
			-kernel "$own_image/kernel" -initrd "$own_image/initrd" -append "$parameters"
		tell "$own_image/kernel and initrd boot to the tests, with the results on the console:"
		tell "   $at"
		verdict=0
		return
	fi
	boot
	[[ ! $selected ]] || expect_selected
	judge
}

# worse STATUS: keeps the worst exit status of several rigs.
worse() {
	case $worst:$1 in
	*:0 | 3:* | 2:[!3] | 1:4) ;;
	*)	worst=$1 ;;
	esac
}

known_rigs() {
	(cd "$here/rigs" && printf '%s\n' *)
}

# unknown WORD: exit, and say what it is, or what is near.
unknown() {
	[[ $1 ]] || die "one of the arguments is empty"
	PFN_MKWRITE_CHECK=yes "$top/run_tests.sh" "$1" || finish 2
}

declare -A r measured folder
rigs=() arguments=() own_kernel='' own_modules='' own_limit='' own_output='' list=''
own_image='' own_patches=() module='' jobs='' table='' report='' asked=() log=''
facts='' kept='' form=tap given='' untested=''
[[ ! -t 1 ]] || form=screen
# Options for the process of each rig; own[] are those that change a result.
job_options=() own=()
while (($#)); do
	case $1 in
	--kernel | --modules | --patch | --timeout | --output | --image | --jobs | --table | \
	--report)
		[[ ${2:-} && $2 != -* ]] || die "$1 needs a value"
		[[ $1 == --patch || " $given " != *" $1 "* ]] || die "$1 is given twice"
		given+=" $1"
		case $1 in
		--kernel)	own_kernel=$2 ;;
		--modules)	own_modules=$2 ;;
		--patch)	own_patches+=("$2") ;;
		--timeout)	own_limit=$2 ;;
		--output)	own_output=$2 ;;
		--image)	own_image=$2 ;;
		--jobs)		jobs=$2 ;;
		--table)	table=$2 ;;
		--report)	report=$2 ;;
		esac
		case $1 in
		--output | --jobs | --table | --report) ;;
		*)	own+=("$1" "$2") ;;
		esac
		shift ;;
	--module)
		module=1 own+=(--module) asked+=(--module) ;;
	--list)	list=1 ;;
	--help | -h)
		(($# == 1)) || unknown "$2"
		usage
		exit 0 ;;
	--tap)	form=tap ;;
	-v)	verbose=1 form=tap job_options+=(-v) ;;
	-q)	quiet=1 form=rows job_options+=(-q) ;;
	--)	shift
		arguments=("$@")
		break ;;
	-[tTVfFrld] | -[tTvVfFr]?* | --explain)
		die "$1 is for the tests in the guest: ./run_tests.sh --vm -- ${*:1:2}" ;;
	all)	mapfile -t rigs < <(known_rigs)
		asked+=(all) jobs=${jobs:-2} ;;
	*)	[[ $1 && $1 != */* && -f $here/rigs/$1 ]] || unknown "$1"
		asked+=("$1")
		rigs+=("$1") ;;
	esac
	shift
done
if [[ $list ]]; then
	((${#rigs[@]})) || mapfile -t rigs < <(known_rigs)
	print "$(list_rigs "${rigs[@]}")"
	exit 0
fi
[[ ! $own_limit || $own_limit =~ ^[1-9][0-9]{0,5}$ ]] ||
	die "--timeout $own_limit is not a number of seconds, 1 or more"
[[ ! $jobs || $jobs =~ ^[1-9][0-9]{0,2}$ ]] ||
	die "--jobs $jobs is not a number of guests, 1 or more"
[[ ! $own_kernel || -r $own_kernel && -f $own_kernel ]] ||
	die "--kernel $own_kernel is not a file that can be read"
[[ ! $own_modules || -d $own_modules ]] || die "--modules $own_modules is not a folder"
[[ ! $own_modules || $own_kernel ]] || die "--modules is of no use without --kernel"
[[ ! $module || ! $own_kernel || $own_modules ]] ||
	die "--module needs the headers of that kernel: give --modules DIR, too," \
		"and make DIR/build lead to them"
[[ ! ${own_patches[*]} || ! $own_kernel ]] || die "--patch is of no use with --kernel"
((${#rigs[@]})) || rigs=("$default_rig") asked=("$default_rig")
[[ ! $own_image ]] || { ((${#rigs[@]} == 1)) && [[ ! $jobs$table$report ]]; } ||
	die "--image is for one rig at a time"
if [[ $own_image ]]; then
	read_rig "${rigs[0]}"
	((!r[pmem])) || die "rig $rig: --image has no place for persistent memory"
	{ mkdir -p "$own_image" && : >>"$own_image/kernel"; } 2>/dev/null ||
		die "--image $own_image is no folder that can be written to"
fi
for i in "${!own_patches[@]}"; do
	[[ -r ${own_patches[i]} && -f ${own_patches[i]} ]] ||
		die "--patch ${own_patches[i]} is not a file that can be read"
	own_patches[i]=$(realpath "${own_patches[i]}")
	for rig in "${rigs[@]}"; do
		read_rig "$rig"
		[[ ${r[kernel]} == source ]] ||
			die "--patch is of no use to rig $rig, whose kernel is not built"
	done
done
# The expectations hold for the rig's own kernel and mappings only.
unjudged=
[[ ! ${own_patches[*]} ]] || unjudged=--patch
[[ ! $own_kernel ]] || unjudged=--kernel
[[ ! $module ]] || unjudged=--module

# Some arguments run no test, and any may leave mappings out, as may the environment.
[[ ! " ${arguments[*]} " =~ ' '(--explain|-l|-h|--list|--help)' ' ]] || untested=1 form=tap
selected=${arguments[*]}${PFN_MKWRITE_DRM:-}${PFN_MKWRITE_ONLY:-}${PFN_MKWRITE_SKIP:-}
((!${#arguments[@]})) || [[ ${PFN_MKWRITE_SUITE:-}${PFN_MKWRITE_WRAP:-} ]] ||
	PFN_MKWRITE_CHECK=yes "$top/run_tests.sh" "${arguments[@]}" || finish 2
for name in PFN_MKWRITE_{DEVDAX,BAR,VFIO}; do
	[[ ! ${!name:-} ]] || die "$name names a device of this machine, and a guest has devices" \
		"of its own: unset it"
done

# Everything below writes to $tmp.
make_cache
[[ ! $own_kernel ]] || check_kernel
[[ ! $report ]] || ready_report
worst=0
[[ $form == tap ]] || ((${#rigs[@]} == 1)) || jobs=${jobs:-2}
if [[ $jobs || $table ]]; then
	jobs=${jobs:-2}
	# Each once.
	mapfile -t rigs < <(printf '%s\n' "${rigs[@]}" | awk '!seen[$0]++')
	[[ ! $table ]] || { : >>"$table"; } 2>/dev/null ||
		die "--table $table cannot be written"
	run_table
else
	for rig in "${rigs[@]}"; do
		dir=$own_output
		((${#rigs[@]} == 1)) || dir=${own_output:+$own_output/$rig}
		run_rig "$rig" "$dir"
		worse "$verdict"
	done
fi
[[ ! $report ]] || write_report
finish "$worst"
