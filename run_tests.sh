#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Does one store to device memory take one page fault?
#
#   ./run_tests.sh			on this machine
#   ./run_tests.sh --explain MAPPING	what the kernel does for one store
#   ./run_tests.sh --vm [RIG...]	in QEMU guests on stock Debian kernels
#   ./run_tests.sh --list		which guests there are
#   ./run_tests.sh --help		all options
#
# A POSIX shell, awk and the two programs are all that the first form needs, so that it
# runs on a board with nothing but BusyBox.

here=$(dirname "$0")
programs='pfn_mkwrite_test pfn_mkwrite_drm'

# Mappings that every machine has say nothing about device memory.
controls='memfd perf_ring'

usage() {
	cat <<'END'
usage: ./run_tests.sh [--report DIR] [-l] [-t TEST] [-v MAPPING] ...
	on this machine, once; but for the first, the options are those of the
	kselftest harness. DIR/report.html and DIR/report.txt get what was found, with
	the evidence for each verdict that fails, and DIR/output.log what was printed
       ./run_tests.sh --explain [MAPPING]
	what the kernel does for one store to it; as root, with tracefs
       ./run_tests.sh --vm [OPTION...] [RIG...] [-- OPTION...]
	in QEMU guests; for the options see ./run_tests.sh --vm --help
       ./run_tests.sh --list
	the guests that there are, and what each shows

PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one DRM card, PFN_MKWRITE_ONLY=PATTERN
mappings by their name, and PFN_MKWRITE_SKIP=PATTERN leaves some out. These name what may be
written, and lose what it holds: PFN_MKWRITE_DEVDAX=/dev/daxN.M,...,
PFN_MKWRITE_BAR=/sys/bus/pci/devices/SLOT/resourceN, PFN_MKWRITE_VFIO=SLOT.
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

# With no harness, and so without TAP. What one program does not have the other may.
explain() {
	worst=4
	for program in $programs; do
		"$here/$program" --explain "$@"
		status=$?
		case $status in
		0)	[ $worst -ne 4 ] || worst=0 ;;
		4)	;;
		*)	worst=2 ;;
		esac
	done
	[ $worst -ne 4 ] ||
		echo "# nothing to explain: no mapping here is named ${1:-anything}; ./run_tests.sh -l lists them"
	exit $worst
}

run_programs() {
	for program in $programs; do
		echo "#@program $program"
		"$here/$program" "$@" 2>&1
		echo "#@status $?"
	done
}

# How many results there are going to be, or nothing where that cannot be told.
count_results() {
	for program in $programs; do
		PFN_MKWRITE_PLAN=yes "$here/$program" "$@" 2>/dev/null
	done | awk -v programs="$programs" '
		/^1\.\.[0-9]/ {
			told++
			nr += / # SKIP/ ? 1 : substr($1, 4)
		}
		END {
			if (told == split(programs, list, " "))
				print nr
		}'
}

# One flat TAP stream out of those of the programs, line by line as it comes.
flatten() {
	awk -v controls="$controls" -v selected="$selected" -v planned="$1" '
	# What is known of a program at its end comes before the last result that is
	# planned: kunit.py reads no further.
	function result(word, text, at_end) {
		if (word != "ok")
			fail++
		else if (text ~ /# SKIP/)
			skip++
		else
			pass++
		if (planned == nr + 1 && !at_end && !held) {
			held = word
			held_text = text
			return
		}
		print word, ++nr, text
	}

	# The status of a program has to agree with what it said.
	function end_of_program(status) {
		if (status == 1 && fail == failed_before)
			result("not ok", program ".failed_without_a_result", 1)
		if (status == 0 || status == 1 || status == 4)
			return
		print "# " program " ended with status " status ", signals counting from 128"
		result("not ok", program ".died", 1)
	}

	function name_of(line) {
		sub(/^# mapping /, "", line)
		sub(/:.*/, "", line)
		return line
	}

	BEGIN {
		nr_controls = split(controls, list, " ")
		for (i = 1; i <= nr_controls; i++)
			is_control[list[i]] = 1
		print "TAP version 13"
		# kunit.py takes one at the end for a test, and misses none there.
		if (planned)
			print "1.." planned
	}

	/^#@program / {
		program = $2
		failed_before = fail
		next
	}
	/^#@status / {
		end_of_program($2)
		fflush()
		next
	}
	/^TAP version / || /^# Totals: / || / skipped test\(s\) detected[.] / { next }
	/^1\.\.0 # SKIP/ {
		sub(/.*# SKIP/, "# SKIP")
		result("ok", program " " $0)
		fflush()
		next
	}
	/^1\.\./ { next }
	# The next line says the same, and each takes its time on a slow console.
	/^#  +OK  / { next }
	/^(not )?ok / {
		word = /^not / ? "not ok" : "ok"
		sub(/^(not )?ok [0-9]* /, "")
		result(word, $0)
		fflush()
		next
	}
	/^# mapping / && !/^# mapping [^:]*: not measured/ {
		if (!(name_of($0) in is_control))
			measured = 1
	}
	{
		# The shell and libraries know nothing of TAP.
		if (!/^#/ && !/^Bail out!/)
			printf "# "
		print
		# An explanation comes as a whole; a slow console takes its time for each piece.
		if (!/^#     / || /^#     so: /)
			fflush()
	}

	END {
		if (held)
			print held, ++nr, held_text
		if (!planned)
			print "1.." nr + 0
		print "# Totals: pass:" pass + 0 " fail:" fail + 0 " xfail:0 xpass:0 skip:" \
			skip + 0 " error:0"
		if (fail)
			exit 1
		if (measured || selected)
			exit 0
		print "# no device mapping was measured: looked for /dev/udmabuf, for heaps in /dev/dma_heap, for a file system mounted with dax, and for a card in /dev/dri that makes dumb buffers; ./run_tests.sh --vm brings its own"
		exit 4
	}'
}

# ready_report DIR: before the tests are run for nothing.
ready_report() {
	report=$1
	[ "$report" ] || die "--report needs a folder to write to"
	report_awk=$here/lib/report.awk
	[ -r "$report_awk" ] || report_awk=$here/report.awk
	[ -r "$report_awk" ] ||
		die "--report: $report_awk is missing: copy it here from lib/ of the source"
	said=$(mkdir -p "$report" 2>&1) || die "--report $report cannot be made: ${said##*: }"
	for file in output.log report.html report.txt; do
		said=$({ : >>"$report/$file"; } 2>&1) ||
			die "--report: $report/$file cannot be written: ${said##*: }"
	done
}

# Each word as the shell takes it.
quoted() {
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_./,:=+-]*)
			printf " '%s'" "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")" ;;
		*)	printf ' %s' "$word" ;;
		esac
	done
}

# What arm64 has no names for, it has numbers for.
cpu() {
	{
		[ ! -r /proc/device-tree/model ] ||
			tr '\000' '\n' </proc/device-tree/model
		awk -F '[ \t]*: *' '
			$1 == "model name" || $1 == "uarch" { print $2 }
			$1 == "CPU implementer" { implementer = $2 }
			$1 == "CPU part" { print "implementer " implementer ", part " $2 }
			' /proc/cpuinfo
	} | awk '$0 != "" && !seen[$0]++ { printf "%s%s", nr++ ? "; " : "", $0 }'
}

# about_machine ARGUMENT...: what the report says of this machine, and how to see it again.
about_machine() {
	echo "#@rig this machine"
	echo "#@release $(uname -r)"
	echo "#@machine $(uname -m)"
	echo "#@cpu $(cpu)"
	# What else is there is nobody's business.
	echo "#@append $(tr ' ' '\n' </proc/cmdline | grep '^id_aa64\|^arm64[.]' | tr '\n' ' ')"
	printf '#@command '
	for name in DRM ONLY SKIP DEVDAX BAR VFIO; do
		eval "value=\${PFN_MKWRITE_$name:-}"
		[ ! "$value" ] || printf 'PFN_MKWRITE_%s=%s ' $name "$(quoted "$value" | cut -c 2-)"
	done
	echo "./run_tests.sh$(quoted "$@")"
}

# run_with_report ARGUMENT...: runs the tests, and sets status.
run_with_report() {
	log=$report/output.log
	about_machine "$@" 2>/dev/null >"$log"
	planned=$(count_results "$@")
	# The status goes by 4, what is printed by 3.
	exec 3>&1
	status=$({
		{
			run_programs "$@" 3>&- 4>&- | flatten "$planned" 3>&- 4>&-
			echo $? >&4
		} | tee -a "$log" >&3
	} 4>&1)
	exec 3>&-
	{ echo "#@exit ${status:=2}" >>"$log"; } 2>/dev/null || :
}

write_report() {
	# Not every awk tells that it could not write, and a text has no other characters.
	for form in html txt; do
		said=$(tr -d '\000-\010\013-\037\177' <"$log" | tr '\200-\377' '?' |
			LC_ALL=C awk -v form=$form -f "$report_awk" 2>&1 >"$report/report.$form")
		case $(tail -n 1 "$report/report.$form"):$(tail -n 1 "$log") in
		'</html>:#@exit '* | 'End of the report.:#@exit '*) ;;
		*)	die "--report: $report/report.$form is not complete: ${said:-there may be" \
				"no space left}; what the tests said is above" ;;
		esac
	done
}

report=
while :; do
	case ${1:-} in
	--report)
		case ${3:-} in
		-l | --list | --explain)
			die "--report is of no use with $3, which tests nothing" ;;
		esac
		ready_report "${2:-}"
		shift 2
		;;
	*)	break ;;
	esac
done
selected=
case ${1:-} in
--vm)
	shift
	vm ${report:+--report "$report"} "$@"
	;;
--list)
	vm --list
	;;
--explain)
	shift
	build_if_source
	explain "$@"
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
if [ "$report" ]; then
	run_with_report "$@"
	write_report
	exit "$status"
fi
run_programs "$@" | flatten "$(count_results "$@")"
