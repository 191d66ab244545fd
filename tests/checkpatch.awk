# SPDX-License-Identifier: GPL-2.0
# Reads checkpatch.allow, and what "checkpatch.pl --show-types --terse" says of files or,
# with --showfile, of patches. Prints what is not allowed and, with all=1, what is allowed
# for nothing.

FNR == NR {
	if ($0 !~ /^#/ && NF)
		allowed[$1 " " $2] = 0
	next
}
/^total:/ || /^fatal: your current branch/ { next }
{
	split($0, part, ":")
	type = part[4]
	if ((part[1] " " type) in allowed)
		allowed[part[1] " " type]++
	else if (("* " type) in allowed)
		allowed["* " type]++
	else {
		print
		bad = 1
	}
}
END {
	for (entry in allowed) {
		if (all && !allowed[entry]) {
			print "not needed: " entry
			bad = 1
		}
	}
	exit bad
}
