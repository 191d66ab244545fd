# SPDX-License-Identifier: GPL-2.0
# Make a report of the output of one or several runs: HTML with form=html, else text. Runs
# in every awk, also in that of BusyBox.
#
#   LC_ALL=C awk -v form=html -f read.awk -f report.awk FILE >report.html
#
# The answer comes first, then one table, then the evidence. What several runs show alike is
# said once; if there are many, those that agree share a column of the table.

BEGIN {
	html = form == "html"
	legend("honoured", "one fault left a PTE that takes the store, where it would have shown otherwise", \
		"pass")
	legend("ignored", "the bug: a fault did nothing but set the dirty bit", \
		"first_store, or store_after_load and store_after_fsync, and mkwrite_honoured fail")
	legend("notify", "the driver asked to be told of the first write; the second fault tells it", \
		"notified_once passes, first_store and mkwrite_honoured skip")
	legend("hidden", "one fault, but the CPU sets dirty bits itself: nothing here could show the bug", \
		"pass, mkwrite_honoured skips")
	legend("premapped", "mapped at mmap time; a store costs at most the dirty fault", \
		"pass, mkwrite_honoured skips")
	legend("undecided", "a fault too many, and no pgreuse in /proc/vmstat, or a machine too busy to read it", \
		"skip")
	legend("unexpected", "numbers that fit nothing, or a notification that did not arrive: all of them are printed", \
		"mkwrite_honoured fails")
}

function legend(name, means, tests) {
	legends[++nr_legends] = name
	meaning[name] = means
	consequence[name] = tests
	rank_of[name] = nr_legends
}

# Elements, in both forms.

function esc(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	return s
}

function heading(level, text, id,	rule) {
	if (html) {
		print "<h" level (id == "" ? "" : " id=\"" id "\"") ">" esc(text) "</h" level ">"
		return
	}
	rule = text
	gsub(/./, level == 1 ? "=" : "-", rule)
	print wrapped(text, "") "\n" substr(rule, 1, 80) "\n"
}

function para(text) {
	print html ? "<p>" esc(text) "</p>" : wrapped(text, "") "\n"
}

# hanging(): a word, and its text in a second column.
function hanging(name, text, indent,	pad) {
	pad = sprintf("%" indent "s", "")
	text = wrapped(text, pad)
	return name substr(text, 1 + length(name))
}

function bullet(text) {
	print html ? "<li>" esc(text) "</li>" : hanging("- ", text, 2)
}

# outdented(): text that is wrapped, its first line farther left.
function outdented(text, indent) {
	return indent substr(wrapped(text, indent "    "), length(indent) + 5)
}

# line_of(): a line of output, which text wraps behind its time.
function line_of(text, indent,	lead) {
	if (html) {
		print esc(text)
		return
	}
	match(text, /^ *([+] *[0-9]+ us *)?/)
	lead = substr(text, 1, RLENGTH)
	text = outdented(substr(text, RLENGTH + 1), indent sprintf("%" RLENGTH "s", ""))
	print indent lead substr(text, length(indent lead) + 1)
}

function listing(list, r, n,	i) {
	if (html)
		print "<pre>"
	for (i = 1; i <= n; i++)
		line_of(list[r, i], "    ")
	print html ? "</pre>" : ""
}

# fold(): what is up to fold_end() is not seen before it is asked for.
function fold(title, id) {
	print "<details" (id == "" ? "" : " id=\"" id "\"") "><summary>" title "</summary>"
}

function fold_end() {
	print "</details>"
}

# picture(): the faults of 64 pages, a cell each. Without a style sheet, bold is not 1.
function picture(s, indent,	i, c, out) {
	if (!html)
		return indent rows_of(s)
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (i > 1 && i % 16 == 1)
			out = out "</span> <span>"
		if (c == 1)
			out = out "<i>1</i>"
		else
			out = out (c == 0 ? "<i class=\"n0\">0</i>" : "<b>" c "</b>")
	}
	return "<span class=\"strip\" role=\"img\" aria-label=\"" spoken(s) "\"><span>" out \
		"</span></span>"
}

function rows_of(s,	i, out) {
	for (i = 1; i <= length(s); i += 16)
		out = out (i > 1 ? " " : "") substr(s, i, 16)
	return out
}

# spoken(): the same in words, for a screen reader.
function spoken(s,	i, n, c, out) {
	for (i = 1; i <= length(s); i += n) {
		c = substr(s, i, 1)
		for (n = 1; substr(s, i + n, 1) == c; n++)
			;
		out = out (i > 1 ? ", " : "") plural(n, "page", "pages") " with " \
			(c == "+" ? "more than 9" : c) " " (c == 1 ? "fault" : "faults")
	}
	return out
}

# wide_table(): scrolls on a narrow screen, also by keyboard.
function wide_table(caption, class) {
	print "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" esc(caption) "\">"
	print "<table" (class == "" ? "" : " class=\"" class "\"") "><caption>" esc(caption) \
		"</caption>"
}

# A table of words: next_row() and its cells, then table_end().
function table_begin(caption) {
	table = caption
	nr_cells = width_of = 0
	split("", body)
	split("", style)
}

function next_row() {
	nr_cells++
	at = 0
}

function cell(text, class) {
	body[nr_cells, ++at] = text
	style[nr_cells, at] = class
	if (at > width_of)
		width_of = at
}

function table_end(	i, j, tag, class, text) {
	if (!html) {
		text_table()
		return
	}
	wide_table(table)
	for (i = 1; i <= nr_cells; i++) {
		text = "<tr>"
		for (j = 1; j <= width_of; j++) {
			class = style[i, j] == "" ? "" : " class=\"" style[i, j] "\""
			tag = i == 1 || j == 1 ? "th" : "td"
			text = text "<" tag (tag == "td" ? "" : i == 1 ? " scope=\"col\"" : \
				" scope=\"row\"") class ">" esc(body[i, j]) "</" tag ">"
		}
		print (i == 1 ? "<thead>" : "") text "</tr>" (i == 1 ? "</thead><tbody>" : "")
	}
	print "</tbody></table></div>"
}

# The last column is wrapped.
function text_table(	i, j, width, line, indent) {
	indent = 0
	for (j = 1; j < width_of; j++) {
		width[j] = 0
		for (i = 1; i <= nr_cells; i++)
			if (length(body[i, j]) > width[j])
				width[j] = length(body[i, j])
		indent += width[j] + 2
	}
	print wrapped(table ":", "") "\n"
	for (i = 1; i <= nr_cells; i++) {
		line = ""
		for (j = 1; j < width_of; j++)
			line = line sprintf("%-" width[j] "s  ", body[i, j])
		print hanging(line, body[i, width_of], indent)
	}
	print ""
}

function pair(name, text, code) {
	if (text == "")
		return
	if (html)
		print "<dt>" esc(name) "</dt><dd>" (code ? "<code>" : "") esc(text) \
			(code ? "</code>" : "") "</dd>"
	else
		print hanging(sprintf("%-13s", name ":"), text, 13)
}

# What there is.

# gather(): the rows of the only table, and the numbers of the answer.
function gather(	r, m) {
	all_rows()
	for (r = 1; r <= nr_rigs; r++) {
		nr_differing += nr_differ(r)
		for (m = 1; m <= nr_maps[r]; m++) {
			if (!is_device(maps[r, m]) && verdict[r, m] != "ignored")
				continue
			total[verdict[r, m]]++
			if (!on[verdict[r, m], maps[r, m]]++)
				names[verdict[r, m], ++nr_names[verdict[r, m]]] = maps[r, m]
			if (verdict[r, m] == "ignored" && !bad[r]++)
				nr_bad++
		}
	}
}

# choose(): the mapping of the picture. If there is a fix, that of the largest change.
function choose(	r, s, m, of, score, best, i, word) {
	best = 0
	for (r = 1; r <= nr_rigs; r++) {
		s = stock_of(r)
		for (m = 1; s && m <= nr_maps[s]; m++) {
			of = number_of[r, maps[s, m]]
			if (verdict[s, m] != "ignored" || !of)
				continue
			split(rigs[r], word, "-")
			nr_pairs[word[2]]++
			if (verdict[r, of] != "honoured")
				continue
			nr_cured[word[2]]++
			# Of equal ones, that of the guest which README runs.
			score = 1000 * has_pte(s, m) + faults[s, m] / (faults[r, of] + .5) + \
				(rigs[s] ~ /-a57$/) / 100
			if (score > best) {
				best = score
				shown_rig = s
				shown_map = m
				cured_rig = r
				cured_map = of
			}
		}
	}
	if (best)
		return
	nr_telling = split("ignored unexpected undecided honoured hidden notify premapped", telling, " ")
	for (i = 1; i <= nr_telling; i++)
		for (r = 1; r <= nr_rigs; r++)
			for (m = 1; m <= nr_maps[r]; m++) {
				if (verdict[r, m] != telling[i] || strip[r, m] == "" || !is_device(maps[r, m]))
					continue
				score = 2 * (nr_telling - i) + has_pte(r, m) + 1
				if (score > best) {
					best = score
					shown_rig = r
					shown_map = m
				}
			}
}

function has_pte(r, m,	b, i) {
	for (b = 1; b <= nr_blocks[r, m]; b++)
		for (i = 1; i <= nr_lines[r, m, b]; i++)
			if (lines[r, m, b, i] ~ /the PTE is 0x/)
				return 1
	return 0
}

# First screen.

# mappings_of(): the mappings with a verdict, not all of them if they are many.
function mappings_of(v, with_faults,	i, n, list, left, best, j) {
	n = nr_names[v]
	for (i = 1; i <= n; i++) {
		list[i] = names[v, i]
		if (with_faults && n <= 3 && faults[1, number_of[1, list[i]]] != "-")
			list[i] = list[i] " (" (i > 1 ? faults[1, number_of[1, list[i]]] : \
				plural(faults[1, number_of[1, list[i]]], "fault", "faults") \
				" for 64 pages") ")"
	}
	if (n <= 4)
		return name_list(list, n)
	# Those of most rigs, as examples.
	for (j = 1; j <= 3; j++) {
		best = 0
		for (i = 1; i <= n; i++)
			if (!(i in left) && (!best || on[v, names[v, i]] > on[v, names[v, best]]))
				best = i
		left[best] = 1
		list[j] = names[v, best]
	}
	return n " mappings, such as " name_list(list, 3)
}

function headline() {
	if (nr_bad)
		return "Two, where one would do."
	if (total["unexpected"])
		return "Not what was expected."
	if (total["undecided"])
		return "Perhaps one too many."
	if (total["honoured"])
		return "One."
	if (total["hidden"])
		return "One, but nothing here could show the bug."
	if (total["notify"] || total["premapped"])
		return "As many as the drivers ask for."
	return "That was not measured."
}

function answer(	text, one) {
	one = nr_rigs == 1
	if (nr_bad) {
		text = one ? "Linux " fact[1, "release"] : \
			"On " nr_bad " of " plural(nr_rigs, "machine", "machines") ", Linux"
		text = text " ignores mkwrite for " mappings_of("ignored", one) \
			": the second fault does nothing but set the dirty bit."
		if (nr_pairs["core"] + nr_pairs["fixed"])
			text = text " " fix_words()
	} else if (total["undecided"]) {
		text = "Nothing tells what the last fault of " mappings_of("undecided", one) " is for."
	} else if (total["honoured"]) {
		text = "mkwrite is honoured for " mappings_of("honoured", one) "."
	} else if (total["hidden"]) {
		text = "The CPU sets the dirty bit itself, for " mappings_of("hidden", one) "."
	} else if (total["notify"]) {
		text = "A second fault notifies the driver of " mappings_of("notify", one) "."
	} else if (total["premapped"]) {
		text = mappings_of("premapped", one) " is mapped at mmap time."
	}
	if (total["unexpected"])
		text = text " The numbers of " mappings_of("unexpected", one) " fit nothing."
	return text
}

function fix_words(	core, opt) {
	core = nr_cured["core"] + 0 " of " nr_pairs["core"] " cases with patches/core"
	opt = nr_cured["fixed"] + 0 " of " nr_pairs["fixed"] \
		(nr_pairs["core"] ? "" : " cases") " with the opt-in series"
	return "With the fix one fault is enough: in " (nr_pairs["core"] ? core : "") \
		(nr_pairs["core"] && nr_pairs["fixed"] ? ", in " : "") \
		(nr_pairs["fixed"] ? opt : "") "."
}

# alert(): what is not as it should be, besides the verdicts.
function alert(	r, i, text, list, nr, name, seen) {
	for (r = 1; r <= nr_rigs; r++) {
		if (trouble_of(r) != "")
			text = text " " rigs[r] " " trouble_of(r) "."
		if (nr_complaints[r])
			text = text " The kernel of " rigs[r] " complained."
		if (fact[r, "exit"] == 4)
			text = text " " rigs[r] " has no device memory to test."
	}
	if (nr_differing)
		text = text " " plural(nr_differing, "measurement is", "measurements are") \
			" not as the rig is known to show."
	nr = 0
	for (i = 1; i <= nr_others; i++) {
		name = other_what[i]
		sub(/:.*/, "", name)
		if (other_known[i] == "" && !seen[name]++)
			list[++nr] = name
	}
	if (nr)
		text = text " " name_list(list, nr) (nr == 1 ? " fails" : " fail") \
			" for another reason."
	return substr(text, 2)
}

function show_picture(	caption) {
	if (!shown_rig)
		return
	caption = "Page faults of a store to each of 64 pages of " maps[shown_rig, shown_map]
	if (html) {
		print "<figure id=\"picture\"><figcaption>" esc(caption) "</figcaption>"
		print "<div class=\"strips\">"
	} else {
		print wrapped(caption ":", "") "\n"
	}
	print strip_line(shown_rig, shown_map, cured_rig ? "before the fix" : "")
	if (cured_rig)
		print strip_line(cured_rig, cured_map, "after the fix")
	if (html)
		print "</div></figure>"
	else
		print ""
}

function strip_line(r, m, when,	title, where) {
	title = plural(faults[r, m], "fault", "faults") (when == "" ? "" : " " when)
	where = nr_rigs > 1 ? rigs[r] : ""
	if (html)
		return "<div><p><b>" title "</b>" (where == "" ? "" : " <span>" esc(where) \
			"</span>") "</p>" picture(strip[r, m]) "</div>"
	return title (where == "" ? "" : ", " where) ":\n" picture(strip[r, m], "  ")
}

# show_pte(): the page-table entry after each fault of the same store, as it was traced.
function show_pte(	r, m, b, i, j, n, line, after, text, part, nr, changed, k, caption, bits) {
	r = shown_rig
	m = shown_map
	nr = 0
	for (b = 1; b <= nr_blocks[r, m] && !nr; b++)
		for (i = 1; i <= nr_lines[r, m, b]; i++) {
			line = lines[r, m, b, i]
			if (match(line, /fault [0-9]+, of the [a-z]+/)) {
				after = substr(line, RSTART, RLENGTH)
				# The store alone needs no name.
				sub(/, of the store/, "", after)
				sub(/,/, "", after)
			}
			if (!match(line, /the PTE is 0x[0-9a-f]+: /))
				continue
			nr++
			pte_after[nr] = after
			text = substr(line, RSTART + RLENGTH)
			pte_state[nr] = text
			sub(/.*: /, "", pte_state[nr])
			sub(/: [^:]*$/, "", text)
			n = split(text, part, ", ")
			for (j = 1; j <= n; j++) {
				if (part[j] !~ /^[A-Z]+ [0-9]+$/)
					continue
				split(part[j], pte_word, " ")
				if (nr == 1)
					pte_bit[++bits] = pte_word[1]
				pte[nr, pte_word[1]] = pte_word[2]
			}
		}
	if (!nr)
		return
	caption = "The PTE of the first page" (nr_rigs > 1 ? ", " rigs[r] : "")
	if (html) {
		print "<table id=\"pte\"><caption>" esc(caption) "</caption><thead><tr>"
		print "<th scope=\"col\">after</th>"
		for (j = 1; j <= bits; j++)
			print "<th scope=\"col\">" pte_bit[j] "</th>"
		print "<th scope=\"col\">that is</th></tr></thead><tbody>"
	} else {
		print caption ":\n"
	}
	for (k = 1; k <= nr; k++) {
		text = ""
		for (j = 1; j <= bits; j++) {
			line = pte[k, pte_bit[j]]
			changed = k > 1 && line != pte[k - 1, pte_bit[j]]
			if (html)
				text = text "<td" (changed ? " class=\"changed\"" : "") ">" line "</td>"
			else
				text = text (j > 1 ? ", " : "") pte_bit[j] " " line
		}
		if (html)
			print "<tr><th scope=\"row\">" esc(pte_after[k]) "</th>" text "<td>" \
				esc(pte_state[k]) "</td></tr>"
		else
			print "  after " pte_after[k] ": " text ": " pte_state[k]
	}
	print html ? "</tbody></table>" : ""
}

# machines(): how many of which kind, and who sets their dirty bit.
function machines(	r, i, n, word, list, seen, soft, cpu) {
	n = soft = cpu = 0
	for (r = 1; r <= nr_rigs; r++) {
		split(rigs[r], word, "-")
		if (!seen[word[1]]++)
			list[++n] = word[1]
		if (dirty_by(r) ~ /^soft/)
			soft++
		else if (dirty_by(r) != "")
			cpu++
	}
	for (i = 1; i <= n; i++)
		list[i] = seen[list[i]] " " list[i]
	return name_list(list, n) "; " kernels() (soft ? "; software sets the dirty bit on " soft : "") \
		(cpu ? (soft ? ", the CPU on " : "; the CPU sets the dirty bit on ") cpu : "")
}

# kernels(): Linux 5.10, 6.1 and so on, in order.
function kernels(	r, i, n, word, list, seen, name) {
	n = 0
	for (r = 1; r <= nr_rigs; r++) {
		if (split(fact[r, "release"], word, ".") < 2)
			continue
		sub(/[^0-9].*/, "", word[2])
		name = word[1] "." word[2]
		if (seen[name]++)
			continue
		for (i = ++n; i > 1 && newer(list[i - 1], name); i--)
			list[i] = list[i - 1]
		list[i] = name
	}
	return "Linux " name_list(list, n)
}

function newer(a, b,	x, y) {
	split(a, x, ".")
	split(b, y, ".")
	return x[1] * 1000 + x[2] > y[1] * 1000 + y[2]
}

function tests_of(r) {
	return (nr_passed[r] + 0) " passed, " (nr_failed[r] + 0) " failed, " \
		(nr_skipped[r] + 0) " skipped"
}

function first_screen(	title, text) {
	title = "How many page faults does the first store to device memory take?"
	if (html) {
		page_begin(title)
		print "<h1 id=\"question\">" title "</h1>"
		print "<p id=\"answer\"><strong>" headline() "</strong> " esc(answer()) "</p>"
	} else {
		heading(1, title)
		para(headline() " " answer())
	}
	text = alert()
	if (text != "")
		print html ? "<p class=\"alert\">" esc(text) "</p>" : wrapped(text, "") "\n"
	if (html)
		print "<div class=\"shown\">"
	show_picture()
	if (shown_rig)
		show_pte()
	if (html)
		print "</div>\n<dl id=\"machines\">"
	if (nr_rigs > 1) {
		pair("machines", machines())
		pair("reproduce", reproduce(), 1)
	} else {
		pair("kernel", fact[1, "release"] (fact[1, "machine"] == "" ? "" : ", " fact[1, "machine"]))
		pair("CPU", fact[1, "cpu"] (dirty_by(1) == "" ? "" : "; " dirty_by(1)))
		pair("booted with", fact[1, "append"], 1)
		pair("tests", tests_of(1) (fact[1, "seconds"] == "" ? "" : "; " \
			fact[1, "seconds"] " s from power-on"))
		pair("exit status", ending_of(1))
		pair("command", fact[1, "command"], 1)
	}
	print html ? "</dl>" : ""
}

function reproduce(	text) {
	if (!shown_rig)
		return ""
	text = fact[shown_rig, "command"]
	return text == "" || !cured_rig ? text : text " " rigs[cured_rig]
}

# The table of all runs.

# columns_of(): the column of a rig, and behind it those of the same kernel with a fix.
function columns_of(r,	i) {
	for (i = 1; i <= nr_rows[""] && result_of(r, row["", i]) == "-"; i++)
		;
	if (i <= nr_rows[""])
		join_column(r)
	for (i = 1; i <= nr_rigs; i++)
		if (stock_of(i) == r)
			columns_of(i)
}

# join_column(): one for each rig or, if they are many, for those that agree.
function join_column(r,	c, i, name) {
	for (c = 1; c <= nr_columns; c++)
		if (many && agrees(c, r))
			break
	if (c > nr_columns) {
		nr_columns = c
		column_group[c] = group_of(rigs[r])
		column_name[c] = rigs[r]
	}
	if (length(rigs[r]) < length(column_name[c]))
		column_name[c] = rigs[r]
	column_rig[c, ++nr_column_rigs[c]] = r
	for (i = 1; i <= nr_rows[""]; i++) {
		name = row["", i]
		if (result_of(r, name) != "-" && !((c, name) in in_column))
			in_column[c, name] = r
	}
}

# agrees(): is the rig as those of this column, as far as they measured the same?
function agrees(c, r,	i, name, text) {
	if (column_group[c] != group_of(rigs[r]) || dirty_by(r) != dirty_by(column_rig[c, 1]))
		return 0
	for (i = 1; i <= nr_rows[""]; i++) {
		name = row["", i]
		text = result_of(r, name)
		if (text != "-" && ((c, name) in in_column) && \
				result_of(in_column[c, name], name) != text)
			return 0
	}
	return 1
}

# column_title(): its name behind so many characters, and for how many more rigs it is.
function column_title(c, skip) {
	return substr(column_name[c], skip + 1) \
		(nr_column_rigs[c] > 1 ? " +" nr_column_rigs[c] - 1 : "")
}

function arch_of(c,	word) {
	split(column_name[c], word, "-")
	return word[1]
}

function cell_of(c, name,	r, m, text) {
	if (!((c, name) in in_column))
		return ""
	r = in_column[c, name]
	m = number_of[r, name]
	text = result_of(r, name)
	if (many && m)
		sub(/^[a-z]+ /, html ? "" : mark_of(verdict[r, m]), text)
	return text
}

function mark_of(v) {
	return rank_of[v] ? substr(marks, rank_of[v], 1) : ""
}

function matrix(	r, i, text) {
	for (r = 1; r <= nr_rigs; r++)
		if (!stock_of(r))
			columns_of(r)
	heading(2, "Verdicts", "verdicts")
	if (nr_rigs == 1)
		single_table()
	else if (nr_columns)
		all_table()
	shared_columns()
	legend_table()
}

function all_table(	i, to) {
	table = "Verdict, and page faults of one store to each of 64 pages"
	if (html) {
		html_matrix()
		return
	}
	print wrapped(table ":", "") "\n"
	for (i = 1; i <= nr_columns; i = to + 1)
		to = text_matrix(i)
}

function html_matrix(	c, i, n, text, name, class, r, m) {
	wide_table(table, many ? "narrow" : "words")
	text = "<thead><tr><th scope=\"col\" rowspan=\"2\">mapping</th>"
	for (c = 1; c <= nr_columns; c += n) {
		for (n = 1; c + n <= nr_columns && arch_of(c + n) == arch_of(c); n++)
			;
		text = text "<th scope=\"colgroup\" class=\"arch\"" (n > 1 ? " colspan=\"" n "\"" : "") ">" \
			esc(arch_of(c)) "</th>"
	}
	print text "</tr><tr>"
	for (c = 1; c <= nr_columns; c++)
		print "<th scope=\"col\"" edge(c) "><span>" \
			esc(column_title(c, length(arch_of(c)) + 1)) "</span></th>"
	print "</tr></thead><tbody>"
	for (i = 1; i <= nr_rows[""]; i++) {
		name = row["", i]
		text = "<tr><th scope=\"row\">" esc(name) "</th>"
		for (c = 1; c <= nr_columns; c++) {
			r = ((c, name) in in_column) ? in_column[c, name] : 0
			m = r ? number_of[r, name] : 0
			class = m ? verdict[r, m] : ""
			if (edge(c) != "")
				class = class (class == "" ? "" : " ") "edge"
			text = text "<td" (class == "" ? "" : " class=\"" class "\"") ">"
			if (m)
				text = text "<a href=\"#" kind_id(r, m) "\">" esc(cell_of(c, name)) "</a></td>"
			else
				text = text esc(cell_of(c, name)) "</td>"
		}
		print text "</tr>"
	}
	print "</tbody></table></div>"
}

# edge(): the first column of an architecture.
function edge(c) {
	return c == 1 || arch_of(c) != arch_of(c - 1) ? " class=\"edge\"" : ""
}

# text_matrix(): as many columns from here on as fit into a mail; returns the last one.
function text_matrix(from,	to, c, i, width, first_width, wide, head, line, n, text, skip) {
	first_width = 7
	for (i = 1; i <= nr_rows[""]; i++)
		if (length(row["", i]) > first_width)
			first_width = length(row["", i])
	wide = first_width
	for (to = from; to <= nr_columns; to++) {
		head[to] = ""
		skip = 0
		if (many) {
			head[to] = column_group[to]
			sub(/^[^-]*-?/, "", head[to])
			skip = length(column_group[to]) + 1
		}
		width[to] = length(column_title(to, skip))
		if (length(head[to]) > width[to])
			width[to] = length(head[to])
		for (i = 1; i <= nr_rows[""]; i++)
			if (length(cell_of(to, row["", i])) > width[to])
				width[to] = length(cell_of(to, row["", i]))
		wide += 2 + width[to]
		if (to > from && (wide > 80 || many && arch_of(to) != arch_of(from)))
			break
	}
	to--
	line = sprintf("%-" first_width "s", many ? arch_of(from) : "mapping")
	for (c = from; c <= to; c++)
		line = line sprintf("  %-" width[c] "s", many ? head[c] : column_title(c, 0))
	print trimmed(line)
	if (many) {
		line = sprintf("%" first_width "s", "")
		for (c = from; c <= to; c++)
			line = line sprintf("  %-" width[c] "s", \
				column_title(c, length(column_group[c]) + 1))
		print trimmed(line)
	}
	for (i = 1; i <= nr_rows[""]; i++) {
		n = 0
		line = sprintf("%-" first_width "s", row["", i])
		for (c = from; c <= to; c++) {
			text = cell_of(c, row["", i])
			n += text != ""
			line = line sprintf("  %-" width[c] "s", text == "" ? "." : text)
		}
		if (n)
			print trimmed(line)
	}
	print ""
	return to
}

function trimmed(line) {
	sub(/ +$/, "", line)
	return line
}

function single_table(	i, m, name) {
	table_begin("Verdict, and page faults of one store")
	next_row()
	cell("mapping")
	cell("verdict")
	cell("first store")
	cell("after a load")
	cell("64 pages")
	cell("because")
	for (i = 1; i <= nr_rows[""]; i++) {
		name = row["", i]
		m = number_of[1, name]
		next_row()
		cell(name)
		cell(m ? verdict[1, m] : "not measured", m ? verdict[1, m] : "")
		cell(m ? first[1, m] : "-")
		cell(m ? upgrade[1, m] : "-")
		cell(m ? faults[1, m] : "-")
		cell((m && nr_details[1, m] ? details[1, m, 1] : "") \
			(differs(1, name) ? " (want " want[1, name] ")" : ""))
	}
	if (nr_rows[""])
		table_end()
	else
		para("No mapping was measured.")
}

# shared_columns(): which rigs a column is for.
function shared_columns(	c, i, n, list, text) {
	n = 0
	for (c = 1; c <= nr_columns; c++)
		n += nr_column_rigs[c] > 1
	if (!n)
		return
	text = "A column with +N is for N more rigs of that kernel, which agree with it"
	print html ? "<details><summary>" text "</summary>\n<ul>" : wrapped(text ":", "") "\n"
	for (c = 1; c <= nr_columns; c++) {
		if (nr_column_rigs[c] < 2)
			continue
		n = 0
		for (i = 1; i <= nr_column_rigs[c]; i++)
			if (rigs[column_rig[c, i]] != column_name[c])
				list[++n] = substr(rigs[column_rig[c, i]], length(column_group[c]) + 2)
		bullet(column_name[c] ": " name_list(list, n))
	}
	print html ? "</ul></details>" : ""
}

function legend_table(	i, v) {
	if (!html)
		print "What a verdict means:\n"
	table_begin("What a verdict means")
	next_row()
	cell("verdict")
	cell("means")
	cell("the tests")
	for (i = 1; i <= nr_ranks; i++) {
		v = ranks[i]
		next_row()
		cell((many ? mark_of(v) " " : "") v, v)
		cell(meaning[v])
		cell(consequence[v])
		if (!html)
			print hanging("  " (many ? mark_of(v) " " : "") v, meaning[v] \
				". The tests: " consequence[v] ".", many ? 16 : 14)
	}
	if (html)
		table_end()
	else
		print ""
}

# What else failed: tests that no verdict explains, the kernel's messages, dead guests.

# gather_others(): one for each test and what it saw.
function gather_others(	r, i, test, name, what, key, k, known) {
	for (r = 1; r <= nr_rigs; r++)
		for (i = 1; i <= nr_failed[r]; i++) {
			test = failed[r, i]
			if (explains(r, test) || test == "guest.died")
				continue
			known = known_failure(r, test)
			name = what = test
			sub(/^mapping[.]/, "", name)
			sub(/[.]?[^.]*$/, "", name)
			sub(/.*[.]/, "", what)
			key = what SUBSEP how[r, i] SUBSEP known
			k = other_no[key]
			if (!k) {
				k = other_no[key] = ++nr_others
				other_what[k] = what (how[r, i] == "" ? "" : ": " how[r, i])
				other_known[k] = known
			}
			if (name != "" && !((k, name) in other_has)) {
				other_has[k, name] = 1
				other_name[k, ++nr_other_names[k]] = name
			}
			if (!((k, r) in other_has)) {
				other_has[k, r] = 1
				other_rigs[k] = with_rig(other_rigs[k], r, "o" k)
				nr_other_rigs[k]++
			}
		}
}

# with_rig(): a list of rigs, which says what names share once.
function with_rig(text, r, key,	g) {
	g = group_of(rigs[r])
	if (many && group_before[key] == g && rigs[r] != g)
		return text ", " substr(rigs[r], length(g) + 2)
	group_before[key] = g
	return text (text == "" ? "" : many ? "; " : ", ") rigs[r]
}

function others(	r, k, i, n, nr, text, list) {
	nr = nr_others + nr_differing
	for (r = 1; r <= nr_rigs; r++)
		nr += nr_complaints[r] + (trouble_of(r) != "")
	if (!nr)
		return
	heading(2, "What else failed", "others")
	if (html && nr_others + nr_differing)
		print "<ul>"
	for (r = 1; r <= nr_rigs; r++)
		for (i = 1; i <= nr_rows[""]; i++) {
			if (differs(r, row["", i]))
				bullet("not as known: " row["", i] ", " rigs[r] ": " \
					result_of(r, row["", i]))
		}
	for (k = 1; k <= nr_others; k++) {
		n = nr_other_names[k] + 0
		for (i = 1; i <= n; i++)
			list[i] = other_name[k, i]
		text = other_what[k] (n ? ": " name_list(list, n) : "")
		if (nr_rigs > 1)
			text = text (html || nr_other_rigs[k] < 4 ? " (" other_rigs[k] ")" : \
				" (" nr_other_rigs[k] " rigs)")
		if (other_known[k] != "")
			text = text ". Known: another bug" (other_known[k] == "-" ? "" : ", see " \
				other_known[k])
		bullet(text)
	}
	if (nr_others + nr_differing)
		print html ? "</ul>" : ""
	for (r = 1; r <= nr_rigs; r++) {
		if (nr_complaints[r]) {
			para(rigs[r] ": the kernel complained during the tests:")
			listing(complaint, r, nr_complaints[r])
		}
		if (trouble_of(r) == "")
			continue
		text = fact[r, died(r) ? "died" : "failed"]
		if (text == "")
			text = "it ended with status " fact[r, "status"]
		para(rigs[r] " " trouble_of(r) ": " text)
		if (nr_console[r]) {
			para("The end of its console:")
			listing(console, r, nr_console[r])
		}
	}
}

# Evidence: a kind is a verdict with its reason, a form of it the numbers.

function kind_key(r, m) {
	return verdict[r, m] SUBSEP (nr_details[r, m] ? details[r, m, 1] : "") SUBSEP \
		(nr_rigs > 1 ? "" : maps[r, m])
}

function kind_id(r, m) {
	return "k" kind_no[kind_key(r, m)]
}

function gather_kinds(	r, m, k, f, key, name) {
	for (r = 1; r <= nr_rigs; r++)
		for (m = 1; m <= nr_maps[r]; m++) {
			name = maps[r, m]
			key = kind_key(r, m)
			k = kind_no[key]
			if (!k) {
				k = kind_no[key] = ++nr_kinds
				kind_rig[k] = r
				kind_map[k] = m
			}
			nr_of_kind[k]++
			if (!((k, name) in in_kind)) {
				in_kind[k, name] = 1
				kind_name[k, ++nr_kind_names[k]] = name
			}
			# The run of the picture stands for its kind.
			if (r == shown_rig && m == shown_map) {
				kind_rig[k] = r
				kind_map[k] = m
			}
			f = form_no[k, numbers[r, m]]
			if (!f) {
				f = form_no[k, numbers[r, m]] = ++nr_forms[k]
				form_numbers[k, f] = numbers[r, m]
				form_strip[k, f] = strip[r, m]
			}
			if (!((k, f, name) in form_where))
				form_name[k, f, ++nr_form_names[k, f]] = name
			form_where[k, f, name] = with_rig(form_where[k, f, name], r, k "f" f name)
			gather_traces(k, r, m)
		}
}

# gather_traces(): of equal ways through the kernel, one.
function gather_traces(k, r, m,	b, key, t, word, text) {
	split(rigs[r], word, "-")
	for (b = 1; b <= nr_blocks[r, m]; b++) {
		text = so[r, m, b]
		gsub(/ 0x[0-9a-f]+/, "", text)
		key = k SUBSEP word[1] SUBSEP block[r, m, b] SUBSEP path_of(r, m, b) SUBSEP text
		t = trace_no[key]
		if (!t) {
			t = trace_no[key] = ++nr_traces[k]
			trace_rig[k, t] = r
			trace_map[k, t] = m
			trace_block[k, t] = b
		}
		nr_trace_runs[k, t]++
		if (r == shown_rig && m == shown_map) {
			trace_rig[k, t] = r
			trace_map[k, t] = m
			trace_block[k, t] = b
		}
	}
}

# path_of(): the function that inserted the page, and its callers.
function path_of(r, m, b,	i, line, before) {
	for (i = 1; i <= nr_lines[r, m, b]; i++) {
		line = lines[r, m, b, i]
		if (line ~ /^ *called by /) {
			sub(/^ *called by /, "", line)
			sub(/^[^a-zA-Z_]*[0-9]+ us +/, "", before)
			sub(/[(].*/, "", before)
			return before " < " line
		}
		before = line
	}
	return ""
}

function evidence_of_all(	i, k, known) {
	if (!nr_kinds)
		return
	heading(2, "Evidence", "evidence")
	if (nr_rigs > 1)
		para("What several runs show alike is here once, with the times and addresses of one.")
	for (i = 1; i <= nr_ranks; i++) {
		known[ranks[i]] = 1
		for (k = 1; k <= nr_kinds; k++)
			if (verdict[kind_rig[k], kind_map[k]] == ranks[i])
				about_kind(k)
	}
	for (k = 1; k <= nr_kinds; k++)
		if (!(verdict[kind_rig[k], kind_map[k]] in known))
			about_kind(k)
}

function about_kind(k,	r, m, i, n, list, title, v, tail) {
	r = kind_rig[k]
	m = kind_map[k]
	v = verdict[r, m]
	n = nr_kind_names[k]
	for (i = 1; i <= n; i++)
		list[i] = kind_name[k, i]
	title = n > 6 ? n " mappings" : name_list(list, n)
	tail = " (" form_numbers[k, 1] ")"
	if (nr_forms[k] > 1)
		tail = html ? ", " details[r, m, 1] : ""
	if (html) {
		fold(esc(title) ": <span class=\"" v "\">" esc(v) "</span>" esc(tail), kind_id(r, m))
		if (nr_forms[k] == 1 && nr_details[r, m])
			print "<p>" esc(details[r, m, 1]) "</p>"
	} else if (many) {
		print outdented(v ": " details[r, m, 1] " (" plural(nr_of_kind[k], "measurement", \
			"measurements") "): " name_list(list, n), "")
		if (v == "ignored" || v == "unexpected") {
			forms_of(k)
			traces_of(k)
		}
		print ""
		return
	} else {
		print outdented(title ": " v tail, "")
		if (nr_details[r, m])
			print wrapped(details[r, m, 1], "    ")
	}
	forms_of(k)
	if (html && nr_details[r, m] + nr_evidence[r, m] > 1)
		print "<pre>" (nr_rigs > 1 ? esc(maps[r, m] ", " rigs[r]) : "")
	else if (!html && nr_rigs > 1 && nr_details[r, m] + nr_evidence[r, m] > 1)
		line_of(maps[r, m] ", " rigs[r] ":", "    ")
	for (i = 2; i <= nr_details[r, m]; i++)
		line_of(details[r, m, i], "    ")
	for (i = 1; i <= nr_evidence[r, m]; i++)
		line_of(evidence[r, m, i], "    ")
	if (html && nr_details[r, m] + nr_evidence[r, m] > 1)
		print "</pre>"
	traces_of(k)
	if (html)
		fold_end()
	else
		print ""
}

# forms_of(): the numbers, and which rigs show them.
function forms_of(k,	f, i, n, list, text) {
	for (f = 1; f <= nr_forms[k]; f++) {
		n = nr_form_names[k, f]
		for (i = 1; i <= n; i++) {
			list[i] = form_name[k, f, i]
			if (nr_rigs > 1 && (html || !many))
				list[i] = list[i] " (" form_where[k, f, form_name[k, f, i]] ")"
		}
		text = name_list(list, n)
		if (html) {
			if (nr_forms[k] > 1)
				print "<p class=\"log\">" esc(form_numbers[k, f]) "</p>"
			if (form_strip[k, f] != "")
				print "<p class=\"log\">" rows_of(form_strip[k, f]) "</p>"
			if (nr_rigs > 1)
				print "<p>" esc(text) "</p>"
			continue
		}
		if (nr_forms[k] > 1 || many)
			print hanging("  - ", form_numbers[k, f] ": " text, 4)
		else if (nr_rigs > 1)
			print wrapped(text, "    ")
		if (form_strip[k, f] != "" && !many)
			print picture(form_strip[k, f], "    ")
	}
}

function traces_of(k,	t, r, m, b, i, text, title) {
	for (t = 1; t <= nr_traces[k]; t++) {
		r = trace_rig[k, t]
		m = trace_map[k, t]
		b = trace_block[k, t]
		title = (so[r, m, b] == "" ? "explained" : so[r, m, b]) " (" block[r, m, b] ")"
		text = path_of(r, m, b)
		if (nr_rigs > 1)
			text = maps[r, m] ", " rigs[r] \
				(nr_trace_runs[k, t] > 1 ? " and " nr_trace_runs[k, t] - 1 " more" : "") \
				(text == "" ? "" : ": " text)
		if (!html && many) {
			print hanging("  - ", text, 4)
			continue
		}
		if (html) {
			print "<details><summary>trace" (text == "" ? "" : ": " esc(text)) "</summary>"
			print "<p>" esc(title) "</p>\n<pre>"
		} else {
			print wrapped(title (text == "" ? "" : ": " text), "    ")
		}
		for (i = 1; i <= nr_lines[r, m, b]; i++)
			if (lines[r, m, b, i] !~ /^so: /)
				line_of(lines[r, m, b, i], "      ")
		if (html)
			print "</pre></details>"
	}
}

# The rigs, and what they do not have.

function about_rigs(	r, i, text) {
	if (nr_rigs == 1 || many && !html)
		return
	if (html)
		fold("The rigs: kernel, CPU, tests", "rigs")
	else
		heading(2, "The rigs")
	table_begin("The rigs")
	next_row()
	cell("rig")
	cell("kernel")
	cell("CPU")
	cell("booted with")
	cell("tests")
	cell("exit status")
	cell("seconds")
	for (r = 1; r <= nr_rigs; r++) {
		next_row()
		cell(rigs[r])
		cell(fact[r, "release"])
		cell(fact[r, "cpu"])
		cell(fact[r, "append"])
		cell(tests_of(r))
		cell(ending_of(r))
		cell(fact[r, "seconds"])
		if (html)
			continue
		text = rigs[r] ": "
		for (i = 2; i <= 4; i++)
			if (body[nr_cells, i] ~ /[^ ]/)
				text = text body[nr_cells, i] "; "
		print outdented(text body[nr_cells, 5] "; exit status " body[nr_cells, 6] \
			(fact[r, "seconds"] == "" ? "" : "; " fact[r, "seconds"] " s"), "")
	}
	if (html) {
		table_end()
		fold_end()
	} else {
		print ""
	}
}

function absences(	r, i, k, n, text, no, list, where) {
	n = 0
	for (r = 1; r <= nr_rigs; r++)
		for (i = 1; i <= nr_absent[r]; i++) {
			text = absent[r, i]
			if (!(text in no))
				list[no[text] = ++n] = text
			where[text] = with_rig(where[text], r, "a" text)
		}
	if (!n || many && !html)
		return
	text = "Not measured"
	if (html) {
		fold(text ": " plural(n, "reason", "reasons"), "absent")
		print "<ul>"
	} else {
		print text ":\n"
	}
	for (i = 1; i <= n; i++)
		bullet(list[i] (nr_rigs > 1 ? ": " where[list[i]] : ""))
	if (html) {
		print "</ul>"
		fold_end()
	} else {
		print ""
	}
}

function page_begin(title) {
	print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
	print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	print "<title>" esc(title) "</title>\n<style>"
	print ":root { color-scheme: light dark; --fg: #1b1d20; --bg: #fff; --dim: #5b6067; --rule:"
	print "#c9ced4; --link: #0b4f8a; --good: #d3ebd3; --bad: #b3261e; --onbad: #fff; --told:"
	print "#d5e4f7; --none: #eceef0; --maybe: #f5e6b0; --odd: #ead3f2; --one: #dfe6ee; --two:"
	print "#b3261e; }"
	print "@media screen and (prefers-color-scheme: dark) { :root { --fg: #e3e6e9; --bg: #15181b; --dim:"
	print "#a2a9b1; --rule: #41474e; --link: #8fbef0; --good: #1f4527; --bad: #ef8a80; --onbad:"
	print "#1a0503; --told: #1d3b5f; --none: #2a2e33; --maybe: #57470f; --odd: #4f2b5e; --one:"
	print "#2c3742; --two: #ef8a80; } }"
	print "* { box-sizing: border-box; }"
	print "body { margin: 0; color: var(--fg); background: var(--bg);"
	print "font: 1rem/1.5 system-ui, -apple-system, \"Segoe UI\", \"Helvetica Neue\", Arial,"
	print "\"DejaVu Sans\", sans-serif; }"
	print "main { max-width: 78rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 3rem; }"
	print "h1 { font-size: clamp(1.3rem, 2.6vw, 1.8rem); line-height: 1.25; margin: 0 0 .6rem; }"
	print "h2 { font-size: 1.2rem; margin: 2.5rem 0 .6rem; padding-top: .6rem; border-top: 1px solid"
	print "var(--rule); }"
	print "p { margin: .5rem 0; } #answer { font-size: 1.1rem; max-width: 62rem; }"
	print ".alert { border-left: .25rem solid var(--bad); padding-left: .6rem; max-width: 62rem; }"
	print ".shown { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start;"
	print "margin: 1.2rem 0; }"
	print "figure { margin: 0; } figcaption, caption { color: var(--dim); font-size: .85rem;"
	print "text-align: left; padding: 0 0 .3rem; }"
	print ".strips { display: flex; flex-wrap: wrap; gap: .6rem 2rem; }"
	print ".strips p { margin: 0 0 .2rem; font-size: .9rem; } .strips p span { color: var(--dim); }"
	print "code, pre, .log, .strip, td { font-variant-numeric: tabular-nums; }"
	print "code, pre, .log { font: .8rem/1.45 ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas,"
	print "monospace; overflow-wrap: anywhere; } .log { color: var(--dim); }"
	print "pre { overflow-x: auto; margin: .4rem 0; padding: .5rem .7rem; background: var(--none); }"
	print ".strip { font: .7rem/1.25rem ui-monospace, \"DejaVu Sans Mono\", monospace; }"
	print ".strip > span { display: inline-block; white-space: nowrap; }"
	print ".strips .strip > span { display: block; }"
	print ".strip i, .strip b { display: inline-block; width: 1.15rem; height: 1.25rem; text-align:"
	print "center; font-style: normal; background: var(--one); border: 1px solid var(--bg); }"
	print ".strip b { background: var(--two); color: var(--onbad); }"
	print ".strip .n0 { background: var(--bg); color: var(--dim); border-color: var(--one); }"
	print "dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin:"
	print "1rem 0; font-size: .9rem; } dt { color: var(--dim); } dd { margin: 0; }"
	print "table { border-collapse: collapse; font-size: .85rem; }"
	print ".wide { overflow-x: auto; margin: .8rem 0; }"
	print "th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; }"
	print "th { font-weight: 600; } thead th { border-bottom: 1px solid var(--rule); vertical-align:"
	print "bottom; } tbody tr + tr > * { border-top: 1px solid var(--none); }"
	print "tbody th { font-weight: 500; position: sticky; left: 0; background: var(--bg);"
	print "white-space: nowrap; }"
	print "#pte td { text-align: center; } #pte td:last-child { text-align: left; }"
	print "#pte tbody th { position: static; } .changed { background: var(--bad); color:"
	print "var(--onbad); font-weight: 700; }"
	print ".narrow { font-size: .75rem; } .narrow td { padding: .15rem .1rem; text-align: right;"
	print "min-width: 1.6rem; border: 1px solid var(--bg); }"
	print ".narrow tbody th { padding: .15rem .5rem .15rem 0; }"
	print ".narrow a::before { font-size: .55rem; vertical-align: .3em; margin-right: 1px; }"
	print ".narrow thead tr + tr th { padding: .3rem 0; }"
	print ".narrow thead span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight:"
	print "500; white-space: nowrap; }"
	print ".narrow .edge, .words .edge, .arch { border-left: .3rem solid var(--bg); }"
	print "td a { color: inherit; text-decoration: none; } a { color: var(--link); }"
	print "td a:hover, td a:focus { text-decoration: underline; }"
	print ".honoured { background: var(--good); } .ignored { background: var(--bad); color:"
	print "var(--onbad); } .notify { background: var(--told); }"
	print ".hidden, .premapped { background: var(--none); }"
	print ".undecided { background: var(--maybe); } .unexpected { background: var(--odd); }"
	print "summary span { padding: 0 .3em; }"
	print "details { margin: .35rem 0; } details details { margin-left: 1rem; }"
	print "summary { cursor: pointer; overflow-wrap: anywhere; } :target > summary { background:"
	print "var(--maybe); } li { overflow-wrap: anywhere; }"
	for (i = 1; i <= nr_legends; i++)
		print ".narrow ." legends[i] " a::before { content: \"" mark_of(legends[i]) \
			"\"; content: \"" mark_of(legends[i]) "\" / \"" legends[i] " \"; }"
	print "@media (max-width: 40rem) { main { padding-top: .8rem; } #answer { font-size: 1rem; }"
	print ".alert, dl { font-size: .85rem; } dl { gap: .1rem .6rem; } .shown { margin: .6rem 0;"
	print "gap: .6rem; } .strips .strip { line-height: .95rem; } .strips .strip i, .strips .strip b {"
	print "height: .95rem; width: 1.3rem; } h1 { font-size: 1.2rem; } p { margin: .35rem 0; } #pte th, #pte td { padding: .1rem .35rem; } #pte {"
	print "font-size: .8rem; } }"
	print "@media print { @page { size: landscape; margin: 12mm; } :root { color-scheme: light; }"
	print "main { max-width: none; padding: 0; } .wide { overflow: visible; } .narrow {"
	print "font-size: 6.8pt; } .narrow td { min-width: 0; padding: .1rem; } tbody th { position: static; } tr, figure { break-inside: avoid; } * {"
	print "print-color-adjust: exact; -webkit-print-color-adjust: exact; } }"
	print "</style>\n</head>\n<body>\n<main>"
}

END {
	many = nr_rigs > 8
	# In a narrow cell, beside the colour.
	marks = "+!nhp~?"
	# What a reader looks for comes first.
	nr_ranks = split("ignored unexpected undecided notify honoured premapped hidden", ranks, " ")
	gather()
	gather_others()
	choose()
	gather_kinds()
	first_screen()
	matrix()
	others()
	evidence_of_all()
	about_rigs()
	absences()
	print html ? "</main>\n</body>\n</html>" : "End of the report."
}
