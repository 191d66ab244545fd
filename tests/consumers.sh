#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Feed the suite's output to prove, npm's tap-parser and the kernel's kunit.py: they must
# see each result and each failure. Check for all that is known to confuse consumers. Use
# the output that tests/native.sh and tests/guests.sh have left, if they have run.
# Usage: work=DIR tests/consumers.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/consumers
dir=$out/suite
mkdir -p "$out"
export PYTHONDONTWRITEBYTECODE=1

# For each consumer, read_NAME prints "pass NAME", "fail NAME" or "skip NAME" for each
# result, and failed, passed or nothing at the end.
consumers=(prove kunit tap_parser_debian tap_parser_npm)

# read_plainly FILE: the same from its lines, by the rules of TAP.
read_plainly() {
	awk '
	/^1\.\.[0-9]+/	{ plans++; plan = substr($0, 4) + 0 }
	/^Bail out!/	{ bad = 1 }
	/^(not )?ok /	{
		result = /^not / ? "fail" : / # SKIP/ ? "skip" : "pass"
		sub(/^(not )?ok [0-9]+ /, "")
		sub(/ # .*/, "")
		print result, $0
		nr[result]++
	}
	END {
		seen = nr["pass"] + nr["fail"]
		if (bad || plans != 1 || plan != seen + nr["skip"] || nr["fail"])
			print "failed"
		else
			print seen ? "passed" : "nothing"
	}' "$1"
}

# The program gives the verdict and the number of results, its library the names.
read_prove() {
	local said tests passed=1

	said=$(prove --exec cat "$1" 2>&1) || passed=
	tests=$(sed -n 's/^Files=1, Tests=\([0-9]*\),.*/\1/p' <<<"$said")
	perl -MTAP::Parser -e '
		my ($file, $tests, $passed) = @ARGV;
		open(my $in, "<", $file) or die $!;
		my $parser = TAP::Parser->new({ tap => join("", <$in>) });
		my %nr = (pass => 0, fail => 0, skip => 0);
		while (my $line = $parser->next) {
			next unless $line->is_test;
			my $result = !$line->is_ok ? "fail" :
				     $line->has_skip ? "skip" : "pass";
			my $name = $line->description;
			$name =~ s/ # .*//;
			print "$result $name\n";
			$nr{$result}++;
		}
		print "error $_\n" for $parser->run > $tests ? "prove saw $tests" : ();
		print !$passed ? "failed" : $nr{pass} + $nr{fail} ? "passed" : "nothing", "\n";
	' "$1" "${tests:-0}" "$passed"
}

# read_tap_parser FILE WHOSE
read_tap_parser() {
	local rc=0 json=$out/tap_parser_$2.json

	# shellcheck disable=SC2086	# a command with its arguments
	${program[tap_parser_$2]} -j <"$1" >"$json" || rc=$?
	"$python" - "$json" "$rc" <<-'END'
		import json, sys

		passed = sys.argv[2] == "0"
		nr = {"pass": 0, "fail": 0, "skip": 0}
		for event in json.load(open(sys.argv[1])):
		    what, said = event[0], event[1] if len(event) > 1 else None
		    if what == "assert":
		        result = ("fail" if not said["ok"] else
		                  "skip" if said.get("skip") is not None and
		                  said.get("skip") is not False else "pass")
		        print(result, said["name"].split(" # ")[0])
		        nr[result] += 1
		    elif what == "child":
		        print("error: results in results")
		    elif what == "complete":
		        skip = said.get("skip") or 0
		        fail = said["count"] - said["pass"]
		        if (said["count"] - skip - fail, fail, skip) != tuple(nr.values()):
		            print("error: counted", said["count"])
		print("failed" if not passed else
		      "passed" if nr["pass"] + nr["fail"] else "nothing")
	END
}

read_tap_parser_debian() {
	read_tap_parser "$1" debian
}

read_tap_parser_npm() {
	read_tap_parser "$1" npm
}

# A planned test without a result is one without a name that has crashed.
read_kunit() {
	local rc=0 json=$out/kunit.json

	rm -f "$json"
	"$python" "$selftests/../kunit/kunit.py" parse --json="$json" "$1" \
		>"$out/kunit.said" 2>&1 || rc=$?
	[[ -e $json ]] || { cat "$out/kunit.said"; return 1; }
	"$python" - "$json" "$rc" <<-'END'
		import json, sys

		passed = sys.argv[2] == "0"
		nr = {"PASS": 0, "FAIL": 0, "SKIP": 0, "ERROR": 0}
		group = json.load(open(sys.argv[1]))
		for case in group["test_cases"]:
		    nr[case["status"]] += 1
		    if case["status"] != "ERROR" or case["name"]:
		        print(case["status"].lower(), case["name"])
		for other in group["sub_groups"]:
		    print("error: results in results:", other["name"])
		misc = group["misc"]
		counted = tuple(misc[key] for key in ("passed", "failed", "skipped", "crashed"))
		if counted != tuple(nr.values()):
		    print("error: counted", counted)
		# 1..0 is an error for kunit.py.
		if misc["errors"] != (nr["ERROR"] if misc["tests"] else 1):
		    print("error: finds fault with the output")
		print("passed" if passed else
		      "failed" if misc["tests"] > misc["skipped"] else "nothing")
	END
}

# read_all FILE: all consumers at once.
read_all() {
	local consumer pids=()

	for consumer in "${consumers[@]}"; do
		[[ ! ${missing[$consumer]:-} ]] || continue
		"read_$consumer" "$1" >"$out/$consumer.read" 2>&1 &
		pids+=($!)
	done
	((!${#pids[@]})) || wait "${pids[@]}"
}

# same CONSUMER FILE: it has seen the results of FILE.
same() {
	diff <(read_plainly "$2") "$out/$1.read"
}

# The texts of errno. A reason must not contain one.
errnos() {
	perl -e 'for (1 .. 133) { $! = $_; print "$!\n" unless $! =~ /^Unknown/ }'
}

# conventions FILE STATUS [CUT]: print what is known to confuse a consumer. With CUT, the
# output is incomplete, and more may be planned.
conventions() {
	awk -v status="$2" -v cut="${3:-}" '
	function wrong(what) {
		print what (NR ? ", line " NR ": " $0 : "")
		bad = 1
	}

	/\[FAIL\]| FAIL:|\[SKIP\]|SKIP:/	{ wrong("somebody greps for this") }

	/^TAP version / {
		if (headers++ || nr || plans || $0 != "TAP version 13")
			wrong("no header or a second one")
		next
	}
	/^1\.\./ {
		if (plans++ || $0 !~ /^1\.\.([1-9][0-9]*|0 # SKIP .*)$/)
			wrong("no plan or a second one")
		plan = substr($1, 4) + 0
		planned_at = nr
		reason = $0
		if (sub(/.* # SKIP /, "", reason) && reason ~ /[0-9#\/]/)
			wrong("not a constant reason")
		next
	}
	/^(not )?ok / {
		result = /^not / ? "fail" : / # SKIP/ ? "skip" : "pass"
		count[result]++
		nr++
		if ($0 !~ /^(not )?ok [1-9][0-9]* [A-Za-z0-9_.-]+$/ &&
		    $0 !~ /^ok [1-9][0-9]* [A-Za-z0-9_.-]+ # SKIP [^#0-9\/]+$/)
			wrong("not a result as all read it")
		number = /^not / ? $3 : $2
		name = /^not / ? $4 : $3
		if (number != nr)
			wrong("not the number " nr)
		if (named[name]++)
			wrong("a second one of that name")
		if (name ~ /card[0-9]/)
			wrong("the number of a card is no name")
		if (measured != "" && index(name, "mapping." measured ".") != 1 &&
		    index(name, "truth." measured ".") != 1 &&
		    name != "absent." measured ".mapping")
			wrong("not the result that " measured " was measured for")
		measured = ""
		next
	}
	/^# Totals: / {
		said = $0
		if (totals++)
			wrong("a second sum")
		next
	}
	/^# mapping / {
		measured = $0
		sub(/^# mapping /, "", measured)
		sub(/:.*/, "", measured)
		if (!headers)
			wrong("measured before the header")
		next
	}
	!/^#/ { wrong("neither TAP nor a comment") }

	END {
		NR = 0
		if (headers != 1 || plans != 1)
			wrong("headers: " headers + 0 ", plans: " plans + 0)
		if (planned_at && planned_at != nr)
			wrong("the plan is in the middle")
		if (cut ? plan < nr : plan != nr + 0)
			wrong("planned: " plan ", results: " nr + 0)
		if (measured != "")
			wrong("no result that " measured " was measured for")
		sum = sprintf("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0", \
			count["pass"], count["fail"], count["skip"])
		if (nr && said != sum)
			wrong("not the sum: " said)
		failed = status == 1 || status == 3
		if (!(status == 0 || status == 4 || failed) ||
		    failed != (count["fail"] > 0) || (!nr && status != 4))
			wrong("status " status ", failures: " count["fail"] + 0)
		exit bad
	}' "$1" || return
	constant_reasons "$1"
}

# Each reason is one string in the source.
constant_reasons() {
	local reason bad=0

	while read -r reason; do
		if grep -qxF -- "${reason##*: }" "$out/errnos"; then
			echo "an error's text: $reason"
			bad=1
		elif ! grep -qF -- "\"$reason" pfn_mkwrite_*.c lib/*/*.[ch]; then
			echo "not in the source: $reason"
			bad=1
		fi
	done < <(sed -n 's/.* # SKIP //p' "$1" | sort -u)
	return $bad
}

# is WANT FILE: FILE reads as failed, passed or nothing.
is() {
	[[ $(read_plainly "$2" | tail -n 1) =~ ^($1)$ ]]
}

# summary FILE: a cell of the table.
summary() {
	read_plainly "$1" | awk '
		NF > 1	{ nr[$1]++ }
		END	{ printf "%d pass, %d fail, %d skip: %s\n",
			  nr["pass"], nr["fail"], nr["skip"], $1 }'
}

# by_status STATUS: the reading that fits an exit status.
by_status() {
	case $1 in
	0)	echo passed ;;
	4)	echo 'passed|nothing' ;;
	*)	echo failed ;;
	esac
}

# feed NAME FILE WANT RUN [RESULT]: to all consumers.
feed() {
	local name=$1 file=$2 consumer agree=''

	read_all "$file"
	check "$name.read" is "$3" "$file"
	for consumer in "${consumers[@]}"; do
		if [[ ${missing[$consumer]:-} ]]; then
			skip "$name.$consumer" "${missing[$consumer]}"
		elif check "$name.$consumer" same "$consumer" "$file"; then
			agree+=", ${labels[$consumer]}"
		fi
	done
	lab "$name" "$4" "${5:-$(summary "$file")} by ${agree#, }"
}

# keep_output NAME COMMAND...: keep the output in $out/NAME, and the exit status.
keep_output() {
	local name=$1 rc=0
	shift

	"$@" >"$out/$name" 2>"$out/$name.err" || rc=$?
	echo "$rc" >"$out/$name.status"
}

# feed_all NAME RUN [CUT]: feed, and check the conventions.
feed_all() {
	local status

	if grep -qs ' is wanted, but ' "$out/$1.err"; then
		skip "$1" "the mirror no longer has this kernel"
		return
	fi
	status=$(<"$out/$1.status")
	feed "$1" "$out/$1" "$(by_status "$status")" "$2"
	check "$1.conventions" conventions "$out/$1" "$status" "${3:-}"
}

# Take the suite of tests/native.sh, or build it.
build() {
	if [[ -x $work/native/run_tests.sh ]]; then
		rm -rf "$dir"
		cp -r "$work/native" "$dir"
	else
		make OUTPUT="$out/build" INSTALL_PATH="$dir" all install
	fi
}

# A program crashes, and run_tests.sh continues.
make_dying() {
	rm -rf "$out/board"
	cp -r "$dir" "$out/board" &&
	cat >"$out/board/pfn_mkwrite_drm" <<-'END'
		#!/bin/sh
		echo 'TAP version 13'
		echo '1..2'
		echo 'ok 1 mapping.x.first_store'
		kill -SEGV $$
	END
}

# killed N COMMAND...: kill it after its Nth result. A small pipe keeps it from ending
# before that.
killed() {
	perl -e '
		my ($left, @command) = @ARGV;
		pipe(my $in, my $out) or die $!;
		fcntl($out, 1031, 4096) or die $!;	# F_SETPIPE_SZ
		my $pid = fork;
		if (!$pid) {
			open(STDOUT, ">&", $out) or die $!;
			exec @command;
		}
		close($out);
		while (my $line = <$in>) {
			print $line;
			$left -= $line =~ /^(not )?ok /;
			kill "KILL", $pid if !$left;
		}
		waitpid $pid, 0;
		exit($? != 9);
	' "$@"
}

# make_guest_suite NAME [PLAN]: a suite that prints two results and then runs stdin.
make_guest_suite() {
	mkdir -p "$out/$1.suite"
	{
		printf '#!/bin/sh\n'
		printf "echo '%s'\n" 'TAP version 13' "${@:2}" \
			'# mapping udmabuf: hidden (first store 1, load 1 then store 0, again 0, forked child 0, 64 pages 1, pgreuse 0)' \
			'ok 1 mapping.udmabuf.first_store' \
			'ok 2 mapping.udmabuf.notified_once # SKIP the driver does not ask to be notified'
		cat
	} >"$out/$1.suite/run_tests.sh"
	chmod +x "$out/$1.suite/run_tests.sh"
}

# guest NAME SUITE OPTION...
guest() {
	PFN_MKWRITE_SUITE=$2 keep_output "$1" \
		./run_tests.sh --vm --output "$out/$1.d" "${@:3}"
}

# The time limit must come after the first results: on a busy machine, take a later one.
hang() {
	local limit

	for limit in 15 90; do
		guest hung "$out/hung.suite" --timeout "$limit"
		! grep -q '^ok 2 ' "$out/hung" || break
	done
}

# guest_of NAME RIG OPTION...: take the output of tests/guests.sh, or run the guest.
guest_of() {
	local name=$1 before=$work/guests/$2

	if [[ -s $before ]] && tail -n 1 "$before" | grep -q '^status [014]$'; then
		sed '$d' "$before" >"$out/$name"
		tail -n 1 "$before" | sed 's/status //' >"$out/$name.status"
		rm -rf "$out/$name.d"
		cp -r "$before.d" "$out/$name.d"
	else
		shift
		guest "$name" '' "$@"
	fi
}

# The file for labs has the same results.
same_log() {
	[[ -s $out/$1.d/tap.log ]] &&
		diff <(results "$out/$1") <(results "$out/$1.d/tap.log")
}

# make_nested NAME...: let kselftest's runner run a program that prints the output NAME
# one level down, as run_vmtests.sh does.
make_nested() {
	local name

	rm -rf "$out/nested"
	mkdir -p "$out/nested/mm" &&
	cp -r "$selftests/kselftest" "$out/nested/" || return
	for name; do
		cp "$out/$name" "$out/$name.status" "$out/nested/mm/" &&
		cat >"$out/nested/mm/$name.sh" <<-END && chmod +x "$out/nested/mm/$name.sh" || return
			#!/bin/sh
			echo 'TAP version 13'
			sed 's/^/# /' $name
			exit \$(cat $name.status)
		END
	done
	# Through a pipe: each program opens the log again.
	(
		set +u
		cd "$out/nested/mm" && export BASE_DIR=$out/nested || exit
		# shellcheck source=/dev/null
		. "$BASE_DIR/kselftest/runner.sh"
		ktap_print_header
		ktap_set_plan $#
		run_many "${@/%/.sh}"
		ktap_print_totals
	) 2>&1 | cat >"$out/nested.out"
}

# nested_result NAME: the result of the runner fits the status.
nested_result() {
	local want

	case $(<"$out/$1.status") in
	0)	want="ok [0-9] selftests: mm: $1.sh" ;;
	4)	want="ok [0-9] selftests: mm: $1.sh # SKIP" ;;
	*)	want="not ok [0-9] selftests: mm: $1.sh # exit=1" ;;
	esac
	grep -x "$want" "$out/nested.out"
}

# nested_inner NAME: without the prefixes, the output is the same as without the runner.
nested_inner() {
	sed -n "/^# selftests: mm: $1.sh\$/,/^[^#]/s/^# # //p" "$out/nested.out" |
		diff "$out/$1" -
}

# broken TEXT EDIT: conventions() reports TEXT for edited output.
broken() {
	sed -E "$2" "$out/controls" >"$out/broken"
	conventions "$out/broken" "$(<"$out/controls.status")" >"$out/said" && return 1
	cat "$out/said"
	grep -qF "$1" "$out/said"
}

other_status() {
	! conventions "$out/controls" 1
}

# A failure, a skip and another name instead of passes, and the last result missing.
edit() {
	sed -E -e 's/^ok [0-9]+ mapping.memfd.first_store$/not &/' \
		-e 's/^ok [0-9]+ mapping.memfd.second_store$/& # SKIP/' \
		-e 's/^(ok [0-9]+ mapping.memfd.page)_data$/\1s/' "$out/controls" |
		tac | sed '0,/^ok /{/^ok /d}' | tac >"$out/edited"
	(($(diff <(read_plainly "$out/controls") <(read_plainly "$out/edited") |
		grep -c '^<') == 5))
}

# make_torn TAP: a suite that writes TAP to the console in small pieces, while the kernel
# logs a message every 20 ms.
make_torn() {
	mkdir -p "$out/torn.suite" && cp "$1" "$out/torn.suite/tap" &&
	cat >"$out/torn.suite/run_tests.sh" <<-'END' && chmod +x "$out/torn.suite/run_tests.sh"
		#!/bin/sh
		echo on >/proc/sys/kernel/printk_devkmsg
		while usleep 20000; do
			echo '<0>a message that splits lines' >/dev/kmsg
		done &
		for copy in 1 2 3 4 5 6 7 8 9 10; do
			dd bs=3 if=tap of=/dev/console
		done
		kill $!
	END
}

# torn_lines JOB TAP: the pattern of a LAVA job takes no torn line of the console for
# another result, and finds each line that is whole. The same with the lines of TAP
# torn at each place.
torn_lines() {
	"$python" - "$1" "$2" "$out/torn.d/console.log" <<-'END'
		import re, sys

		job, tap, console = [open(path, newline="", errors="replace").read()
		                     for path in sys.argv[1:]]
		# As pexpect compiles it.
		pattern = re.compile(re.search("^ *pattern: '(.*)'$", job, re.M)[1], re.DOTALL)
		meaning = dict(re.findall("^ {8}(.*): (.*)$", job.split("fixupdict:")[1], re.M))
		lines = re.findall(r"^(?:not )?ok \d+ [^\r\n]*", tap, re.M)

		def result(line):
		    word = ("skip" if " # SKIP" in line else
		            "fail" if line.startswith("not") else "pass")
		    return line[line.startswith("not ") and 4:].split()[2], word

		right = dict(map(result, lines))
		bad = 0

		def read(text, whole):
		    """Compare what LAVA finds with the lines whose ends are given."""
		    global bad
		    found = {m.end(): (m["test_case_id"], meaning.get(m["result"]))
		             for m in pattern.finditer(text)}
		    wrong = [f for f in found.values() if right.get(f[0]) != f[1]]
		    lost = [end for end in whole if end not in found]
		    if wrong or lost:
		        bad += 1
		        if bad < 5:
		            print("wrong:", wrong, "lost:", [text[end - 99:end] for end in lost])
		    return len(found)

		# On the console.
		whole = [m.end() for m in re.finditer(r"^(.*?)\r*\n", console, re.M)
		         if m[1] in set(lines)]
		torn = len(re.findall(r"^(?:not )?ok .*\[ *\d+\.\d+\] a mess", console, re.M))
		print(read(console, whole), "results,", len(whole), "whole lines,", torn, "torn")

		# At each place, by one message or two. A skip is known by its name and SKIP.
		message = "[    4.051168] a message\r\n"
		for line in lines:
		    for at in range(len(line) + 1):
		        for torn_by in message, message * 2:
		            text = lines[0] + "\r\n" + line[:at] + torn_by + line[at:] + "\r\n"
		            ends = [len(lines[0]) + 2, len(text) + len(lines[-1]) + 2]
		            read(text + lines[-1] + "\r\n", ends + [len(text)] * (not at))
		sys.exit(bad > 0 or torn < 10 or len(whole) < len(lines))
	END
}

errnos >"$out/errnos"
selftests=$(vm/fetch.sh harness) || exit
# A version manager is slow: ask it once.
python=$(python3 -c 'import sys; print(sys.executable)') || exit
declare -A program missing labels=([prove]=prove [kunit]=kunit.py
	[tap_parser_debian]='tap-parser 11' [tap_parser_npm]='tap-parser 16')
for name in debian npm; do
	program[tap_parser_$name]=$(tests/consumers_fetch.sh $name 2>"$out/said") ||
		missing[tap_parser_$name]=$(tail -n 1 "$out/said")
done

check build build
make_guest_suite hung 1..5 <<<'sleep 1000'
make_guest_suite crashed 1..3 <<<'echo c >/proc/sysrq-trigger'
hang &
guest crashed "$out/crashed.suite" &
guest_of failing arm64-6.12-a57
make_torn "$out/failing" && guest torn "$out/torn.suite" &
# Leave out the known failures of a stock kernel, or take a kernel without that bug.
passing='arm64-7.3-max -- -T fault_after_unmap -T offset_mapping'
[[ ! -s $work/guests/arm64-core-a57 ]] || passing=arm64-core-a57
# shellcheck disable=SC2086	# to be split into words
guest_of passing $passing

keep_output here "$dir/run_tests.sh"
keep_output test "$dir/pfn_mkwrite_test"
keep_output drm "$dir/pfn_mkwrite_drm"
make_dying
keep_output dying "$out/board/run_tests.sh"
check killed.in_the_middle keep_output killed killed 20 "$dir/pfn_mkwrite_test"

# The connection to a board breaks.
sed '/^ok 20 /q' "$out/here" >"$out/cut"

feed_all here ./run_tests.sh
feed_all test ./pfn_mkwrite_test
feed_all drm ./pfn_mkwrite_drm
feed_all dying 'kill -SEGV pfn_mkwrite_drm' cut
feed killed "$out/killed" failed 'kill -KILL pfn_mkwrite_test' \
	'some pass, the rest is missing: failed'
feed cut "$out/cut" failed "sed '/^ok 20 /q'"
feed_all failing './run_tests.sh --vm arm64-6.12-a57'
feed_all passing "./run_tests.sh --vm $passing"
wait
feed_all hung './run_tests.sh --vm --timeout 15' cut
feed_all crashed 'echo c >/proc/sysrq-trigger'
if grep -qs ' is wanted, but ' "$out"/{failing,torn}.err; then
	skip torn "the mirror no longer has this kernel"
else
	for job in qemu board; do
		check "torn.$job" torn_lines lava/$job.yaml "$out/failing"
	done
fi
for name in failing passing hung crashed; do
	[[ ! -s $out/$name ]] || check "$name.log" same_log "$name"
done

check nested.runner make_nested here dying passing drm
feed nested "$out/nested.out" failed run_kselftest.sh
for name in here dying passing drm; do
	check "nested.$name.result" nested_result "$name"
	check "nested.$name.inner" nested_inner "$name"
done

# Each check above can fail: edit an output that passes.
keep_output controls "$dir/run_tests.sh" -v memfd
check controls.conventions conventions "$out/controls" 0
while IFS=$'\t' read -r name text edit; do
	check "broken.$name" broken "$text" "$edit"
done <<-'END'
	indented	neither TAP nor a comment	s/^ok 5 /  &/
	chatter	neither TAP nor a comment	s/^# (Starting)/\1/
	no_number	not a result as all read it	s/^ok 5 /ok /
	hash_in_name	not a result as all read it	s/^ok 5 [a-z]*/&#1/
	path_in_name	not a result as all read it	s,^ok 5 [a-z]*,&/dev,
	number_in_reason	not a result as all read it	s/^ok 5 .*/& # SKIP 2 of them/
	path_in_reason	not a result as all read it	s,^ok 5 .*,& # SKIP there is no /dev/udmabuf,
	path_in_plan	not a constant reason	s,^1\.\..*,1..0 # SKIP there is no /dev/dri,
	number_twice	not the number 6	s/^ok 6 /ok 5 /
	name_twice	a second one of that name	s/^(ok 6 ).*/\1mapping.memfd.first_store/
	card_number	the number of a card is no name	s/^(ok 6 ).*/\1mapping.card0.first_store/
	no_plan	headers: 1, plans: 0	/^1\.\./d
	two_plans	no plan or a second one	s/^1\.\..*/&\n&/
	plan_in_the_middle	the plan is in the middle	/^1\.\./d;s/^ok 5 .*/&\n1..40/
	plan_too_short	planned: 5, results: 	s/^1\.\.[0-9]*/1..5/
	no_header	headers: 0, plans: 1	/^TAP/d
	two_headers	no header or a second one	s/^TAP.*/&\n&/
	version_14	no header or a second one	s/^TAP.*/TAP version 14/
	greps_fail	somebody greps for this	s/^# Starting/# [FAIL]/
	greps_fail_colon	somebody greps for this	s/^# Starting/#  FAIL: /
	greps_skip	somebody greps for this	s/^# Starting/# [SKIP]/
	greps_skip_colon	somebody greps for this	s/^# Starting/# SKIP: /
	error_as_reason	an error's text: 	s/# SKIP .*/# SKIP Permission denied/
	reason_put_together	not in the source: 	s/# SKIP .*/# SKIP not today/
	no_sum	not the sum: 	/^# Totals/d
	wrong_sum	not the sum: 	s/^# Totals: pass:/&1/
	two_sums	a second sum	s/^# Totals.*/&\n&/
	fails_with_0	failures: 1	s/^ok 5 /not &/
	measured_elsewhere	not the result that vgem was measured for	s/^# mapping memfd:/# mapping vgem:/
	measured_behind	no result that memfd was measured for	s/^# Totals.*/&\n# mapping memfd: hidden/
END
check broken.passes_with_1 other_status
check edits edit
read_all "$out/edited"
for consumer in "${consumers[@]}"; do
	[[ ! ${missing[$consumer]:-} ]] || continue
	check "$consumer.sees_edits" same "$consumer" "$out/edited"
done
plan
