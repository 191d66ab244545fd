#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The report of this machine, and of made-up runs with everything that can go wrong: the
# same from each awk, and the same words in HTML and in text.
# Usage: work=DIR tests/report.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
: "${work:?}"

out=$work/report
dir=$out/install
mkdir -p "$out"

build() {
	make OUTPUT="$work/native-build" INSTALL_PATH="$dir" all install
}

# Two rigs before and after the fix, one that died, one that could not run, one without
# device memory, and names full of markup.
made_up() {
	local strip='2111111111111111 +111111111111111 1111111111111111 3111111111111111'

	cat <<-END
	#@rig arm64-9.9-x
	#@release 9.9.1-arm64
	#@cpu cortex-a57
	#@append id_aa64mmfr1.hafdbs=0
	#@exit 1
	#@want 1
	#@expected odd&<b> ignored 65
	#@expected plain notify 128
	#@command ./run_tests.sh --vm arm64-9.9-x
	TAP version 13
	#  RUN           mapping.odd.first_store ...
	# mapping odd&<b>: ignored (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 66, pgreuse 0)
	#   the second fault does nothing but set the <script>alert("dirty bit")</script>
	#   driver odd at http://192.0.2.1/x, "quoted"
	#   store to an untouched page, fault 1: +0 ns, instruction 0x4 (access+0x4), address 0x9000
	#   store to an untouched page, fault 2: +61728 ns, instruction 0x4 (access+0x4), address 0x9000
	#   faults of each page: $strip
	# lib/x.h:11:first_store:Expected 1 (1) == self->cost->first_store (2)
	#          FAIL  mapping.odd&<b>.first_store
	not ok 1 mapping.odd&<b>.first_store
	not ok 2 mapping.odd&<b>.mkwrite_honoured
	#  RUN           mapping.odd&<b>.page_data ...
	# lib/x.h:12:page_data:Expected a < b & c (1)
	not ok 3 mapping.odd&<b>.page_data
	# mapping plain: notify (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 128, pgreuse 64)
	#   the second fault is the notification
	#      SKIP      the driver asks to be notified of the first write
	ok 4 mapping.plain.first_store # SKIP the driver asks to be notified of the first write
	# mapping dax: not measured (no file system <here>)
	# explain odd&<b>: store to an untouched page
	#   +0 us  fault 1, write, PTE writable & clean
	#   +5 us  fault 2, </pre></details>
	#   so: the PTE was left <clean>
	# explain odd&<b>: store to something else
	#   +1 us  nothing came of it
	# explain plain: the kernel cannot be traced: no <tracefs>
	# explain nobody: store to an untouched page
	#   +0 us  not of a mapping that was measured
	1..4
	# dmesg: WARNING: CPU: 0 at <mm/memory.c>
	#@rig arm64-core-x
	#@release 9.9.1 with 2 patches
	#@exit 0
	# mapping odd&<b>: honoured (first store 1, load 1 then store 0, again 0, forked child 1, 64 pages 1, pgreuse 0)
	#   mkwrite is honoured
	#   faults of each page: 1000000000000000 0000000000000000 0000000000000000 0000000000000000
	ok 1 mapping.odd&<b>.first_store
	#@rig arm64-9.9-dead
	#@died Kernel panic - not syncing: <&>
	#@want 0
	# console: Kernel panic - not syncing: <&>
	# console: $(printf '\tend\001')
	not ok 1 guest.died
	#@rig amd64-9.9-gone
	#@failed kernel 9.9 is wanted, but the mirror has none
	#@status 2
	#@rig amd64-9.9-none
	#@exit 4
	# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; run as root)
	ok 1 mapping.udmabuf.first_store # SKIP this machine has no such memory
	END
}

# make_report AWK FORM FILE
make_report() {
	# shellcheck disable=SC2086	# a command and its argument
	LC_ALL=C $1 -v form="$2" -f report/read.awk -f report/report.awk "$3" 2>&1
}

# same_with AWK: both forms of both runs.
same_with() {
	local form log

	for form in html txt; do
		for log in made_up native/output.log; do
			diff <(make_report "$1" $form "$out/$log") \
				<(make_report "$first" $form "$out/$log") || return
		done
	done
}

# well_formed HTML TEXT: for a browser, and with the same words in both.
well_formed() {
	python3 - "$@" <<-'END'
	import re, sys
	from html.parser import HTMLParser

	VOID = {"meta", "br"}
	page, text = (open(name, encoding="ascii").read() for name in sys.argv[1:])
	bad = []

	class Reader(HTMLParser):
	    stack, ids, links, heads, captions, tables = [], [], [], [], 0, 0
	    words = ""

	    def handle_starttag(self, tag, attributes):
	        if tag not in VOID:
	            self.stack.append(tag)
	        if tag in ("script", "link", "img", "iframe", "object", "embed", "form"):
	            bad.append(f"<{tag}>")
	        self.tables += tag == "table"
	        self.captions += tag == "caption"
	        for name, value in attributes:
	            if name == "id":
	                self.ids.append(value)
	            elif name == "href":
	                self.links.append(value)
	            elif name not in ("lang", "charset", "name", "content", "class", "scope",
	                              "tabindex", "role", "aria-label", "colspan", "rowspan"):
	                bad.append(f"attribute {name}")
	        if tag == "th" and "scope" not in dict(attributes):
	            bad.append("th without scope")
	        if tag == "h4":
	            self.heads.append("")

	    def handle_endtag(self, tag):
	        if not self.stack or self.stack.pop() != tag:
	            bad.append(f"</{tag}> at {self.getpos()}")

	    def handle_data(self, data):
	        if "h4" in self.stack:
	            self.heads[-1] += data
	        if "style" not in self.stack:
	            self.words += data + " "

	reader = Reader()
	reader.feed(page)
	reader.close()
	bad += [f"<{tag}> is open" for tag in reader.stack]
	if reader.tables != reader.captions:
	    bad.append("a table without a caption")
	if len(set(reader.ids)) != len(reader.ids):
	    bad.append("an id twice")
	bad += [link for link in reader.links if link[0] != "#" or link[1:] not in reader.ids]
	if re.search(r"url\(|@import", page):
	    bad.append("the style sheet loads something")
	verdicts = re.findall(r"^(\S+: [a-z]+) \(first store", text, re.M)
	if not verdicts or verdicts != reader.heads:
	    bad.append(f"{verdicts} is not {reader.heads}")
	# Apart from the layout of tables and lists, each word of the text is in the page.
	known = set(re.sub(r"[():;,.]", " ", reader.words).split())
	for word in re.sub(r"[():;,.]", " ", text).split():
	    if word not in known and not re.fullmatch(r"[-=0-9+]+|The|tests|End|report|before|measured", word):
	        bad.append(f"only in the text: {word}")
	print("\n".join(bad))
	sys.exit(bool(bad))
	END
}

# The contrast of text and background that WCAG asks for.
contrast() {
	python3 - "$1" <<-'END'
	import re, sys

	def light(colour):
	    colour = colour if len(colour) == 6 else "".join(2 * c for c in colour)
	    part = [int(colour[i:i + 2], 16) / 255 for i in (0, 2, 4)]
	    part = [c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4 for c in part]
	    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2]

	def ratio(one, other):
	    one, other = sorted((light(one), light(other)))
	    return (other + .05) / (one + .05)

	schemes = re.findall(r":root\s*\{(.*?)\}", open(sys.argv[1]).read(), re.S)
	low = [] if len(schemes) == 2 else ["there are not two schemes"]
	for scheme in schemes:
	    colour = dict(re.findall(r"--([a-z]+):\s+#([0-9a-f]+);", scheme))
	    pairs = [("fg", name) for name in
	             ("bg", "good", "bad", "told", "none", "maybe", "odd", "one")]
	    pairs += [("dim", "bg"), ("link", "bg"), ("on", "two"), ("on", "more")]
	    low += [f"{a} on {b}: {ratio(colour[a], colour[b]):.1f}" for a, b in pairs
	            if ratio(colour[a], colour[b]) < 4.5]
	print("\n".join(low))
	sys.exit(bool(low))
	END
}

# has TEXT...: in the text of the made-up runs, ignoring line breaks.
has() {
	local text said

	said=$(tr -s ' \n' ' ' <"$out/made_up.txt")
	for text; do
		text=$(tr -s ' ' <<<"$text")
		[[ $said == *"$text"* ]] || { echo "missing: $text"; return 1; }
	done
}

has_not() {
	! grep -F -e "$1" "$out/made_up.txt"
}

# The verdicts as in the README.
same_legend() {
	diff <(sed -n '/^| verdict | means/,/^$/p' README.md | tr -d '*\140' |
		sed -n '3,$s/^| \(.*\) |$/\1/p' | sed 's/ | /. /g; s/[.] /|/g') \
		<(awk '/^BEGIN/,/^}/' report/report.awk | tr -d '\n\\\t' | sed 's/legend(/\n/g' |
			sed -n 's/^"\(.*\)").*/\1/p' | sed 's/", *"/|/g' | awk 1)
}

verdicts() {
	sed -n '/not measured/d; s/^# mapping //p' "$1"
}

# --report changes neither the results nor the status.
native_same() {
	local said=0

	"$dir/run_tests.sh" --report "$out/native" >"$out/native.out" 2>&1 || said=$?
	"$dir/run_tests.sh" >"$out/plain.out" 2>&1
	(($? == said)) && diff <(results "$out/native.out") <(results "$out/plain.out") &&
		diff <(verdicts "$out/native.out") \
			<(grep -E '^[^ ]+: [a-z]+ [(]first store' "$out/native/report.txt") &&
		grep -x "exit status: $said" "$out/native/report.txt"
}

# There is no date or host name, so that two runs give the same report if the machine is
# not busy.
another_run() {
	local strip='s/[0-9]+ (us|ns)|0x[0-9a-f]+/N/g; /^tests: /d; / not quiet enough$/d'

	"$dir/run_tests.sh" --report "$out/again" >/dev/null 2>&1
	diff <(sed -E "$strip" "$out/native/report.txt") <(sed -E "$strip" "$out/again/report.txt")
}

command_line() {
	PFN_MKWRITE_SKIP="it's @(a|b)" "$dir/run_tests.sh" --report "$out/line" -v memfd \
		-t first_store >/dev/null 2>&1
	grep -xF "command:     PFN_MKWRITE_SKIP='it'\\''s @(a|b)' ./run_tests.sh -v memfd -t first_store" \
		"$out/line/report.txt"
}

# refused TEXT COMMAND...: status 2 before the first test.
refused() {
	local rc=0

	"${@:2}" >"$out/said" 2>"$out/err" || rc=$?
	cat "$out/said" "$out/err"
	((rc == 2)) && [[ ! -s $out/said ]] && grep -q "^run_tests.sh: --report.*$1" "$out/err"
}

# small SIZE COMMAND...: with a file system of that size in $out/small.
# shellcheck disable=SC2016	# for the other shell
small() {
	mkdir -p "$out/small" &&
		unshare --mount sh -c 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && "$@"' \
			sh "$1" "$out/small" "${@:2}"
}

# full SIZE: the results are printed all the same.
full() {
	local rc=0

	small "$1" "$dir/run_tests.sh" --report "$out/small" >"$out/said" 2>"$out/err" || rc=$?
	cat "$out/err"
	((rc == 2)) && grep -q '^run_tests.sh: --report: .* is not complete: ' "$out/err" &&
		diff <(results "$out/said") <(results "$out/plain.out")
}

no_awk_file() {
	rm -rf "$out/copy" && cp -r "$dir" "$out/copy" && rm "$out/copy/report.awk" &&
		refused 'report.awk is missing' "$out/copy/run_tests.sh" --report "$out/never" &&
		[ ! -e "$out/never" ]
}

check build build
check native.same native_same
check native.another_run another_run
check native.command_line command_line
made_up >"$out/made_up"
mapfile -t all < <(awks)
first=${all[0]:-awk}
for name in "${all[@]}"; do
	what=${name##*/}
	check "awk.${what//[^a-z]/_}" same_with "$name"
done
for run in made_up native/output.log; do
	make_report "$first" html "$out/$run" >"$out/${run%/*}.html"
	make_report "$first" txt "$out/$run" >"$out/${run%/*}.txt"
	check "well_formed.${run%/*}" well_formed "$out/${run%/*}.html" "$out/${run%/*}.txt"
done
check contrast contrast "$out/made_up.html"
check legend same_legend
check odd.name has 'odd&<b>: ignored (first store 2, '
check odd.unlike_the_rig has 'ignored 66 (want ignored 65)'
check odd.strip has '2111 1111 1111 1111 +111 1111 1111 1111 1111 1111 1111 1111 3111 '
check odd.explained has 'the PTE was left <clean> (store to an untouched page)' \
	'+0 us  fault 1, write, PTE writable & clean' 'explained (store to something else)' \
	'the kernel cannot be traced: no <tracefs>'
check odd.explained_nobody has_not 'not of a mapping'
check odd.before_after has 'arm64-9.9-x before, arm64-core-x after:' \
	'before  ignored 66; first store 2, after a load 1' \
	'after   honoured 1; first store 1, after a load 0' '1000 0000 0000 '
check odd.unexplained has '- mapping.odd&<b>.page_data: Expected a < b & c (1) (on arm64-9.9-x)'
check odd.explained_test has_not '- mapping.odd&<b>.first_store'
check odd.dmesg has 'the kernel complained during the tests' 'WARNING: CPU: 0 at <mm/memory.c>'
check odd.died has 'arm64-9.9-dead died' 'console: Kernel panic - not syncing: <&>' \
	'died (want 0)'
check odd.not_run has 'amd64-9.9-gone could not be run' 'but the mirror has none'
check odd.nothing has 'amd64-9.9-none has no device memory to test.' 'No mapping was measured.'
check harness_is_no_detail has_not 'SKIP  '
check no_folder refused 'needs a folder' "$dir/run_tests.sh" --report
check no_tests refused 'of no use with -l' "$dir/run_tests.sh" --report "$out/never" -l
check not_writable refused 'cannot be made: ' "$dir/run_tests.sh" --report /dev/null/x
check not_writable.vm refused 'cannot be made: ' ./run_tests.sh --vm --report /dev/null/x
check no_awk_file no_awk_file
# There is room for what the tests print, or not even for that.
for size in 24k 4k; do
	if small $size true 2>/dev/null; then
		check full.$size full $size
	else
		skip full.$size "only root may mount a small file system"
	fi
done
plan
