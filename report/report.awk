# SPDX-License-Identifier: GPL-2.0
# Make a report of the output of one or several runs: HTML with form=html, else text. Runs
# in every awk, also in that of BusyBox.
#
#   LC_ALL=C awk -v form=html -f read.awk -f report.awk FILE >report.html

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
}

# Elements, in both forms.

function esc(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	return s
}

function id_of(name) {
	gsub(/[^A-Za-z0-9_.-]/, "-", name)
	return name
}

function heading(level, text, id,	rule) {
	if (html) {
		id = id == "" ? "" : " id=\"" id_of(id) "\""
		print "<h" level id ">" esc(text) "</h" level ">"
		return
	}
	print text
	if (level < 4) {
		rule = text
		gsub(/./, level == 1 ? "=" : level == 2 ? "-" : ".", rule)
		print rule
	}
}

# hanging(): a word, and its text in a second column.
function hanging(name, text) {
	text = wrapped(text, "              ")
	return "  " name substr(text, 3 + length(name))
}

function para(text) {
	print html ? "<p>" esc(text) "</p>" : wrapped(text, "") "\n"
}

function list_begin() {
	if (html)
		print "<ul>"
}

function item(text) {
	if (html)
		print "<li>" esc(text) "</li>"
	else
		print "- " substr(wrapped(text, "  "), 3)
}

function list_end() {
	print html ? "</ul>" : ""
}

# picture(): the faults of 64 pages, a cell each, in rows. Bold is not 1, if there is no
# style sheet.
function picture(s, between,	i, c, out) {
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (i > 1 && i % 4 == 1)
			out = out (html && i % 16 == 1 ? "</span>" between "<span>" : " ")
		if (!html)
			out = out c
		else if (c == 1)
			out = out "<i>1</i>"
		else
			out = out (c == 0 ? "<b class=\"n0\">" : c == 2 ? "<b>" : "<b class=\"n3\">") c \
				"</b>"
	}
	return html ? "<span class=\"strip\"><span>" out "</span></span>" : out
}

# Collect a table first, because text needs the width of its columns.
function table_begin(caption) {
	table = caption
	cells = columns = 0
}

function next_row() {
	cells++
	column = 0
}

function cell(text, class, link) {
	body[cells, ++column] = text
	style[cells, column] = class
	href[cells, column] = link
	if (column > columns)
		columns = column
}

# wide_table(): scrolls on a narrow screen, also by keyboard.
function wide_table(caption) {
	print "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" esc(caption) "\">"
	print "<table><caption>" esc(caption) "</caption>"
}

function table_end(	i, j, tag, text) {
	if (!html) {
		text_table()
		return
	}
	wide_table(table)
	for (i = 1; i <= cells; i++) {
		text = "<tr>"
		for (j = 1; j <= columns; j++) {
			tag = i == 1 ? "th scope=\"col\"" : j == 1 ? "th scope=\"row\"" : "td"
			if (style[i, j] != "")
				tag = tag " class=\"" style[i, j] "\""
			text = text "<" tag ">"
			if (href[i, j] != "")
				text = text "<a href=\"#" id_of(href[i, j]) "\">"
			text = text esc(body[i, j]) (href[i, j] != "" ? "</a>" : "")
			sub(/ .*/, "", tag)
			text = text "</" tag ">"
		}
		print (i == 1 ? "<thead>" : "") text "</tr>" (i == 1 ? "</thead><tbody>" : "")
	}
	print "</tbody></table></div>"
}

# As many columns at a time as fit into a mail, and the first one again each time.
function text_table(	i, j, from, to, width, wide, line, last) {
	for (j = 1; j <= columns; j++) {
		width[j] = 0
		for (i = 1; i <= cells; i++)
			if (length(body[i, j]) > width[j])
				width[j] = length(body[i, j])
	}
	print table ":\n"
	for (from = 2; from <= columns; from = to + 1) {
		wide = width[1]
		last = columns
		for (to = from; to <= last; to++) {
			wide += 2 + width[to]
			if (wide > 80 && to > from)
				last = to - 1
		}
		to = last
		for (i = 1; i <= cells; i++) {
			line = sprintf("  %-" width[1] "s", body[i, 1])
			for (j = from; j <= to; j++)
				line = line sprintf("  %-" width[j] "s", body[i, j])
			sub(/ +$/, "", line)
			print line
		}
		print ""
	}
}

function pairs_begin() {
	if (html)
		print "<dl>"
}

function pair(name, text, code) {
	if (text == "")
		return
	if (html)
		print "<dt>" esc(name) "</dt><dd>" (code ? "<code>" : "") esc(text) \
			(code ? "</code>" : "") "</dd>"
	else
		printf "%-13s%s\n", name ":", text
}

function pairs_end() {
	print html ? "</dl>" : ""
}

# Contents.

function bad_words(v,	r, m, list, n, seen, count, on, mark) {
	count = on = n = 0
	for (r = 1; r <= nr_rigs; r++) {
		mark = count
		for (m = 1; m <= nr_maps[r]; m++) {
			if (verdict[r, m] != v)
				continue
			count++
			if (!(maps[r, m] in seen)) {
				seen[maps[r, m]] = 1
				list[++n] = maps[r, m]
			}
		}
		if (count > mark)
			on++
	}
	if (!count)
		return ""
	return name_list(list, n) (nr_rigs > 1 ? ", on " plural(on, "rig", "rigs") : "")
}

# summary(): the failures, in a few sentences.
function summary(	r, text, words) {
	words = bad_words("ignored")
	if (words != "")
		text = text " The bug shows: mkwrite is ignored for " words "."
	words = bad_words("unexpected")
	if (words != "")
		text = text " The numbers of " words " are unexpected."
	if (nr_fails)
		text = text " " plural(nr_fails, "test fails", "tests fail") " for another reason."
	for (r = 1; r <= nr_rigs; r++) {
		if (trouble_of(r) != "")
			text = text " " rigs[r] " " trouble_of(r) "."
		if (nr_complaints[r])
			text = text " The kernel of " rigs[r] " complained."
		if (fact[r, "exit"] == 4)
			text = text " " rigs[r] " has no device memory to test."
	}
	if (differs())
		text = text " " plural(differs(), "measurement is", "measurements are") \
			" not as the rig is known to show."
	return text == "" ? "Nothing failed." : substr(text, 2)
}

function matrix(	r, i, n, g, done, members, group, of, m) {
	heading(2, "Verdicts")
	para("A cell has the verdict on a mapping, and the page faults of 64 first stores, " \
		"one to each of 64 pages." (html ? " It links to the details." : ""))
	for (r = 1; r <= nr_rigs; r++) {
		g = group_of(rigs[r])
		if (g in done)
			continue
		done[g] = 1
		sort_rows(g)
		n = 0
		for (i = r; i <= nr_rigs; i++)
			if (group_of(rigs[i]) == g)
				members[++n] = i
		table_begin(g)
		next_row()
		cell("mapping")
		for (i = 1; i <= n; i++) {
			m = rigs[members[i]]
			cell(m == g ? g : substr(m, length(g) + 2), "", "rig-" m)
		}
		for (m = 1; m <= nr_rows[g]; m++) {
			next_row()
			cell(row[g, m])
			for (i = 1; i <= n; i++) {
				of = number_of[members[i], row[g, m]]
				if (of)
					cell(result_of(members[i], row[g, m]), verdict[members[i], of], \
						"rig-" rigs[members[i]] "." row[g, m])
				else
					cell(result_of(members[i], row[g, m]))
			}
		}
		next_row()
		cell("exit status")
		for (i = 1; i <= n; i++)
			cell(ending_of(members[i]))
		table_end()
	}
	table_begin("What a verdict means")
	if (!html) {
		print table ":\n"
		for (i = 1; i <= nr_legends; i++)
			print hanging(legends[i], meaning[legends[i]] ". The tests: " \
				consequence[legends[i]] ".")
		print ""
		return
	}
	next_row()
	cell("verdict")
	cell("means")
	cell("the tests")
	for (i = 1; i <= nr_legends; i++) {
		next_row()
		cell(legends[i], legends[i])
		cell(meaning[legends[i]])
		cell(consequence[legends[i]])
	}
	table_end()
}

# side(): one half of a comparison, as cells.
function side(r, m) {
	if (!m) {
		print "<td>-</td><td>-</td><td>-</td><td>-</td>"
		return
	}
	print "<td class=\"" verdict[r, m] "\">" verdict[r, m] "&nbsp;" faults[r, m] "</td>"
	print "<td>" first[r, m] "</td><td>" upgrade[r, m] "</td>"
	print "<td>" picture(strip[r, m], "<br>") "</td>"
}

function text_side(when, r, m) {
	if (!m) {
		print "    " when "  not measured"
		return
	}
	print "    " when "  " verdict[r, m] " " faults[r, m] "; first store " first[r, m] \
		", after a load " upgrade[r, m]
	print "    " picture(strip[r, m])
}

# before_after(): the effect of the fix on rigs that exist with and without it.
function before_after(	r, s, m, begun, of, named) {
	for (r = 1; r <= nr_rigs; r++) {
		s = stock_of(r)
		if (!s)
			continue
		named = 0
		for (m = 1; m <= nr_maps[s]; m++) {
			if (verdict[s, m] != "ignored")
				continue
			if (!begun++) {
				heading(2, "Before and after the fix")
				para("Of each mapping whose mkwrite the stock kernel ignores: " \
					"verdict and faults of 64 first stores, faults of a first store " \
					"and of a store after a load, and faults of each page.")
			}
			of = number_of[r, maps[s, m]]
			if (!named++)
				comparison_begin(s, r)
			if (html) {
				print "<tr><th scope=\"row\">" esc(maps[s, m]) "</th>"
				side(s, m)
				side(r, of)
				print "</tr>"
			} else {
				print "  " maps[s, m]
				text_side("before", s, m)
				text_side("after ", r, of)
			}
		}
		if (named)
			print html ? "</tbody></table></div>" : ""
	}
}

function comparison_begin(s, r,	title, i) {
	title = rigs[s] " before, " rigs[r] " after"
	if (!html) {
		print title ":\n"
		return
	}
	wide_table(title)
	print "<thead><tr><th scope=\"col\" rowspan=\"2\">mapping</th>"
	print "<th scope=\"colgroup\" colspan=\"4\">before: Linux " esc(fact[s, "release"]) "</th>"
	print "<th scope=\"colgroup\" colspan=\"4\">after: Linux " esc(fact[r, "release"]) "</th>"
	print "</tr><tr>"
	for (i = 1; i <= 2; i++)
		print "<th scope=\"col\">faults</th><th scope=\"col\">first store</th>" \
			"<th scope=\"col\">after a load</th><th scope=\"col\">pages</th>"
	print "</tr></thead><tbody>"
}

# others(): failures that no verdict explains, kernel messages, and the ends of consoles.
function others(	r, i, bad, text) {
	for (r = 1; r <= nr_rigs; r++)
		bad += nr_complaints[r] + (trouble_of(r) != "")
	if (!nr_fails && !bad)
		return
	heading(2, "What else failed")
	if (nr_fails) {
		heading(3, "Tests that no verdict explains")
		list_begin()
		for (i = 1; i <= nr_fails; i++)
			item(fails[i] (nr_rigs > 1 ? " (on" fails_on[fails[i]] ")" : ""))
		list_end()
	}
	for (r = 1; r <= nr_rigs; r++) {
		if (nr_complaints[r]) {
			heading(3, rigs[r] ": the kernel complained during the tests")
			listing(complaint, r, nr_complaints[r])
		}
		if (trouble_of(r) == "")
			continue
		heading(3, rigs[r] " " trouble_of(r))
		text = fact[r, died(r) ? "died" : "failed"]
		if (text == "")
			text = "It ended with status " fact[r, "status"] "."
		para(text)
		if (nr_console[r]) {
			para("The end of its console:")
			listing(console, r, nr_console[r])
		}
	}
}

# listing(): lines as they are.
function listing(list, r, n,	i) {
	if (html)
		print "<pre>"
	for (i = 1; i <= n; i++)
		print html ? esc(list[r, i]) : "    " list[r, i]
	print html ? "</pre>" : ""
}

# fold(): print its lines next, then call fold_end().
function fold(text) {
	if (html)
		print "<details><summary>" esc(text) "</summary>\n<pre>"
	else
		print wrapped(text, "  ")
}

function fold_line(text) {
	print html ? esc(text) : "    " text
}

function fold_end() {
	if (html)
		print "</pre></details>"
}

function about_map(r, m,	i, b, title) {
	title = maps[r, m] ": " verdict[r, m]
	if (html) {
		print "<section class=\"map\">"
		print "<h4 id=\"" id_of("rig-" rigs[r] "." maps[r, m]) "\">" esc(maps[r, m]) \
			": <span class=\"" verdict[r, m] "\">" esc(verdict[r, m]) "</span></h4>"
		print "<p>" esc(nr_details[r, m] ? details[r, m, 1] : "") "</p>"
		print "<p class=\"log\">" esc(numbers[r, m]) "</p>"
	} else {
		print title " (" numbers[r, m] ")"
		if (nr_details[r, m])
			print wrapped(details[r, m, 1], "  ")
	}
	for (i = 2; i <= nr_details[r, m]; i++)
		print html ? "<p class=\"log\">" esc(details[r, m, i]) "</p>" : \
			"  " details[r, m, i]
	if (strip[r, m] != "")
		print html ? "<p>" picture(strip[r, m], " ") "</p>" : "  " picture(strip[r, m])
	for (b = 1; b <= nr_blocks[r, m]; b++) {
		fold((so[r, m, b] == "" ? "explained" : so[r, m, b]) " (" block[r, m, b] ")")
		for (i = 1; i <= nr_lines[r, m, b]; i++)
			fold_line(lines[r, m, b, i])
		fold_end()
	}
	if (nr_evidence[r, m]) {
		fold("evidence: " plural(nr_evidence[r, m], "line", "lines"))
		for (i = 1; i <= nr_evidence[r, m]; i++)
			fold_line(evidence[r, m, i])
		fold_end()
	}
	print html ? "</section>" : ""
}

function about_rig(r,	m, i) {
	heading(3, rigs[r], "rig-" rigs[r])
	pairs_begin()
	pair("kernel", fact[r, "release"] (fact[r, "machine"] == "" ? "" : ", " fact[r, "machine"]))
	pair("CPU", fact[r, "cpu"])
	pair("booted with", fact[r, "append"], 1)
	pair("exit status", ending_of(r))
	pair("tests", (nr_passed[r] + 0) " passed, " (nr_failed[r] + 0) " failed, " \
		(nr_skipped[r] + 0) " skipped" \
		(fact[r, "seconds"] == "" ? "" : "; " fact[r, "seconds"] " s from power-on"))
	pair("command", fact[r, "command"], 1)
	pairs_end()
	if (!nr_maps[r])
		para("No mapping was measured.")
	for (m = 1; m <= nr_maps[r]; m++)
		about_map(r, m)
	if (!nr_absent[r])
		return
	fold("not measured: " plural(nr_absent[r], "mapping", "mappings"))
	for (i = 1; i <= nr_absent[r]; i++)
		fold_line(absent[r, i])
	fold_end()
	if (!html)
		print ""
}

function page_begin(title) {
	print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
	print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	print "<title>" esc(title) "</title>\n<style>"
	print ":root { color-scheme: light dark; --fg: #1a1a1a; --bg: #fff; --dim: #595959; --rule:"
	print "#999; --link: #0b4f8a; --good: #d5ecd4; --bad: #f8c9c4; --told: #d3e3f7; --none:"
	print "#e6e6e6; --maybe: #f6e8b8; --odd: #ead3f2; --one: #e3e9f0; --two: #1f4e79; --more:"
	print "#000; --on: #fff; }"
	print "@media (prefers-color-scheme: dark) { :root { --fg: #e4e4e4; --bg: #16181a; --dim:"
	print "#a8a8a8; --rule: #666; --link: #8fbef0; --good: #1d4324; --bad: #6b1f1a; --told:"
	print "#1c3a5e; --none: #35383b; --maybe: #55450f; --odd: #4b2759; --one: #2b3440; --two:"
	print "#a9cdf3; --more: #fff; --on: #000; } }"
	print "body { max-width: 70rem; margin: 0 auto; padding: 1rem; color: var(--fg);"
	print "background: var(--bg); font: 1rem/1.45 Georgia, \"DejaVu Serif\", serif; }"
	print "h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }"
	print "h3 { font-size: 1.1rem; margin-top: 1.8rem; }"
	print "h4 { font-size: 1rem; margin: 1.2rem 0 .2rem; } h4 span { padding: 0 .3em; }"
	print "a { color: var(--link); } .map p, .map details { margin: .2rem 0; }"
	print ".log, code, pre, .strip { font: .8rem/1.4 monospace; }"
	print ".log { color: var(--dim); overflow-wrap: anywhere; }"
	print "pre { overflow-x: auto; margin: .3rem 0; } summary { cursor: pointer; }"
	print "td a { color: inherit; text-decoration: none; }"
	print "td a:hover, td a:focus { text-decoration: underline; }"
	print ".wide { overflow-x: auto; margin: 1rem 0; }"
	print "table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid;"
	print "font-size: .85rem; }"
	print "caption { text-align: left; padding: .3rem 0; font-style: italic; }"
	print "th, td { padding: .15rem .5rem; text-align: left; vertical-align: top; }"
	print "th { font-weight: 600; } tbody th { position: sticky; left: 0; background: var(--bg); }"
	print "thead tr:last-child th, thead th[rowspan] { border-bottom: 1px solid; }"
	print "dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }"
	print "dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }"
	print "li { overflow-wrap: anywhere; } .honoured { background: var(--good); }"
	print ".ignored { background: var(--bad); } .notify { background: var(--told); }"
	print ".hidden, .premapped { background: var(--none); }"
	print ".undecided { background: var(--maybe); } .unexpected { background: var(--odd); }"
	print ".strip > span { display: inline-block; white-space: nowrap; }"
	print ".strip i, .strip b { display: inline-block; width: .8rem; text-align: center;"
	print "font-style: normal; font-weight: 400; background: var(--one); border: 1px solid"
	print "var(--bg); box-sizing: border-box; }"
	print "td .strip i, td .strip b { width: .7rem; }"
	print ".strip b { background: var(--two); color: var(--on); }"
	print ".strip .n3 { background: var(--more); }"
	print ".strip .n0 { background: var(--bg); color: var(--dim); border-color: var(--one); }"
	print "</style>\n</head>\n<body>\n<main>"
}

END {
	title = "Page faults of one store to device memory"
	if (html)
		page_begin(title)
	heading(1, title)
	if (!html)
		print ""
	para("How many page faults does the first store to a shared, writable mapping of device " \
		"memory take, and if not one, why?")
	for (r = 1; r <= nr_rigs; r++)
		for (m = 1; m <= nr_maps[r]; m++) {
			nr_measured++
			if (!(maps[r, m] in is_kind)) {
				is_kind[maps[r, m]] = 1
				nr_kinds++
			}
		}
	unexplained()
	para((nr_rigs > 1 ? plural(nr_rigs, "rig", "rigs") ", " : rigs[1] ": ") \
		plural(nr_kinds + 0, "mapping", "mappings") \
		(nr_rigs > 1 ? ", measured " plural(nr_measured + 0, "time", "times") : \
			" measured") ". " summary())
	matrix()
	before_after()
	others()
	heading(2, nr_rigs > 1 ? "The rigs" : "The run")
	if (!html)
		print ""
	for (r = 1; r <= nr_rigs; r++)
		about_rig(r)
	print html ? "</main>\n</body>\n</html>" : "End of the report."
}
