# SPDX-License-Identifier: GPL-2.0
# Read the output of one or several runs, for the program after it: report.awk or
# screen.awk. Runs in every awk, also in that of BusyBox.
#
# The input has for each run "#@rig NAME", facts as lines "#@KEY VALUE", and its log. The
# keys are those of the file "result" of a rig, and machine, command and append.

# A rig that could not run has no lines but the reason.
function new_rig(name) {
	rigs[++nr_rigs] = name
	rig = nr_rigs
	map = 0
	said = ""
}

/^#@rig / {
	new_rig(substr($0, 7))
	next
}
!nr_rigs { new_rig("this machine") }
/^#@expected / {
	want[rig, $2] = $3 " " $4
	add_row(rig, $2)
	next
}
/^#@/ {
	key = substr($1, 3)
	sub(/^[^ ]* ?/, "")
	fact[rig, key] = $0
	next
}

/^# mapping [^ ]+: not measured / {
	map = 0
	line = substr($0, 11)
	sub(/: not measured/, "", line)
	absent[rig, ++nr_absent[rig]] = line
	next
}
/^# mapping [^ ]+: [a-z]+ [(]/ {
	name = $3
	sub(/:$/, "", name)
	map = new_map(rig, name, $4)
	next
}

/^# explain [^ ]+: / {
	name = $3
	sub(/:$/, "", name)
	map = number_of[rig, name]
	sub(/^# explain [^ ]+: /, "")
	if (map)
		explanation(rig, map, $0)
	next
}

# The harness prints its own lines in between.
map && /^#   / && !/^#  +(RUN|OK|FAIL|SKIP|XFAIL|XPASS) / {
	detail(rig, map, substr($0, 5))
	next
}
{ map = 0 }

/^#  RUN / { said = "" }
# An assertion: place, test, and what it saw.
/^# [^ ]+[.][ch]:[0-9]+:[^:]+:/ && said == "" {
	said = $0
	sub(/^# [^:]+:[0-9]+:[^:]+:/, "", said)
}
/^not ok / {
	sub(/^not ok [0-9]* */, "")
	failed[rig, ++nr_failed[rig]] = $0
	how[rig, nr_failed[rig]] = said
	said = ""
	next
}
/^ok .*# SKIP/ { nr_skipped[rig]++; said = ""; next }
/^ok / { nr_passed[rig]++; said = ""; next }
/^# dmesg: / { complaint[rig, ++nr_complaints[rig]] = substr($0, 10) }
/^# (console|qemu): / { console[rig, ++nr_console[rig]] = substr($0, 3) }

# new_map(): "# mapping NAME: VERDICT (NUMBERS)". The last measurement of a mapping counts.
function new_map(r, name, v,	m, text) {
	m = number_of[r, name]
	if (!m) {
		m = ++nr_maps[r]
		number_of[r, name] = m
	}
	maps[r, m] = name
	verdict[r, m] = v
	text = $0
	sub(/^[^(]*[(]/, "", text)
	sub(/[)]$/, "", text)
	numbers[r, m] = text
	first[r, m] = 0
	if (match(text, /first store [0-9]+/))
		first[r, m] = substr(text, RSTART + 12, RLENGTH - 12)
	upgrade[r, m] = "-"
	if (match(text, /then store [0-9]+/))
		upgrade[r, m] = substr(text, RSTART + 11, RLENGTH - 11)
	faults[r, m] = "-"
	if (match(text, /64 pages [0-9]+/))
		faults[r, m] = substr(text, RSTART + 9, RLENGTH - 9)
	nr_details[r, m] = nr_evidence[r, m] = nr_blocks[r, m] = in_block = 0
	strip[r, m] = ""
	add_row(r, name)
	return m
}

# explanation(): the first line of a block, or the reason why there is none.
function explanation(r, m, text,	b) {
	in_block = text ~ /^store /
	if (!in_block) {
		details[r, m, ++nr_details[r, m]] = text
		return
	}
	b = ++nr_blocks[r, m]
	block[r, m, b] = text
	nr_lines[r, m, b] = 0
	so[r, m, b] = ""
}

# detail(): a line below these, without the "#   ". The evidence for a verdict comes last.
function detail(r, m, text,	b) {
	if (in_block) {
		b = nr_blocks[r, m]
		lines[r, m, b, ++nr_lines[r, m, b]] = text
		if (text ~ /^so: /)
			so[r, m, b] = substr(text, 5)
		return
	}
	if (text ~ /^faults of each page: /) {
		strip[r, m] = substr(text, 22)
		gsub(/[^0-9+]/, "", strip[r, m])
	} else if (nr_evidence[r, m] || text ~ /, fault [0-9]+: /) {
		evidence[r, m, ++nr_evidence[r, m]] = text
	} else {
		details[r, m, ++nr_details[r, m]] = text
	}
}

# add_row(): a mapping of the table for all rigs with the same first two words.
function add_row(r, name,	g) {
	g = group_of(rigs[r])
	if (!((g, name) in is_row)) {
		is_row[g, name] = 1
		row[g, ++nr_rows[g]] = name
	}
}

function group_of(name,	word) {
	return split(name, word, "-") > 1 ? word[1] "-" word[2] : name
}

# The order of all tables: device memory first, then the controls of every machine.
function rank(name) {
	if (name ~ /^udmabuf/)
		return 1
	if (name ~ /^(dev)?dax/)
		return 2
	if (name ~ /^heap/ || name == "pci_bar" || name ~ /^vfio_bar/)
		return 3
	return name == "memfd" ? 5 : name == "perf_ring" ? 6 : 4
}

function key_of(name) {
	return rank(name) name
}

function sort_rows(g,	i, j, name) {
	for (i = 2; i <= nr_rows[g]; i++) {
		name = row[g, i]
		for (j = i - 1; j && key_of(row[g, j]) > key_of(name); j--)
			row[g, j + 1] = row[g, j]
		row[g, j + 1] = name
	}
}

# all_rows(): the rows of all groups, in order, as those of the group "".
function all_rows(	r, i, g) {
	for (r = 1; r <= nr_rigs; r++) {
		g = group_of(rigs[r])
		for (i = 1; i <= nr_rows[g]; i++)
			if (!(("", row[g, i]) in is_row)) {
				is_row["", row[g, i]] = 1
				row["", ++nr_rows[""]] = row[g, i]
			}
	}
	sort_rows("")
}

# wrapped(): lines of up to columns or 80 characters, broken at spaces.
function wrapped(text, indent,	word, n, i, line, out) {
	n = split(text, word, " ")
	line = indent word[1]
	for (i = 2; i <= n; i++) {
		if (length(line) + length(word[i]) < (columns ? columns : 80)) {
			line = line " " word[i]
		} else {
			out = out line "\n"
			line = indent word[i]
		}
	}
	return out line
}

function plural(n, one, many) {
	return n " " (n == 1 ? one : many)
}

# stock_of(): the rig with the stock kernel of one with a fix, or 0.
function stock_of(r,	word, i, arch, version, rest) {
	split(rigs[r], word, "-")
	if (word[2] != "fixed" && word[2] != "core")
		return 0
	arch = word[1]
	rest = substr(rigs[r], length(arch word[2]) + 3)
	for (i = 1; i <= nr_rigs; i++) {
		split(rigs[i], word, "-")
		version = word[2]
		if (rigs[i] != arch "-" version "-" rest)
			continue
		if (version == "stock" || index(fact[r, "release"] ".", version ".") == 1)
			return i
	}
	return 0
}

function name_list(list, n,	i, out) {
	for (i = 1; i <= n; i++)
		out = out (i == 1 ? "" : i == n ? " and " : ", ") list[i]
	return out
}

# explains(): does the verdict on its mapping make this test fail?
function explains(r, test,	m, name, what) {
	if (test !~ /^mapping[.]/)
		return 0
	name = what = substr(test, 9)
	sub(/[.][^.]*$/, "", name)
	sub(/.*[.]/, "", what)
	m = number_of[r, name]
	if (!m)
		return 0
	if (verdict[r, m] != "ignored" && verdict[r, m] != "unexpected")
		return 0
	if (what == "mkwrite_honoured")
		return 1
	if (verdict[r, m] != "ignored")
		return 0
	return first[r, m] > 1 ? what == "first_store" : \
		what == "store_after_load" || what == "store_after_fsync"
}

# known_failure(): the note behind the first pattern of "fails" that matches, "-" if there
# is none, or "" if the rig is not known to fail this test.
function known_failure(r, test,	i, n, entry, pattern) {
	if (!((r, "fails") in fact))
		return ""
	sub(/^mapping[.]/, "", test)
	n = split(fact[r, "fails"], entry, ";")
	for (i = 1; i <= n; i++) {
		pattern = entry[i]
		sub(/ .*/, "", pattern)
		# A pattern of the shell, as an expression.
		gsub(/[.]/, "[.]", pattern)
		gsub(/@[(]/, "(", pattern)
		gsub(/[*]/, ".*", pattern)
		if (pattern != "" && test ~ ("^(" pattern ")$"))
			return index(entry[i], " ") ? substr(entry[i], index(entry[i], " ") + 1) : "-"
	}
	return ""
}

# unknown_failure(): does the test fail for a reason that neither a verdict nor the rig tells?
function unknown_failure(r, i) {
	return !explains(r, failed[r, i]) && failed[r, i] != "guest.died" && \
		known_failure(r, failed[r, i]) == ""
}

# trouble_of(): a rig that could not run, or died.
function trouble_of(r) {
	if (died(r))
		return "died"
	return fact[r, "exit"] == "" ? "could not be run" : ""
}

function died(r) {
	return fact[r, "died"] != ""
}

# differs(): is the measurement not as the rig expects?
function differs(r, name) {
	return result_of(r, name) ~ / [(]want /
}

# nr_differ(): number of measurements of a rig that are not.
function nr_differ(r,	g, i, n) {
	g = group_of(rigs[r])
	n = 0
	for (i = 1; i <= nr_rows[g]; i++)
		n += differs(r, row[g, i])
	return n
}

function result_of(r, name,	m, text) {
	m = number_of[r, name]
	text = m ? verdict[r, m] " " faults[r, m] : "-"
	if (((r, name) in want) && want[r, name] != text)
		text = text " (want " want[r, name] ")"
	return text
}

function ending_of(r,	text) {
	if (died(r))
		text = "died"
	else if (fact[r, "exit"] == "")
		text = "not run"
	else
		text = fact[r, "exit"]
	if (text != "not run" && fact[r, "want"] != "" && fact[r, "want"] != text)
		text = text " (want " fact[r, "want"] ")"
	return text (nr_complaints[r] ? " (dmesg)" : "")
}

# dirty_by(): who sets the dirty bit, as a verdict tells or a forked child.
function dirty_by(r,	m, soft, cpu) {
	for (m = 1; m <= nr_maps[r]; m++) {
		soft = soft || verdict[r, m] == "ignored"
		cpu = cpu || verdict[r, m] == "hidden"
	}
	for (m = 1; m <= nr_maps[r] && !soft && !cpu; m++) {
		soft = numbers[r, m] ~ /forked child 1,/
		cpu = numbers[r, m] ~ /forked child 0,/
	}
	return soft ? "software sets the dirty bit" : cpu ? "the CPU sets the dirty bit" : ""
}

function is_device(name) {
	return name != "memfd" && name != "perf_ring"
}
