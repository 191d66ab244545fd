#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The README's commands for a board, on this machine and in a guest that
# has BusyBox and the archive. ALL=1 also makes one for x86_64, one for 32-bit ARM, and one
# with musl.
# Usage: work=DIR [ALL=1] tests/board.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

rig=arm64-7.3-a57
out=$work/board-test
mkdir -p "$out/guest" "$out/unpacked"

# commands N: those of the Nth block in the README's section, as they stand there. The
# first one is for the machine with the sources, the second one for the board.
commands() {
	awk -v want="$1" '
		/^## /	{ here = $0 == "## On a board" }
		!here	{ next }
		/^    /	{
			nr += !block
			block = 1
			if (nr == want)
				print substr($0, 5)
			next
		}
		{ block = 0 }' README.md
}

# archive NAME: from the sources alone, in a folder of that name.
archive() {
	copy_source "$out/$1" && commands 1 >"$out/$1.commands" &&
		[ -s "$out/$1.commands" ] && (cd "$out/$1" && sh -e "$out/$1.commands")
}

first_archive() {
	archive first >"$out/first.log" 2>&1 || { cat "$out/first.log"; return 1; }
}

# With another environment, on another day.
archive_again() (
	umask 077
	export TZ=Asia/Tokyo LC_ALL=C.UTF-8 XZ_OPT=-0 TAR_OPTIONS=--mode=a+w
	archive a-longer-name-than-before
)

small() {
	local size
	size=$(stat -c %s "$out/first/board.tar.xz") && echo "$size bytes" &&
		((size < 3000000))
}

contents() {
	tar -tJf "$out/first/board.tar.xz" | diff - <(printf 'pfn-mkwrite/%s\n' '' LICENSE \
		README nearest.awk pfn_mkwrite_bench pfn_mkwrite_drm pfn_mkwrite_explain \
		pfn_mkwrite_test read.awk report.awk run_tests.sh screen.awk)
}

told() {
	diff <(tail -n 2 "$out/first.log") - <<-END
		$out/first/board.tar.xz is for aarch64. Copy it to such a machine, and there:
		    tar xJf board.tar.xz && cd pfn-mkwrite && ./run_tests.sh
	END
}

nobodys() {
	! tar -tvJf "$out/first/board.tar.xz" --numeric-owner --full-time | grep -v ' 0/0 ' &&
		! tar -tvJf "$out/first/board.tar.xz" --utc | grep -v ' 1970-01-01 00:00 '
}

# is_static PROGRAM: for the board, with no loader, and with nothing in it that only a
# debugger reads.
is_static() {
	local headers
	headers=$(readelf -hlS "$out/unpacked/pfn-mkwrite/$1") &&
		grep 'Machine:.*AArch64' <<<"$headers" &&
		! grep -E 'INTERP|[.]symtab|[.]debug' <<<"$headers"
}

# Nothing tells on which machine it was made.
no_paths() {
	! grep -rlF -e "$out" -e "$PWD" -e "${PFN_MKWRITE_CACHE:-$HOME/.cache}" \
		"$out/unpacked/pfn-mkwrite"
}

uses_libdrm() {
	strings -a "$out/unpacked/pfn-mkwrite/pfn_mkwrite_drm" | grep -qx libdrm
}

boot() {
	local suite=$out/guest

	cp tests/guest_board.sh "$suite/run_tests.sh" &&
		cp "$out/first/board.tar.xz" "$suite" &&
		commands 2 >"$suite/commands" && [ -s "$suite/commands" ] || return
	PFN_MKWRITE_SUITE=$suite ./run_tests.sh --vm --timeout 240 --output "$out/guest.d" \
		$rig >"$out/said" 2>"$out/err"
}

# said RUN: prints its output in the guest, with the exit status at the end.
said() {
	sed -n "s/^## $1 //p" "$out/said"
}

# says RUN LINE...: all that it printed, and 0.
says() {
	diff <(said "$1") <(printf '%s\n' "${@:2}" 'status 0')
}

# ends RUN STATUS TEXT...
ends() {
	local text

	said "$1" | grep -qx "status $2" || { said "$1"; return 1; }
	for text in "${@:3}"; do
		said "$1" | grep -F -e "$text" || { echo "missing: $text"; return 1; }
	done
}

as_the_rig_knows() {
	tail -n 8 "$out/said" "$out/err"
	grep -E '^# rig .* ([1-9][0-9]*) of \1 mappings as expected, ' "$out/said" &&
		! grep '# dmesg: ' "$out/said"
}

# The verdicts on devices, and which tests fail, of those that both runs have.
verdicts() {
	said "$1" | grep '^# mapping ' | grep -vE 'mapping (memfd|perf_ring):|not measured'
	said "$1" | sed -n 's/^not ok [0-9]* //p' | grep -E '[.](first_store|mkwrite_honoured)$'
}

same_results() {
	said root >"$out/root"
	said read_only >"$out/read_only"
	[[ $(results "$out/root") ]] && diff <(results "$out/root") <(results "$out/read_only")
}

same_verdicts() {
	[[ $(verdicts root) ]] && diff <(verdicts root) <(verdicts user)
}

# Only the guest's root has unpacked the archive; BusyBox needs all of /bin.
unpacked() {
	said unpacked | awk '$3 == 0 && $4 == 0 { print $1, $NF }' |
		diff - <(printf '%s\n' '-rw-r--r-- LICENSE' '-rw-r--r-- README' \
			'-rw-r--r-- nearest.awk' '-rwxr-xr-x pfn_mkwrite_bench' \
			'-rwxr-xr-x pfn_mkwrite_drm' '-rwxr-xr-x pfn_mkwrite_explain' \
			'-rwxr-xr-x pfn_mkwrite_test' \
			'-rw-r--r-- read.awk' '-rw-r--r-- report.awk' '-rwxr-xr-x run_tests.sh' \
			'-rw-r--r-- screen.awk')
}

# row NAME RUN COMMAND: for docs/labs.md.
row() {
	local totals

	totals=$(said "$2" | sed -n 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) .*skip:\([0-9]*\) .*/\1 passed, \2 failed, \3 skipped/p')
	lab "$1" "$3" "exit $(said "$2" | tail -n 1), ${totals:-nothing said}"
}

# other_archive TOOL-CHAIN: unpacked in $out/TOOL-CHAIN.
other_archive() {
	copy_source "$out/$1" && make -C "$out/$1" CROSS_COMPILE="$1" board.tar.xz &&
		tar -xJf "$out/$1/board.tar.xz" -C "$out/$1"
}

other_machine() {
	other_archive x86_64-linux-gnu- &&
		readelf -h "$out/x86_64-linux-gnu-/pfn-mkwrite/pfn_mkwrite_drm" | grep X86-64
}

arm32() {
	local dir=$out/arm-linux-gnueabihf-

	other_archive arm-linux-gnueabihf- || return
	PFN_MKWRITE_SUITE=$dir/pfn-mkwrite ./run_tests.sh --vm --output "$out/other.d" \
		armhf-6.12-a15 >"$out/other.said" 2>&1
	tail -n 4 "$out/other.said"
	grep -E '^# rig .* ([1-9][0-9]*) of \1 mappings as expected, ' "$out/other.said"
}

# The same with another C library, here on this machine.
musl() {
	local dir=$out/musl

	copy_source "$dir" &&
		make -C "$dir" CC=musl-gcc CROSS_COMPILE=x86_64-linux-gnu- board.tar.xz &&
		tar -xJf "$dir/board.tar.xz" -C "$dir" || return
	! strings -a "$dir/pfn-mkwrite/pfn_mkwrite_test" | grep 'GLIBC\|GNU C Library' &&
		"$dir/pfn-mkwrite/pfn_mkwrite_test" | grep '^ok\|^not ok' >"$out/musl.results" &&
		"$out/x86_64-linux-gnu-/pfn-mkwrite/pfn_mkwrite_test" | grep '^ok\|^not ok' |
		diff - "$out/musl.results"
}

check archive first_archive
check told told
check small small
check contents contents
check nobodys nobodys
check unpacks tar -xJf "$out/first/board.tar.xz" -C "$out/unpacked"
for program in pfn_mkwrite_{test,drm,explain,bench}; do
	check "$program.static" is_static "$program"
done
check no_paths no_paths
check libdrm.used uses_libdrm

# The guest has a single CPU: the rest is for the compiler.
archive_again >"$out/again.log" 2>&1 &
check boots boot || tail "$out/err" | sed 's/^/#   /'
check nothing_but_busybox says files ./bin/busybox ./etc/passwd ./home/board.tar.xz \
	./home/commands /bin/busybox
check no_tools says tools
check unpacked unpacked
check unpacked.xz says xz
check root ends root 1 '# mapping udmabuf: ignored (first store 2, '
check as_the_rig_knows as_the_rig_knows
check report ends report 0 '"ignored">ignored</span>' 'udmabuf: ignored (first store 2, ' \
	'CPU:         linux,dummy-virt; implementer 0x41, part 0xd07'
check leaves_nothing says left "/board/dev/shm:" "" "/board/tmp:"
check taken_away says take_away
check read_only says writable /dev
check read_only.same_results same_results
check read_only.dev says devices
check read_only.all says not_writable
check help ends help 0 'usage: ./run_tests.sh'
check nobody ends nobody 4 \
	'# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; run as root, or as a user whom ls -l permits)' \
	'cards in /dev/dri could not be opened: Permission denied; run as root, or as a user whom ls -l permits' \
	'# no device mapping was measured: '
check user ends user 1 '#   no fault log (perf_event_open(): Permission denied)'
check user.same_verdicts same_verdicts
row 'board, as root' root "./run_tests.sh"
row 'board, root file system read-only, no /tmp' read_only "./run_tests.sh"
row 'board, as nobody' nobody "su nobody -c ./run_tests.sh"
row 'board, as a user with access' user \
	"su nobody -c './run_tests.sh -t first_store -t mkwrite_honoured'"

wait
check same_bytes cmp "$out/first/board.tar.xz" \
	"$out/a-longer-name-than-before/board.tar.xz" || sed 's/^/#   /' "$out/again.log"
if [[ ${ALL:-} ]]; then
	check other_machine other_machine
	check arm32 arm32
	vm/deps.sh architectures
	check musl musl
fi
plan
