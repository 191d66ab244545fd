# SPDX-License-Identifier: GPL-2.0
# Say what the word in the environment is, or which words are nearest to it. A line of the
# input has, with tabs between them, a name, what it is, and how to type it. Runs in every
# awk, also in that of BusyBox.

function min(a, b) {
	return a < b ? a : b
}

# How many letters have to be put in, left out or replaced (Levenshtein).
function distance(a, b,    i, j, corner, above) {
	for (j = 0; j <= length(b); j++)
		row[j] = j
	for (i = 1; i <= length(a); i++) {
		corner = row[0]
		row[0] = i
		for (j = 1; j <= length(b); j++) {
			above = row[j]
			row[j] = min(min(row[j], row[j - 1]) + 1,
				corner + (substr(a, i, 1) != substr(b, j, 1)))
			corner = above
		}
	}
	return row[length(b)]
}

BEGIN {
	FS = "\t"
	word = name = ENVIRON["word"]
	# --OPTION=VALUE
	if (name ~ /^--/)
		sub(/=.*/, "", name)
	value = substr(word, length(name) + 2)
}
name == $1 && !said {
	said = word " is " $2 ": " $3 (value == "" ? "" : " " value)
}
!seen[$1]++ {
	if (length(name) > 2 && index($1, name))
		far = 0
	else if (name ~ /^--?[a-z]/ && substr($1, 2) == substr(name, 3, 1))
		far = 0
	else
		far = distance(name, $1)
	if (far > length(name) / 3)
		next
	for (i = ++nr; i > 1 && away[i - 1] > far; i--) {
		away[i] = away[i - 1]
		near[i] = near[i - 1]
	}
	away[i] = far
	near[i] = $1
}
END {
	if (!said) {
		said = word (word ~ /^-/ ? " is not an option" : " is not known")
		for (i = 1; i <= nr && i <= 3; i++)
			said = said (i == 1 ? "; the nearest: " : ", ") near[i]
	}
	print said
}
