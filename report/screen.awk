# SPDX-License-Identifier: GPL-2.0
# The answer on one screen: a row a mapping or, of several runs, a table. Runs in every
# awk, also in that of BusyBox.
#
#   LC_ALL=C awk -v form=screen -v columns=80 -f screen.awk -f read.awk FILE
#
# form=screen prints all of it, form=rows the rows alone, form=tap the rows as comments, with
# copy=1 behind the input itself, form=markdown the tables of docs/, and form=none nothing.
# color=1 colours, live=1 shows progress on stderr. The exit status is 3 if a run is not as
# its rig is known to be, else 0.

BEGIN {
	if (!columns)
		columns = 80
	if (form == "tap")
		columns -= 2
	escape = sprintf("%c", 27)
	short["honoured"] = "one fault: the PTE is writable and dirty"
	short["ignored"] = "the bug: a fault only sets the dirty bit"
	short["notify"] = "a fault notifies the driver, as it asks"
	short["hidden"] = "one fault; the CPU sets the dirty bit"
	short["premapped"] = "mapped by mmap(), not by a fault"
	short["undecided"] = "a fault too many, for a reason not measured"
	short["unexpected"] = "these numbers fit no explanation"
	# For light and dark terminals.
	colour["honoured"] = 32
	colour["ignored"] = 31
	colour["notify"] = 36
	colour["undecided"] = 33
	colour["unexpected"] = 35
	colour["surprise"] = "1;35"
	colour["known"] = 33
	colour["head"] = 1
}

copy && !/^#@/ {
	print
	fflush()
}
/^# there is no DRM card/ { no_card = substr($0, 3) }
live && /^1\.\.[0-9]/ { planned = substr($1, 4) }
live && /^(not )?ok [0-9]/ {
	at = $0
	sub(/^(not )?ok [0-9]* (mapping[.])?/, "", at)
	sub(/[. ].*/, "", at)
	printf "\r%s%s[K", substr(++nr_results (planned ? " of " planned : "") \
		" results, " at, 1, columns - 1), escape >"/dev/stderr"
}

function paint(text, name) {
	return color && (name in colour) ? escape "[" colour[name] "m" text escape "[m" : text
}

function say(text) {
	print (form == "tap" ? "# " : "") text
}

# say_wrapped(): each line in the colour of name.
function say_wrapped(text, indent, name,	line, n, i) {
	n = split(wrapped(text, indent), line, "\n")
	for (i = 1; i <= n; i++)
		say(paint(line[i], name))
}

function header(r,	text, by) {
	text = "Linux " fact[r, "release"]
	if (fact[r, "machine"] != "")
		text = text ", " fact[r, "machine"]
	if (fact[r, "cpu"] != "")
		text = text ", " fact[r, "cpu"]
	if (fact[r, "append"] ~ /[^ ]/)
		text = text ", " fact[r, "append"]
	gsub(/ +/, " ", text)
	sub(/ $/, "", text)
	by = dirty_by(r)
	say_wrapped(text (by == "" ? "" : ": " by), "", "head")
}

# is_stock(): no patch is on the rig's kernel.
function is_stock(r) {
	return fact[r, "release"] !~ / with [1-9]/
}

# rows(): a row for each mapping of a run.
function rows(r,	i, m, g, name, width, text, why, tint, odd) {
	g = group_of(rigs[r])
	sort_rows(g)
	width = 7
	for (i = 1; i <= nr_rows[g]; i++) {
		m = number_of[r, row[g, i]]
		if (m && length(row[g, i]) > width)
			width = length(row[g, i])
	}
	say(paint(sprintf("%-" width "s  faults of", ""), "head"))
	say(paint(sprintf("%-" width "s  %5s  %4s  %s", "memory", "store", "64", "verdict"), \
		"head"))
	for (i = 1; i <= nr_rows[g]; i++) {
		name = row[g, i]
		m = number_of[r, name]
		odd = differs(r, name) ? want[r, name] : ""
		if (!m) {
			if (odd != "")
				say_wrapped(sprintf("%-" width "s  ", name) \
					"not measured: not as this rig is known (" odd ")", "", "surprise")
			continue
		}
		tint = verdict[r, m]
		why = short[tint]
		if (odd != "") {
			why = "not as this rig is known: " odd
			tint = "surprise"
		} else if (tint == "ignored" && ((r, name) in want)) {
			why = is_stock(r) ? "the bug, as on every stock kernel" : \
				"the bug, as this rig is known to show"
		}
		if (verdict[r, m] == "ignored" && first[r, m] == 1 && odd == "")
			why = "the bug, of a store after a load"
		text = sprintf("%-" width "s  %5s  %4s  ", name, first[r, m], faults[r, m])
		if (length(text) + 12 + length(why) <= columns) {
			say(text paint(sprintf("%-10s  %s", verdict[r, m], why), tint))
		} else {
			say(text paint(verdict[r, m], tint))
			say_wrapped(why, "    ", tint)
		}
	}
	other_failures(r)
}

# other_failures(): the tests that fail for another reason than a verdict, a line for each
# kind, and what ended the run.
function other_failures(r,	i, nr, test, name, known, key, kind, names, why, tint, part) {
	nr = 0
	for (i = 1; i <= nr_failed[r]; i++) {
		if (explains(r, failed[r, i]) || failed[r, i] == "guest.died")
			continue
		test = failed[r, i]
		name = ""
		known = known_failure(r, test)
		if (sub(/^mapping[.]/, "", test)) {
			name = test
			sub(/.*[.]/, "", test)
			name = substr(name, 1, length(name) - length(test) - 1)
		}
		key = test SUBSEP known
		if (!(key in names)) {
			kind[++nr] = key
			names[key] = name
			why[key] = how[r, i]
		} else {
			names[key] = names[key] ", " name
		}
	}
	for (i = 1; i <= nr; i++) {
		key = kind[i]
		split(key, part, SUBSEP)
		known = part[2]
		tint = known != "" ? "known" : ((r, "fails") in fact) ? "surprise" : "ignored"
		say_wrapped(part[1] " fails" (names[key] == "" ? "" : " for " names[key]) \
			(known != "" ? ": known, another bug" (known == "-" ? "" : ", " known) : \
			tint == "surprise" ? ": not as this rig is known" : ""), "", tint)
		if (known == "" && why[key] != "")
			say_wrapped(why[key], "    ", tint)
	}
	if (died(r))
		say_wrapped("died: " fact[r, "died"], "", "surprise")
	if (nr_complaints[r])
		say_wrapped("the kernel complained: " complaint[r, 1], "", "surprise")
}

# surprise(): is the run not as its rig is known to be?
function surprise(r,	i) {
	if (died(r) || nr_complaints[r])
		return 1
	if (!((r, "fails") in fact))
		return 0
	for (i = 1; i <= nr_failed[r]; i++)
		if (unknown_failure(r, i))
			return 1
	return nr_differ(r) > 0
}

# names_of(): the mappings with this verdict.
function names_of(r, word,	m, n, list) {
	n = 0
	for (m = 1; m <= nr_maps[r]; m++)
		if (verdict[r, m] == word)
			list[++n] = maps[r, m]
	return name_list(list, n)
}

# found(): the answer, in a sentence.
function found(r,	m, nr, text, one, all) {
	nr = all = one = 0
	for (m = 1; m <= nr_maps[r]; m++) {
		if (!is_device(maps[r, m]))
			continue
		nr++
		all += verdict[r, m] == "hidden"
		one += first[r, m] == 1
	}
	text = names_of(r, "ignored")
	if (text != "")
		text = "The bug: mkwrite is ignored for " text "."
	else if (!nr)
		text = "No device memory was measured."
	else if (all)
		text = "Nothing here shows the bug, because the CPU sets the dirty bit itself."
	else
		text = "The bug is not here: " (one == nr ? "each first store takes one fault." : \
			"no fault only sets the dirty bit.")
	if (names_of(r, "unexpected") != "")
		text = text " Nothing explains the numbers of " names_of(r, "unexpected") "."
	say_wrapped(text " " (nr_passed[r] + 0) " tests passed, " (nr_failed[r] + 0) " failed, " \
		(nr_skipped[r] + 0) " skipped" (fact[r, "seconds"] == "" ? "" : "; " \
		fact[r, "seconds"] " s from power-on") ".", "")
}

# reasons(): what the traces conclude, each kind once.
function reasons(r,	m, b, text, seen) {
	for (m = 1; m <= nr_maps[r]; m++)
		for (b = 1; b <= nr_blocks[r, m]; b++) {
			text = so[r, m, b]
			sub(/^[^:]*: /, "", text)
			gsub(/ 0x[0-9a-f]+/, "", text)
			if (text == "" || verdict[r, m] != "ignored" || seen[text]++)
				continue
			say_wrapped("Why (" maps[r, m] "): " text ".", "")
		}
}

# absences(): what a user can do if no device memory was measured.
function absences(r,	i) {
	for (i = 1; i <= nr_absent[r]; i++) {
		# Huge pages are the second step, and some devices are there if they are named.
		if (absent[r, i] ~ /^[^ ]*(_thp|_pmd|_hugetlb|-huge|-prime) |PFN_MKWRITE_/)
			continue
		say_wrapped(absent[r, i], "  ")
	}
	if (no_card != "")
		say_wrapped(no_card, "  ")
}

function next_step(r,	m, name, vm, text, rig) {
	rig = rigs[r]
	vm = rig == "this machine" ? "" : " --vm " rig " --"
	for (m = 1; m <= nr_maps[r] && name == ""; m++)
		if (verdict[r, m] == "ignored" || verdict[r, m] == "unexpected")
			name = maps[r, m]
	if (name != "") {
		text = (vm == "" && !nr_blocks[r, number_of[r, name]] ? "as root, " : "") \
			"./run_tests.sh" vm " --explain " name " shows each step."
		if (fact[r, "fix"] != "")
			text = text " With the fix: ./run_tests.sh --vm " fact[r, "fix"]
		else if (vm == "")
			text = text " The fix: patches/core."
	} else if (names_of(r, "hidden") != "") {
		text = fact[r, "machine"] ~ /^aarch64/ && vm == "" ? \
			"boot with id_aa64mmfr1.hafdbs=0 (Linux 7.3), or see the bug in a guest: " : \
			"to see the bug, run a guest whose CPU does not: "
		text = text "./run_tests.sh --vm"
	} else if (!vm) {
		text = "./run_tests.sh --vm tests a guest, which brings its own devices."
	}
	if (text != "")
		say_wrapped("Next: " text, "")
}

# Several runs.

# place(): a run, and behind it those with a fix.
function place(r,	i) {
	if (placed[r])
		return
	placed[r] = 1
	order[++nr_placed] = r
	for (i = 1; i <= nr_rigs; i++)
		if (stock_of(i) == r)
			place(i)
}

# two_lines(): the name of a rig in two parts.
function two_lines(name,	g) {
	g = group_of(name)
	upper = g == name ? "" : g
	lower = g == name ? name : substr(name, length(g) + 2)
}

function cell_of(r, name,	text) {
	text = result_of(r, name)
	tone = number_of[r, name] ? verdict[r, number_of[r, name]] : ""
	if (differs(r, name)) {
		tone = "surprise"
		sub(/ [(]want .*/, "!", text)
	}
	return text
}

# fit(): set cell_width[] of the columns from here on that fit, and return the last one.
function fit(from,	to, i, wide) {
	wide = name_width
	for (to = from; to <= nr_placed; to++) {
		two_lines(rigs[order[to]])
		cell_width[to] = length(upper) > length(lower) ? length(upper) : length(lower)
		for (i = 1; i <= nr_rows[""]; i++)
			if (length(cell_of(order[to], row["", i])) > cell_width[to])
				cell_width[to] = length(cell_of(order[to], row["", i]))
		if (length(ending_of(order[to])) > cell_width[to])
			cell_width[to] = length(ending_of(order[to]))
		wide += 2 + cell_width[to]
		if (wide > columns && to > from)
			break
	}
	return to - 1
}

function table(	i, r, from, to, line, c, n, text) {
	for (r = 1; r <= nr_rigs; r++)
		if (!stock_of(r))
			place(r)
	all_rows()
	name_width = length("exit status")
	for (i = 1; i <= nr_rows[""]; i++)
		if (length(row["", i]) > name_width)
			name_width = length(row["", i])
	say_wrapped("Verdict, and page faults of one store to each of 64 pages:", "")
	say("")
	for (from = 1; from <= nr_placed; from = to + 1) {
		to = fit(from)
		line[1] = line[2] = sprintf("%-" name_width "s", "")
		for (c = from; c <= to; c++) {
			two_lines(rigs[order[c]])
			line[1] = line[1] sprintf("  %-" cell_width[c] "s", upper)
			line[2] = line[2] sprintf("  %-" cell_width[c] "s", lower)
		}
		for (i = 1; i <= 2; i++) {
			sub(/ +$/, "", line[i])
			if (line[i] != "")
				say(paint(line[i], "head"))
		}
		for (i = 1; i <= nr_rows[""]; i++) {
			n = 0
			line[1] = sprintf("%-" name_width "s", row["", i])
			for (c = from; c <= to; c++) {
				text = cell_of(order[c], row["", i])
				n += text != "-"
				text = sprintf("%-" cell_width[c] "s", text)
				if (c == to)
					sub(/ +$/, "", text)
				line[1] = line[1] "  " paint(text, tone)
			}
			if (n)
				say(line[1])
		}
		line[1] = sprintf("%-" name_width "s", "exit status")
		line[2] = sprintf("%-" name_width "s", "seconds")
		for (c = from; c <= to; c++) {
			line[1] = line[1] sprintf("  %-" cell_width[c] "s", ending_of(order[c]))
			text = fact[order[c], "seconds"]
			line[2] = line[2] sprintf("  %-" cell_width[c] "s", text == "" ? "-" : text)
		}
		for (i = 1; i <= 2; i++) {
			sub(/ +$/, "", line[i])
			say(line[i])
		}
		say("")
	}
	for (r = 1; r <= nr_rigs; r++)
		remark(r)
	if (form == "screen")
		found_all()
}

# found_all(): the answer of several runs.
function found_all(	r, s, text, nr, list, n, cured, hid) {
	nr = n = 0
	for (r = 1; r <= nr_rigs; r++) {
		if (names_of(r, "ignored") != "") {
			nr++
			list[++n] = rigs[r]
		}
		if (names_of(r, "hidden") != "")
			hid = hid (hid == "" ? "" : ", ") rigs[r]
		s = stock_of(r)
		if (s && names_of(s, "ignored") != "" && names_of(r, "ignored") == "")
			cured = cured (cured == "" ? "" : ", ") rigs[r]
	}
	text = nr ? "The bug: mkwrite is ignored on " nr " of " nr_rigs " rigs" \
		(nr > 4 ? "" : ", " name_list(list, n)) "." : "No rig shows the bug."
	if (cured != "")
		text = text " With the fix it is gone: " cured "."
	if (hid != "")
		text = text " The CPU hides it by setting the dirty bit itself: " hid "."
	say_wrapped(text, "")
	say_wrapped("Next: --report DIR writes the evidence; without --jobs and --table, one rig " \
		"says why.", "")
}

function remark_line(text) {
	if (form == "markdown")
		print "- " text
	else
		say_wrapped(text, "", "surprise")
}

# remark(): what does not fit into the table. A table for docs/ shows what differs itself.
function remark(r,	i, g) {
	if (died(r))
		remark_line(rigs[r] " died: " fact[r, "died"])
	else if (trouble_of(r) != "")
		remark_line(rigs[r] " could not be run: " (fact[r, "failed"] != "" ? \
			fact[r, "failed"] : "it ended with status " fact[r, "status"]))
	if (nr_complaints[r])
		remark_line(rigs[r] ": the kernel complained: " complaint[r, 1])
	if (form == "markdown" || !((r, "fails") in fact))
		return
	g = group_of(rigs[r])
	for (i = 1; i <= nr_rows[g]; i++)
		if (differs(r, row[g, i]))
			remark_line(rigs[r] ": " row[g, i] " " result_of(r, row[g, i]))
	for (i = 1; i <= nr_failed[r]; i++)
		if (unknown_failure(r, i))
			remark_line(rigs[r] ": " failed[r, i] " fails: not as this rig is known")
}

# markdown(): a table for the rigs of each group, and the remarks.
function markdown(	r, g, done) {
	for (r = 1; r <= nr_rigs; r++) {
		g = group_of(rigs[r])
		if (!done[g]++)
			markdown_table(g)
	}
	for (r = 1; r <= nr_rigs; r++)
		remark(r)
}

function markdown_table(g,	r, i, nr, member, line) {
	line = "| " g " |"
	nr = 0
	for (r = 1; r <= nr_rigs; r++)
		if (group_of(rigs[r]) == g) {
			member[++nr] = r
			line = line " " substr(rigs[r], length(g) + 2) " |"
		}
	print line
	gsub(/[^|]/, "-", line)
	print line
	sort_rows(g)
	for (i = 1; i <= nr_rows[g]; i++) {
		line = "| " row[g, i] " |"
		for (r = 1; r <= nr; r++)
			line = line " " result_of(member[r], row[g, i]) " |"
		print line
	}
	line = "| exit status |"
	for (r = 1; r <= nr; r++)
		line = line " " ending_of(member[r]) " |"
	print line "\n"
}

END {
	if (live)
		printf "\r%s[K", escape >"/dev/stderr"
	for (i = 1; i <= nr_rigs; i++)
		if (surprise(i))
			odd_run = 1
	if (form == "none") {
		;
	} else if (form == "markdown") {
		markdown()
	} else if (nr_rigs > 1) {
		table()
	} else if (form == "screen") {
		header(1)
		print ""
		if (nr_maps[1])
			rows(1)
		else
			other_failures(1)
		print ""
		found(1)
		reasons(1)
		if (!names_of(1, "ignored") && !nr_devices(1))
			absences(1)
		next_step(1)
	} else if (nr_maps[1] || nr_failed[1]) {
		if (form == "tap")
			header(1)
		rows(1)
	}
	exit odd_run ? 3 : 0
}

function nr_devices(r,	m, n) {
	n = 0
	for (m = 1; m <= nr_maps[r]; m++)
		n += is_device(maps[r, m])
	return n
}
