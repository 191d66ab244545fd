#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Does one store to device memory take one page fault?
#
#   ./run_tests.sh			on this machine
#   ./run_tests.sh --vm [RIG...]	in QEMU guests on stock Debian kernels
#   ./run_tests.sh --list		which guests there are
#   ./run_tests.sh --help		all options
#
# A POSIX shell and the two programs are all that the first form needs, so that
# it runs on a board with nothing but BusyBox.

here=$(dirname "$0")
programs='pfn_mkwrite_test pfn_mkwrite_drm'

# Mappings that every machine has say nothing about device memory.
controls='memfd perf_ring'

usage() {
	cat <<'END'
usage: ./run_tests.sh [-l] [-t TEST] [-v MAPPING] ...
	on this machine, once; the options are those of the kselftest harness
       ./run_tests.sh --vm [OPTION...] [RIG...] [-- OPTION...]
	in QEMU guests; for the options see ./run_tests.sh --vm --help
       ./run_tests.sh --list
	the guests that there are, and what each shows

PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one DRM card.
exit status: 0 passed, 1 failed, 4 no device memory to test here, 2 could not run
END
}

die() {
	echo "run_tests.sh: $*" >&2
	exit 2
}

vm() {
	[ -x "$here/vm/run.sh" ] ||
		die "no guests here: $here/vm is missing; they come with the source of this suite"
	exec "$here/vm/run.sh" "$@"
}

build_if_source() {
	for program in $programs; do
		[ -x "$here/$program" ] && continue
		if [ ! -f "$here/$program.c" ] || [ ! -x "$here/vm/deps.sh" ]; then
			die "$here/$program is missing: build it with make, or copy it here"
		fi
		"$here/vm/deps.sh" build >&2 || exit 2
		make -s -C "$here" >&2 || die "the programs could not be built"
		return
	done
}

run_programs() {
	for program in $programs; do
		echo "#@program $program"
		"$here/$program" "$@" 2>&1
		echo "#@status $?"
	done
}

is_control() {
	case " $controls " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

result() {
	nr=$((nr + 1))
	echo "$1 $nr $2"
	case $1,$2 in
	not*) fail=$((fail + 1)); failed_here=yes ;;
	*'# SKIP'*) skip=$((skip + 1)) ;;
	*) pass=$((pass + 1)) ;;
	esac
}

# The status of a program has to agree with what it said.
end_of_program() {
	case $1 in
	0 | 4)
		;;
	1)
		[ "$failed_here" ] || result 'not ok' "$program.failed_without_a_result"
		;;
	*)
		echo "# $program ended with status $1, signals counting from 128"
		result 'not ok' "$program.died"
		;;
	esac
}

# One flat TAP stream out of those of the programs, line by line as it comes.
flatten() {
	nr=0 pass=0 fail=0 skip=0 measured=

	echo 'TAP version 13'
	while IFS= read -r line; do
		case $line in
		'#@program '*)
			program=${line#* } failed_here=
			;;
		'#@status '*)
			end_of_program "${line#* }"
			;;
		'TAP version '* | '# Totals: '* | *' skipped test(s) detected. '*)
			;;
		'1..0 # SKIP'*)
			result ok "$program # SKIP${line#*SKIP}"
			;;
		1..*)
			;;
		'ok '* | 'not ok '*)
			result "${line%%ok *}ok" "${line#*ok * }"
			;;
		'# mapping '*': not measured'*)
			echo "$line"
			;;
		'# mapping '*)
			name=${line#\# mapping }
			is_control "${name%%:*}" || measured=yes
			echo "$line"
			;;
		*)
			echo "$line"
			;;
		esac
	done

	echo "1..$nr"
	echo "# Totals: pass:$pass fail:$fail xfail:0 xpass:0 skip:$skip error:0"
	[ "$fail" -eq 0 ] || return 1
	[ "$measured" ] || [ "$selected" ] || {
		echo '# no device mapping was measured: looked for /dev/udmabuf, for a file system mounted with dax, and for a card in /dev/dri that makes dumb buffers; ./run_tests.sh --vm brings its own'
		return 4
	}
	return 0
}

selected=
case ${1:-} in
--vm)
	shift
	vm "$@"
	;;
--list)
	vm --list
	;;
-h | --help)
	usage
	exit 0
	;;
--*)
	usage >&2
	exit 2
	;;
-l)
	build_if_source
	for program in $programs; do
		"$here/$program" -l
	done
	exit 0
	;;
?*)
	selected=yes
	;;
esac

build_if_source
run_programs "$@" | flatten
