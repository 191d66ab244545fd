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
# The first form needs a POSIX shell, awk and the programs: BusyBox is enough.

here=$(dirname "$0")
programs='pfn_mkwrite_test pfn_mkwrite_drm'
[ ! -x "$here/pfn_mkwrite_module" ] || [ ! -e /dev/pfn_mkwrite ] ||
	programs="$programs pfn_mkwrite_module"

# Where the programs for awk are: in the source, and in an installed suite.
awk=$here/report
[ -d "$awk" ] || awk=$here

# Mappings that every machine has. They are not device memory.
controls='memfd perf_ring'

usage() {
	cat <<'END'
usage: ./run_tests.sh [-q | --tap] [--report DIR] [-t TEST] [-v MAPPING] [-f FIXTURE]
	test this machine. A test runs if it fits one of each of these options that are
	given; -T, -V and -F leave out, -r FIXTURE.MAPPING.TEST adds one test, and -l
	lists all. A terminal gets the answer, a file or a pipe TAP; --tap is TAP, and
	-q the rows alone. DIR/report.html and DIR/report.txt show the verdicts, with
	the evidence for each one that fails; DIR/output.log is the output
       ./run_tests.sh --explain [MAPPING]
	show what the kernel does for one store to it; needs root and tracefs. The
	tests end with this for each verdict that fails
       ./run_tests.sh --vm [OPTION...] [RIG...] [-- OPTION...]
	test QEMU guests; ./run_tests.sh --vm --help shows the options. What stands
	behind -- is for run_tests.sh in the guest
       ./run_tests.sh --list
	list the guests, and what each one shows

PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one DRM card, PFN_MKWRITE_ONLY=PATTERN
picks mappings by name, and PFN_MKWRITE_SKIP=PATTERN leaves mappings out. The tests overwrite
the devices named in PFN_MKWRITE_DEVDAX=/dev/daxN.M,...,
PFN_MKWRITE_BAR=/sys/bus/pci/devices/SLOT/resourceN and PFN_MKWRITE_VFIO=SLOT.
exit status: 0 passed, 1 failed, 4 no device memory here, 2 could not run, or a word of the
command line matches nothing
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

# known_words: print what a stray word may be, for nearest.awk.
known_words() {
	tests="./run_tests.sh${guest:+ --vm --}"
	for rig in "$here"/vm/rigs/*; do
		[ ! -f "$rig" ] ||
			printf '%s\ta rig\t./run_tests.sh --vm %s\n' "${rig##*/}" "${rig##*/}"
	done
	[ ! -x "$here/vm/run.sh" ] || printf 'all\tall rigs\t./run_tests.sh --vm all\n'
	printf '%s\tan option\t./run_tests.sh %s\n' --vm --vm --help --help --tap --tap \
		--report --report --explain --explain --list --list
	for word in $controls; do
		printf '%s\ta mapping\t%s -v %s\n' "$word" "$tests" "$word"
	done
	sed -n 's/^\t  \(-'"${guest:+*}"'-[a-z]*\) .*/\1\tan option of --vm\t.\/run_tests.sh --vm \1/p' \
		"$here/vm/run.sh" 2>/dev/null
	for program in $programs; do
		[ ! -x "$here/$program" ] || "$here/$program" -l 2>&1
	done | awk -v tests="$tests" '
		function print_name(text, what, option) {
			gsub(/ /, "", text)
			if (text != "")
				print text "\t" what "\t" tests " " option " " text
		}
		/^# FIXTURE / {
			variant = index($0, "VARIANT")
			test = index($0, "TEST")
			next
		}
		test && !/^-/ {
			print_name(substr($0, variant, test - variant), "a mapping", "-v")
			print_name(substr($0, test), "a test", "-t")
		}'
	# Not built, or not on this machine.
	sed -n "s,^TEST_F[A-Z_]*([a-z]*\, \([a-z_]*\).*,\1\ta test\t$tests -t \1,p" \
		"$here"/lib/tests/*.h 2>/dev/null
	awk '$1 == "expect" {
		sub(/.*\//, "", FILENAME)
		print $2 "\ta mapping of a guest\t./run_tests.sh --vm " FILENAME " -- -v " $2
	}' "$here"/vm/rigs/arm64-7.3-[a-z]* "$here"/vm/rigs/* 2>/dev/null
}

# stray WORD: exit, and say what the word is, or what is near.
stray() {
	[ "$1" ] || die "one of the arguments is empty"
	said=$(known_words | word=$1 awk -f "$awk/nearest.awk" 2>/dev/null)
	case $said in
	*' is a'[nl' ']*) die "$said" ;;
	*)	die "${said:-$1 is not known}; --help and --list show what there is" ;;
	esac
}

# need_value LEFT VALUE SENTENCE: exit if an option has no value.
need_value() {
	case $1:$2 in
	0:* | *: | *:-*) die "$3" ;;
	esac
}

# machine_of FILE: print the machine that an ELF file is for, two bytes.
machine_of() {
	# shellcheck disable=SC2046	# to be split into words
	set -- $(od -A n -t x1 -v -N 20 "$1" 2>/dev/null)
	[ "${1:-}${2:-}${3:-}${4:-}" != 7f454c46 ] || echo "${19:-}${20:-}"
}

# Exit if the programs are for another machine: a shell may take them for scripts.
need_machine() {
	own=$(machine_of /proc/$$/exe)
	for program in $programs; do
		machine=$(machine_of "$here/$program")
		case $machine in
		'' | "$own") continue ;;
		esac
		# A kernel may run programs of several kinds.
		PFN_MKWRITE_PLAN=yes "$here/$program" 2>&1 </dev/null |
			grep -q '^1[.][.]\|PFN_MKWRITE_' && continue
		case $machine in
		b700)	machine=aarch64 ;;
		2800)	machine=arm ;;
		3e00)	machine=x86_64 ;;
		f300)	machine=riscv ;;
		*)	machine="another machine" ;;
		esac
		die "$here/$program is for $machine and does not run on this $(uname -m);" \
			"CROSS_COMPILE= tells make board.tar.xz for which machine to pack"
	done
}

# build_if_source [PROGRAM]: build the test programs and PROGRAM if one is missing.
build_if_source() {
	for program in $programs "$@"; do
		[ -x "$here/$program" ] && continue
		[ ! -f "$here/$program" ] ||
			die "$here/$program cannot be executed: see its mode, and noexec in /proc/mounts"
		[ -x "$here/vm/deps.sh" ] ||
			die "$here/$program is missing: build it with make, or copy it here"
		"$here/vm/deps.sh" build >&2 || exit 2
		make -s -C "$here" >&2 ||
			die "the programs could not be built; a guest of vng cannot write: run make before it"
		return
	done
}

# plan ARGUMENT...: set planned, the number of results, or "" if it is unknown, and drop
# the programs without a selected test. A word has to match in one of the programs.
plan() {
	said=$(for program in $programs; do
		echo "#@program $program"
		PFN_MKWRITE_PLAN=yes "$here/$program" "$@" 2>&1
		echo "#@status $?"
	done | awk '
		/^#@program / {
			program = $2
			list[++nr_programs] = program
		}
		/^1\.\.[0-9]/ {
			told++
			nr[program] = / # SKIP/ ? 1 : substr($1, 4) + 0
			planned += nr[program]
		}
		/; -[hl] lists all / && !seen[program, $0]++ {
			if (!unmatched[$0]++)
				sentence[++nr_sentences] = $0
		}
		/^#@status 2$/ { refused = last }
		/^#@status 12[67]$/ { refused = program " cannot be executed: " last }
		{ last = $0 }
		END {
			for (i = 1; i <= nr_sentences && refused == ""; i++)
				if (unmatched[sentence[i]] == nr_programs)
					refused = sentence[i]
			if (refused == "" && told == nr_programs && !planned)
				refused = "no test fits all filters; -l lists all tests"
			if (refused != "") {
				print refused
				exit 1
			}
			printf "%s", told == nr_programs ? planned : ""
			for (i = 1; i <= nr_programs; i++)
				if (!(list[i] in nr) || nr[list[i]])
					printf " %s", list[i]
		}') || die "$said"
	planned=${said%% *}
	programs=${said#* }
}

run_programs() {
	for program in $programs; do
		echo "#@program $program"
		PFN_MKWRITE_PLAN=known "$here/$program" "$@" 2>&1
		echo "#@status $?"
	done
}

# Turn the output of the programs into one flat TAP stream, line by line. Verdicts that
# fail are explained after the results: that takes kprobes.
flatten() {
	explain=$here/pfn_mkwrite_explain
	[ -x "$explain" ] && [ "$(id -u)" = 0 ] || explain=
	export explain
	awk -v controls="$controls" -v planned="$planned" '
	# Hold the last planned result back until the programs have ended: kunit.py does
	# not read what comes after it.
	function result(word, text, at_end) {
		if (word != "ok")
			fail++
		else if (text ~ /# SKIP/)
			skip++
		else
			pass++
		if (text ~ /^absent[.]|^mapping[.]|^[^. ]* # SKIP/ && !is_control[part_of(text)])
			wanted = 1
		if (planned == nr + 1 && !at_end && !held) {
			held = word
			held_text = text
			return
		}
		print word, ++nr, text
	}

	# The status of a program must agree with its results.
	function end_of_program(status) {
		if (status == 1 && fail == failed_before)
			result("not ok", program ".failed_without_a_result", 1)
		if (status == 0 || status == 1 || status == 4)
			return
		print "# " program " ended with status " status ", signals counting from 128"
		result("not ok", program ".died", 1)
	}

	# The second part of the name of a result.
	function part_of(text) {
		split(text, part, /[. ]/)
		return part[2]
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
		# kunit.py takes a plan at the end for a test.
		if (planned)
			print "1.." planned
	}

	# Of the lines of a test that passes, two of three: they are asked for first. The
	# result says the same as the second one, and a console is slow.
	/^#  RUN  / {
		print
		fflush()
		next
	}
	/^#  +(OK|SKIP)  / { next }
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
	/^(not )?ok / {
		word = /^not / ? "not ok" : "ok"
		sub(/^(not )?ok [0-9]* /, "")
		# The next line is the name of the next test, or the end: they flush.
		result(word, $0)
		next
	}
	/^# mapping [^:]*: (ignored|unexpected) / { failed_verdicts = failed_verdicts $0 "\n" }
	/^# mapping / && !/^# mapping [^:]*: not measured/ {
		if (!(name_of($0) in is_control))
			measured = 1
	}
	{
		# The shell and libraries do not print TAP.
		if (!/^#/ && !/^Bail out!/)
			printf "# "
		print
		fflush()
	}

	END {
		if (held)
			print held, ++nr, held_text
		fflush()
		if (failed_verdicts != "" && ENVIRON["explain"] != "") {
			printf "%s", failed_verdicts | "\"$explain\" -"
			close("\"$explain\" -")
		}
		if (!planned)
			print "1.." nr + 0
		print "# Totals: pass:" pass + 0 " fail:" fail + 0 " xfail:0 xpass:0 skip:" \
			skip + 0 " error:0"
		if (fail)
			exit 1
		if (measured || !wanted)
			exit 0
		print "# no device mapping was measured: looked for /dev/udmabuf, for heaps in /dev/dma_heap, for a file system mounted with dax, and for a card in /dev/dri that makes dumb buffers. The # mapping lines say what each one takes; modprobe vgem makes a card, and ./run_tests.sh --vm brings its own"
		exit 4
	}'
}

# Check that the report can be written, before the tests run.
ready_report() {
	for file in read.awk report.awk; do
		[ -r "$awk/$file" ] ||
			die "--report: $awk/$file is missing: copy it here from report/ of the source"
	done
	said=$(mkdir -p "$report" 2>&1) || die "--report $report cannot be made: ${said##*: }"
	for file in output.log report.html report.txt; do
		said=$({ : >>"$report/$file"; } 2>&1) ||
			die "--report: $report/$file cannot be written: ${said##*: }"
	done
}

# quoted WORD...: quote each word for the shell.
quoted() {
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_./,:=+-]*)
			printf " '%s'" "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")" ;;
		*)	printf ' %s' "$word" ;;
		esac
	done
}

# On arm64, /proc/cpuinfo has numbers instead of names.
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

# about_machine ARGUMENT...: print what the report needs about this machine and this run.
about_machine() {
	echo "#@rig this machine"
	echo "#@release $(uname -r)"
	echo "#@machine $(uname -m)"
	echo "#@cpu $(cpu)"
	# Only what changes the CPU: the rest may be private.
	echo "#@append $(tr ' ' '\n' </proc/cmdline | grep '^id_aa64\|^arm64[.]' | tr '\n' ' ')"
	printf '#@command '
	for name in DRM ONLY SKIP DEVDAX BAR VFIO; do
		eval "value=\${PFN_MKWRITE_$name:-}"
		[ ! "$value" ] || printf 'PFN_MKWRITE_%s=%s ' $name "$(quoted "$value" | cut -c 2-)"
	done
	echo "./run_tests.sh$(quoted "$@")"
}

# present: turn the facts and the TAP on stdin into what is wanted on stdout.
present() {
	[ "$form" ] || exec sed '/^#@/d'
	columns=80 copy='' color='' live=''
	if [ "$form" = tap ]; then
		copy=1
	elif [ -t 1 ]; then
		columns=$(stty size <&3 2>/dev/null | cut -d ' ' -f 2)
		[ "${TERM:-dumb}" = dumb ] || [ "${NO_COLOR:-}" ] || color=1
		[ "${TERM:-dumb}" = dumb ] || [ ! -t 2 ] || live=1
	fi
	LC_ALL=C exec awk -v form="$form" -v copy=$copy -v columns="$columns" -v color=$color \
		-v live=$live -f "$awk/screen.awk" -f "$awk/read.awk"
}

# run_and_present ARGUMENT...: run the tests and set status.
run_and_present() {
	log=/dev/null
	[ ! "$report" ] || log=$report/output.log
	# File 3 is the output, file 4 the status.
	exec 3>&1
	status=$({
		{
			about_machine "$@" 2>/dev/null
			run_programs "$@" 3>&- 4>&- | flatten 3>&- 4>&-
			echo $? >&4
		} | tee "$log" | present >&3
	} 4>&1)
	exec 3>&-
	{ echo "#@exit ${status:=2}" >>"$log"; } 2>/dev/null || :
}

write_report() {
	# Not every awk fails if it cannot write. Keep ASCII alone.
	for form in html txt; do
		said=$(tr -d '\000-\010\013-\037\177' <"$log" | tr '\200-\377' '?' |
			LC_ALL=C awk -v form=$form -f "$awk/read.awk" -f "$awk/report.awk" 2>&1 >"$report/report.$form")
		case $(tail -n 1 "$report/report.$form"):$(tail -n 1 "$log") in
		'</html>:#@exit '* | 'End of the report.:#@exit '*) ;;
		*)	die "--report: $report/report.$form is not complete: ${said:-there may be" \
				"no space left}; what the tests said is above" ;;
		esac
	done
	echo "$report/report.html has the verdicts and the evidence, for a browser" >&2
	echo "$report/report.txt has the same as text, to send with a report of the bug" >&2
}

# What to print: TAP with the rows behind it, the screen, the rows alone, or just TAP.
form=tap
[ ! -t 1 ] || form=screen
form=${PFN_MKWRITE_FORM:-$form}
report='' action='' for_vm='' left=$#
# vm/run.sh asks whether these words will do in a guest.
guest=${PFN_MKWRITE_CHECK:-}
# Options of the harness go behind the words that are left.
while [ "$left" -gt 0 ]; do
	word=$1
	shift
	left=$((left - 1))
	case $guest$word in
	yes--vm | yes--list)
		stray "$word" ;;
	yes--report)
		die "--report stands in front of --: ./run_tests.sh --vm --report DIR" ;;
	esac
	case $word in
	--tap)	form=tap for_vm=--tap ;;
	-q)	form=rows for_vm=-q ;;
	--report)
		[ ! "$report" ] || die "--report is given twice"
		need_value "$left" "${1:-}" "--report needs a folder to write to"
		report=$1
		shift
		left=$((left - 1))
		;;
	-[fFvVtTr])
		need_value "$left" "${1:-}" "$word needs a name; -l lists all tests"
		set -- "$@" "$word" "$1"
		shift
		left=$((left - 1))
		;;
	-[fFvVtTr]?* | -d)
		set -- "$@" "$word" ;;
	--vm)
		if [ $# -gt "$left" ]; then
			shift "$left"
			die "$1 is for the tests in a guest: ./run_tests.sh --vm -- $*"
		fi
		vm $for_vm ${report:+--report "$report"} "$@"
		;;
	-l | -h | --help | --list | --explain)
		[ ! "$report" ] || die "--report is of no use with $word, which runs no test"
		action=$word mapping=''
		case $word:${1:-} in
		--explain:[!-]*)
			mapping=$1
			shift
			left=$((left - 1))
			;;
		esac
		[ $# -eq 0 ] || stray "$1"
		;;
	*)	stray "$word" ;;
	esac
done
[ ! "$guest" ] || exit 0
case $action in
--list)
	vm --list
	;;
--explain)
	build_if_source pfn_mkwrite_explain
	need_machine
	exec "$here/pfn_mkwrite_explain" ${mapping:+"$mapping"}
	;;
-h | --help)
	usage
	exit 0
	;;
-l)
	build_if_source
	need_machine
	for program in $programs; do
		"$here/$program" -l
	done
	exit 0
	;;
esac

[ ! "$report" ] || ready_report
[ "$form" != plain ] && [ -r "$awk/screen.awk" ] && [ -r "$awk/read.awk" ] || form=
build_if_source
need_machine
plan "$@"
if [ ! "$form$report" ]; then
	run_programs "$@" | flatten
	exit
fi
run_and_present "$@"
[ ! "$report" ] || write_report
exit "$status"
