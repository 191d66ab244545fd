#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The answer on a terminal: of the default rig in a terminal of 80x25, and of its output
# with what can go wrong, in other terminals and with each awk.
# Usage: work=DIR tests/screen.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/screen
rig=arm64-6.12-a57
mkdir -p "$out"
socket=pfn-mkwrite-$$
trap 'tmux -L $socket kill-server 2>/dev/null' EXIT
unset NO_COLOR

# in_terminal NAME COLUMNS ROWS COMMAND: the visible lines to NAME, with colours to
# NAME.colour, all lines to NAME.all, and the status to NAME.status.
in_terminal() {
	local i

	rm -f "$out/$1.status"
	tmux -L $socket -f /dev/null new-session -d -s "$1" -x "$2" -y "$3" \
		"$4; echo \$? >$(printf %q "$out/$1.status"); sleep 100" || return
	for ((i = 0; i < 1200; i++)); do
		[[ ! -s $out/$1.status ]] || break
		sleep 0.1
	done
	# tmux reads the last output a moment later.
	sleep 0.3
	tmux -L $socket capture-pane -p -t "$1" >"$out/$1"
	tmux -L $socket capture-pane -p -e -t "$1" >"$out/$1.colour"
	tmux -L $socket capture-pane -p -S - -t "$1" >"$out/$1.all"
	tmux -L $socket kill-session -t "$1"
}

# screen_of FILE [AWK] [VAR=VALUE...]: its screen, from one awk.
screen_of() {
	local file=$1 awk=${2:-awk}
	local vars=()

	for var in "${@:3}"; do
		vars+=(-v "$var")
	done
	# shellcheck disable=SC2086	# a command and its argument
	LC_ALL=C $awk -v form=screen "${vars[@]}" -f report/screen.awk -f report/read.awk "$file"
}

# edited SED STATUS PATTERN...: with its input edited, the screen has lines that match, and
# awk the status.
edited() {
	local rc=0 pattern

	sed "$1" "$out/input" >"$out/edited"
	screen_of "$out/edited" >"$out/said" || rc=$?
	cat "$out/said"
	((rc == $2)) || { echo "status $rc"; return 1; }
	for pattern in "${@:3}"; do
		tr -s ' \n' ' ' <"$out/said" | grep -qE -- "$pattern" ||
			{ echo "missing: $pattern"; return 1; }
	done
}

# one_screen NAME: nothing scrolled away, and what a reader looks for is there.
one_screen() {
	cat "$out/$1"
	diff "$out/$1" "$out/$1.all" &&
		grep -qx 'Linux 6[.]12.*, cortex-a57: software sets the dirty bit' "$out/$1" &&
		grep -qE '^udmabuf +2 +128  ignored +the bug, as on every stock kernel$' "$out/$1" &&
		grep -qE '^memfd +1 +64  honoured +one fault' "$out/$1" &&
		grep -qE '^fault_after_unmap fails for vgem, virtio_gpu: known, another bug' "$out/$1" &&
		grep -q '^The bug: mkwrite is ignored for .*udmabuf' "$out/$1" &&
		grep -q '^Why .*: the fault that mapped the page left the PTE writable but clean' "$out/$1" &&
		grep -q '^Next: ./run_tests.sh --vm .* --explain [a-z]' "$out/$1"
}

# Colours of the terminal's own theme alone: neither a background, nor black, white or grey.
themes() {
	grep -q $'\e\[31mignored' "$out/$1.colour" || return
	! grep -oE $'\e\\[[0-9;]*m' "$out/$1.colour" | tr -d '\033[m' | tr ';' '\n' |
		grep -vxE '|0|1|3[1-6]|[34]9'
}

# narrow COLUMNS: no line is longer.
narrow() {
	screen_of "$out/input" awk "columns=$1" | awk -v columns="$1" '
		length > columns && / / { print; bad = 1 }
		END { exit bad || !NR }'
}

# same_with AWK: the same screen and table, from each awk.
same_with() {
	local file

	for file in input several; do
		diff <(screen_of "$out/$file" "$1" color=1) <(screen_of "$out/$file" "$first" color=1) ||
			return
	done
}

# This machine: no TAP on a terminal, but what to do, and TAP if it is asked for.
native() {
	in_terminal native 80 50 "$(printf %q "$dir")/run_tests.sh"
	in_terminal native_tap 80 25 "$(printf %q "$dir")/run_tests.sh --tap"
	cat "$out/native"
	! grep -E '^(not )?ok |^TAP' "$out/native" &&
		grep -q "^Linux $(uname -r), $(uname -m)" "$out/native" &&
		grep -qE '^memfd +1 +64  [a-z]+ ' "$out/native" && grep -q '^Next: ' "$out/native" &&
		diff "$out/native.status" "$out/native_tap.status" &&
		grep -qE '^# memfd +1 +64  [a-z]+ ' "$out/native_tap" &&
		grep -q '^TAP version 13' "$out/native_tap.all"
}

# Before and after the fix, side by side, and what differs is told.
several() {
	{
		cat "$out/input"
		sed -e 's/^#@rig .*/#@rig arm64-core-a57/' -e 's/^\(#@release\).*/\1 6.12.1 with 4 patches/' \
			-e 's/^\(# mapping [^:]*\): ignored (first store 2\(.*\)64 pages [0-9]*/\1: honoured (first store 1\2 64 pages 1/' \
			-e '/^#@expected/d; /^#@want/d' "$out/input"
		sed -e "s/^#@rig .*/#@rig arm64-6.12-other/" -e 's/^\(#@expected udmabuf\).*/\1 notify 128/' \
			"$out/input"
		printf '%s\n' '#@rig amd64-6.12-gone' '#@failed the mirror has none' '#@status 2'
	} >"$out/several"
	screen_of "$out/several" >"$out/table"
	(($? == 3)) && cat "$out/table" &&
		grep -qE '^ +arm64-6.12 +arm64-core +arm64-6.12 ' "$out/table" &&
		grep -qE '^udmabuf +ignored 128 +honoured 1 +ignored 128! +-$' "$out/table" &&
		grep -q '^arm64-6.12-other: udmabuf ignored 128 (want notify 128)$' "$out/table" &&
		grep -q '^amd64-6.12-gone could not be run: the mirror has none$' "$out/table" &&
		grep -q 'gone: arm64-core-a57' <(tr '\n' ' ' <"$out/table")
}

# The tables of docs/ show what differs, and name a rig that could not be run.
markdown() {
	LC_ALL=C awk -v form=markdown -f report/screen.awk -f report/read.awk "$out/several" \
		>"$out/markdown"
	cat "$out/markdown"
	grep -qxF '| udmabuf | ignored 128 | ignored 128 (want notify 128) |' "$out/markdown" &&
		grep -qxF '| exit status | not run |' "$out/markdown" &&
		grep -qxF -e '- amd64-6.12-gone could not be run: the mirror has none' "$out/markdown"
}

in_terminal default 80 25 "./run_tests.sh --vm --output $(printf %q "$out/run") $rig"
{
	echo "#@rig $rig"
	sed 's/^/#@/' "$out/run/result"
	cat "$out/run/output.log"
} >"$out/input"
present=". vm/table.sh; top=. form=screen; present screen <$(printf %q "$out/input")"
in_terminal wide 120 40 "bash -c $(printf %q "$present")"
in_terminal dumb 80 25 "TERM=dumb bash -c $(printf %q "$present")"
in_terminal plain 80 25 "NO_COLOR=1 bash -c $(printf %q "$present")"

check default one_screen default
check default.status [ "$(cat "$out/default.status")" = 1 ]
check default.themes themes default
check wide one_screen wide
check wide.themes themes wide
check dumb one_screen dumb
check dumb.colourless eval "! grep \$'\e' '$out/dumb.colour'"
check no_color eval "one_screen plain && ! grep \$'\e' '$out/plain.colour'"
for columns in 80 60 40; do
	check narrow.$columns narrow $columns
done
dir=$out/install
check build make OUTPUT="$work/native-build" INSTALL_PATH="$dir" all install
check native native
first=
while read -r awk; do
	[[ $first ]] || { first=$awk; check several several; check markdown markdown; }
	check "awk.${awk##*/}" same_with "$awk"
done < <(awks)

check expected edited '' 0 'the bug, as on every stock kernel'
check surprise.verdict edited 's/^\(#@expected udmabuf\).*/\1 notify 128/' 3 \
	'udmabuf 2 128 ignored not as this rig is known: notify 128'
check surprise.unmeasured edited '/^#@rig/a #@expected heap_cma ignored 65' 3 \
	'heap_cma not measured: not as this rig is known [(]ignored 65[)]'
check surprise.test edited 's/^ok \([0-9]* mapping.udmabuf.page_data\)$/not ok \1/' 3 \
	'page_data fails for udmabuf: not as this rig is known'
check surprise.reason edited 's/^\(# [a-z/_.]*:[0-9]*:fault_after_unmap:\).*/\1Expected 1 == 2/; /^#@fails/s/unmap.*/other/' 3 \
	'fault_after_unmap fails for vgem, virtio_gpu: not as this rig is known Expected 1 == 2'
check surprise.program edited '/^#@exit/a not ok 9 pfn_mkwrite_drm.died' 3 \
	'pfn_mkwrite_drm.died fails: not as this rig is known'
check surprise.known_bug edited '/^#@fails/s/unmap.*/other/' 3 \
	'fault_after_unmap fails for vgem, virtio_gpu: not as this rig is known'
check own_kernel edited '/^#@fails/d; /^#@expected/d' 0 \
	'udmabuf 2 128 ignored the bug: a fault only sets' 'fault_after_unmap fails for vgem, virtio_gpu '
check complained edited '/^#@exit/a # dmesg: WARNING: CPU: 0' 3 'the kernel complained: WARNING: CPU: 0'
check died edited '/^#@exit/s/.*/#@died Kernel panic/' 3 'died: Kernel panic'
check nothing edited '/^# mapping/d; /^#   /d; /^# explain/d; /^not ok/d; /^#@fails/d; /^#@expected/d' \
	0 'No device memory was measured'
check hidden edited 's/^\(# mapping [^:]*\): [a-z]* (first store 2/\1: hidden (first store 1/; /^#@expected/d; s/^not ok .*[.]\(first_store\|mkwrite_honoured\)$/ok 1 x/' \
	0 'Nothing here shows the bug, because the CPU sets the dirty bit' 'Next: .* run a guest'
plan
