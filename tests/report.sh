#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The report of this machine, of made-up runs with everything that can go wrong, and of as
# many as docs/matrix.md has: the same from each awk, the same words in HTML and in text,
# and in a browser the answer on the first screen.
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
	#@fails plain.@(page|other)_data patches/<odd>;odd.nothing
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
	not ok 5 mapping.plain.page_data
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
	#@rig amd64-core-gone
	#@release 9.9.1 with 2 patches
	#@exit 0
	# mapping plain: hidden (first store 1, load 1 then store 0, again 0, forked child 0, 64 pages 4, pgreuse 0)
	#   the CPU sets the dirty bit
	ok 1 mapping.plain.first_store
	#@rig amd64-9.9-none
	#@exit 4
	# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; run as root)
	ok 1 mapping.udmabuf.first_store # SKIP this machine has no such memory
	END
}

# All rigs of docs/matrix.md, with a trace of each verdict that fails. Times and addresses
# differ from rig to rig, as in life.
whole() {
	awk -F ' *[|] *' '
		function output(r,	m, name, v, n, stores, i, j) {
			print "#@rig " rig[r]
			print "#@release 7.3.4" (rig[r] ~ /-(core|fixed)-/ ? " with 4 patches" : "")
			print "#@cpu cortex-a57"
			print "#@exit " status[r]
			print "#@command ./run_tests.sh --vm " rig[r]
			for (m = 1; m <= nr_rows; m++) {
				name = row[m]
				if (split(value[r, m], v, " ") < 2)
					continue
				stores = v[1] == "ignored" || v[1] == "notify" ? 2 : v[1] != "premapped"
				printf "# mapping %s: %s (first store %d, load 1 then store 1, ", name, v[1], stores
				print "again 0, forked child " (v[1] != "hidden") ", 64 pages " v[2] ", pgreuse 0)"
				print "#   it is so, because it is " v[1]
				print "#   driver of " name ", /dev/dri/card" r
				printf "#   faults of each page: "
				for (i = 0; i < 64; i++)
					printf "%d%s", i % 16 ? int(v[2] / 65) : stores, i % 16 == 15 ? " " : ""
				print "\nok 1 mapping." name ".first_store"
				printf "# mapping dax_%d: not measured (it is not here)\n", m
			}
			for (m = 1; m <= nr_rows; m++) {
				if (value[r, m] !~ /^ignored/)
					continue
				print "# explain " row[m] ": store to an untouched page"
				for (i = 1; i <= 2; i++) {
					printf "#   +%5d us  fault %d, of the store: address 0x%x000, instruction 0x49e7d4\n", r * i, i, r * 77
					for (j = 1; j <= 5; j++) {
						printf "#   +%5d us  insert_%s_%d(pfn 0x%x): writable and clean\n", r * i + j, row[m], j, r + j
						print "#               called by " row[m] "_fault < __do_fault"
					}
					printf "#   +%5d us  handle_mm_fault() = 0x0; the PTE is 0x%x: DBM 1, RDONLY %d, DIRTY %d, AF 1, attribute index 0: writable and %s\n", r * i + 7, r + 99, 2 - i, i - 1, i == 1 ? "clean" : "dirty"
				}
				print "#   so: mkwrite is not honoured: the prot 0x" r " is clean"
			}
		}
		/^[|]-/ { next }
		/^[|]/ && !nr_columns {
			nr_columns = NF - 2
			for (i = 2; i <= nr_columns; i++)
				rig[i - 1] = $2 ($(i + 1) == "" ? "" : "-" $(i + 1))
			next
		}
		/^[|] exit/ {
			for (i = 2; i <= nr_columns; i++) {
				status[i - 1] = $(i + 1)
				output(i - 1)
			}
			nr_columns = nr_rows = 0
			next
		}
		/^[|]/ {
			row[++nr_rows] = $2
			for (i = 2; i <= nr_columns; i++)
				value[i - 1, nr_rows] = $(i + 1)
		}' docs/matrix.md
}

# make_report AWK FORM FILE
make_report() {
	# shellcheck disable=SC2086	# a command and its argument
	LC_ALL=C $1 -v form="$2" -f report/read.awk -f report/report.awk "$3" 2>&1
}

# same_with AWK: both forms of all runs.
same_with() {
	local form log

	for form in html txt; do
		for log in made_up whole native/output.log; do
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
	        if tag == "summary":
	            self.heads.append("")

	    def handle_endtag(self, tag):
	        if not self.stack or self.stack.pop() != tag:
	            bad.append(f"</{tag}> at {self.getpos()}")

	    def handle_data(self, data):
	        if "summary" in self.stack:
	            self.heads[-1] += data
	        if "style" not in self.stack:
	            self.words += data + " "

	reader = Reader()
	reader.feed(page)
	reader.close()
	bad += [f"<{tag}> is open" for tag in reader.stack]
	if not reader.tables or reader.tables != reader.captions:
	    bad.append("a table without a caption")
	if len(set(reader.ids)) != len(reader.ids):
	    bad.append("an id twice")
	bad += [link for link in reader.links if link[0] != "#" or link[1:] not in reader.ids]
	if re.search(r"url\(|@import", page):
	    bad.append("the style sheet loads something")
	# Each verdict has its evidence. The text of many rigs has less.
	verdicts = re.findall(r"^(\S+: [a-z]+) \(first\s+store", text, re.M)
	if "whole" not in sys.argv[2] and not verdicts:
	    bad.append("no verdict")
	bad += [f"no evidence for {name}" for name in verdicts
	        if not any(head.startswith(name + " (") for head in reader.heads)]
	# Apart from the layout of tables and lists, each word of the text is in the page.
	known = set(re.sub(r"[][():;,.!?~+]", " ", reader.words).split())
	# In the text of many rigs, a column has a name of two lines,
	known |= {part for name in known for part in name.split("-")}
	# and a cell its mark and number in one word.
	known |= {mark + number for mark in "nhp" for number in known if number.isdigit()}
	for word in re.sub(r"[][():;,.!?~+]", " ", text).split():
	    if word not in known and not re.fullmatch(
	            r"[-=0-9]+|The|tests|End|report|before|measured?(ments)?|measurement|first|after", word):
	        bad.append(f"only in the text: {word}")
	for line in text.splitlines():
	    if len(line) > 80:
	        bad.append(f"{len(line)} columns: {line}")
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

	schemes = re.findall(r":root\s*\{([^}]*--fg.*?)\}", open(sys.argv[1]).read(), re.S)
	low = [] if len(schemes) == 2 else ["there are not two schemes"]
	for scheme in schemes:
	    colour = dict(re.findall(r"--([a-z]+):\s+#([0-9a-f]+);", scheme))
	    pairs = [("fg", name) for name in
	             ("bg", "good", "told", "none", "maybe", "odd", "one")]
	    pairs += [("dim", "bg"), ("link", "bg"), ("onbad", "bad")]
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

# The verdicts as in README.md, or in the page that it names.
same_legend() {
	local page

	page=$(grep -l '^| verdict | means' README.md docs/verdicts.md 2>/dev/null | head -n 1)
	diff <(sed -n '/^| verdict | means/,/^$/p' "${page:-README.md}" | tr -d '*\140' |
		sed -n '3,$s/^| \(.*\) |$/\1/p' | sed 's/ | /. /g; s/[.] /|/g') \
		<(awk '/^BEGIN/,/^}/' report/report.awk | tr -d '\n\\\t' | sed 's/legend(/\n/g' |
			sed -n 's/^"\(.*\)").*/\1/p' | sed 's/", *"/|/g' | awk 1)
}

verdicts() {
	sed -n '/not measured/d; s/^# mapping //p' "$1"
}

# Lines that are indented go on with the one before.
unwrapped() {
	awk '
		/^    [^ ]/ && line ~ /[(]first store/ && line !~ /[)]$/ { sub(/^ */, ""); line = line " " $0; next }
		{ if (NR > 1) print line; line = $0 }
		END { print line }'
}

# --report changes neither the results nor the status.
native_same() {
	local said=0

	"$dir/run_tests.sh" --report "$out/native" >"$out/native.out" 2>&1 || said=$?
	"$dir/run_tests.sh" >"$out/plain.out" 2>&1
	(($? == said)) && diff <(results "$out/native.out") <(results "$out/plain.out") &&
		diff <(verdicts "$out/native.out" | sort) \
			<(sed -n '/^Evidence/,$p' "$out/native/report.txt" | unwrapped |
				grep -E '^[^ ]+: [a-z]+ [(]first store' | sort) &&
		grep -x "exit status: $said" "$out/native/report.txt"
}

# There is no date or host name, so that two runs give the same report if the machine is
# not busy.
another_run() {
	local strip='s/[0-9]+ (us|ns)|0x[0-9a-f]+/N/g; s/  +/ /g; /^tests: /d; / not quiet enough$/d'

	"$dir/run_tests.sh" --report "$out/again" >/dev/null 2>&1
	diff <(sed -E "$strip" "$out/native/report.txt") <(sed -E "$strip" "$out/again/report.txt")
}

command_line() {
	PFN_MKWRITE_SKIP="it's @(a|b)" "$dir/run_tests.sh" --report "$out/line" -v memfd \
		-t first_store >/dev/null 2>&1
	tr -s ' \n' ' ' <"$out/line/report.txt" |
		grep -F "command: PFN_MKWRITE_SKIP='it'\\''s @(a|b)' ./run_tests.sh -v memfd -t first_store"
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

# broken NAME SED: the page of all rigs with a mistake.
broken() {
	sed "$2" "$out/whole.html" >"$out/broken/$1.html"
	! cmp -s "$out/whole.html" "$out/broken/$1.html"
}

# Mistakes, and what the browser says of them: NAME|TEXT|SED.
mistakes='absent|there is no answer|/id="answer"/d
unseen|there is no answer|s/^<.style>/#answer { display: none; } &/
below|the answer is not on the first screen|s/^<.style>/h1 { margin-bottom: 60rem; } &/
wide|390-light: the page is |s/^<.style>/main { min-width: 30rem; } &/
bright|1280: the background is |s/prefers-color-scheme: dark/prefers-color-scheme: other/
tiny|too small to read|s/^<.style>/#machines { font-size: .6rem; } &/
unfolded|is not folded|s/<details/& open=""/
broad|paper: a table is |s/^<.style>/.narrow { font-size: 1rem !important; } &/
dark_paper|paper: the background|s/@media screen and/@media/'

# small_enough: of all rigs.
small_enough() {
	wc -c "$out/whole.html"
	wc -l "$out/whole.txt"
	(($(wc -c <"$out/whole.html") < 200000 && $(wc -l <"$out/whole.txt") < 300)) &&
		tr '\n' ' ' <"$out/whole.txt" |
			grep -E "^How many.* of $(grep -c '^#@rig ' "$out/whole") machines, " >/dev/null
}

# one_of_each: the whole has a trace for each way through the kernel, and not for each rig.
one_of_each() {
	local traces

	traces=$(grep -c '<summary>trace: ' "$out/whole.html")
	echo "$traces traces of $(grep -c '^# explain ' "$out/whole")"
	((traces > 5 && 2 * traces < $(grep -c '^# explain ' "$out/whole")))
}

# What does not depend on the runs, and what the page must not have.
static() {
	sed -n '1,/<.style>/p; /<caption>What a verdict means/,/<.table>/p' "$1"
}

docs_page() {
	diff <(static docs/report.html) <(static "$out/made_up.html") &&
		! grep -nE '(/(tmp|root|home|work)/|https?://)' docs/report.html &&
		(($(wc -c <docs/report.html) < 40000)) &&
		diff <(tests/story.sh | tr ' ' '\n') \
			<(sed -n 's/^<tr><th scope="row">\([^<]*\).* passed, .*/\1/p' docs/report.html)
}

check build build
check native.same native_same
check native.another_run another_run
check native.command_line command_line
made_up >"$out/made_up"
mkdir -p "$out/one"
whole >"$out/whole"
awk '/^#@rig / { on = $2 == "arm64-7.3-a57" } on' "$out/whole" |
	sed 's/^#@rig .*/#@rig this machine/' >"$out/one/output.log"
mapfile -t all < <(awks)
first=${all[0]:-awk}
for name in "${all[@]}"; do
	what=${name##*/}
	check "awk.${what//[^a-z]/_}" same_with "$name"
done
for run in made_up whole native/output.log one/output.log; do
	make_report "$first" html "$out/$run" >"$out/${run%/*}.html"
	make_report "$first" txt "$out/$run" >"$out/${run%/*}.txt"
	check "well_formed.${run%/*}" well_formed "$out/${run%/*}.html" "$out/${run%/*}.txt"
done
check contrast contrast "$out/made_up.html"
check legend same_legend
check whole.small small_enough
check whole.one_of_each one_of_each
check docs docs_page
check odd.name has 'odd&<b>: ignored (first store 2, '
check odd.unlike_the_rig has 'ignored 66 (want ignored 65)' '1 measurement is not as the rig is known' \
	'- not as known: odd&<b>, arm64-9.9-x: ignored 66 (want ignored 65)'
check odd.strip has ' 2111111111111111 +111111111111111 1111111111111111 3111111111111111 '
check odd.explained has 'the PTE was left <clean> (store to an untouched page)' \
	'+0 us  fault 1, write, PTE writable & clean' 'explained (store to something else)' \
	'the kernel cannot be traced: no <tracefs>'
check odd.explained_nobody has_not 'not of a mapping'
check odd.answer has 'Two, where one would do. On 1 of 6 machines, Linux ignores mkwrite for odd&<b>:' \
	'With the fix one fault is enough: in 1 of 1 cases with patches/core.'
check odd.before_after has \
	'66 faults before the fix, arm64-9.9-x: 2111111111111111 +111111111111111 ' \
	'1 fault after the fix, arm64-core-x: 1000000000000000 0000000000000000 '
check odd.unexplained has '- page_data: Expected a < b & c (1): odd&<b> (arm64-9.9-x) ' \
	'page_data fails for another reason.'
check odd.known has '- page_data: plain (arm64-9.9-x). Known: another bug, see patches/<odd>'
check odd.explained_test has_not '- first_store'
check odd.dmesg has 'the kernel complained during the tests' 'WARNING: CPU: 0 at <mm/memory.c>'
check odd.died has 'arm64-9.9-dead died' 'console: Kernel panic - not syncing: <&>' \
	'died (want 0)'
check odd.not_run has 'amd64-9.9-gone could not be run' 'but the mirror has none' \
	'mapping  arm64-9.9-x                   arm64-core-x  amd64-core-gone'
check odd.nothing has 'amd64-9.9-none has no device memory to test.' \
	'amd64-9.9-none: 0 passed, 0 failed, 1 skipped; exit status 4'
if check browser.there vm/deps.sh browser; then
	mkdir -p "$out/broken" "$out/pages"
	cp "$out"/{whole,one}.html docs/report.html "$out/pages"
	check browser tests/browser.py "$out/pages" "$out/pages"/*.html
	while IFS='|' read -r name text mistake; do
		broken "$name" "$mistake" || rm -f "$out/broken/$name.html"
	done <<<"$mistakes"
	tests/browser.py "$out/broken" "$out/broken"/*.html >"$out/said"
	while IFS='|' read -r name text mistake; do
		check "browser.sees.$name" grep "^$name: .*$text" "$out/said"
	done <<<"$mistakes"
fi
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
