# SPDX-License-Identifier: GPL-2.0
# Read checkpatch.allow and the output of "checkpatch.pl --show-types --terse" for files or,
# with --showfile, for patches. Print what is not allowed and, with all=1, the entries of
# checkpatch.allow that nothing needs.

FNR == NR {
	if ($0 !~ /^#/ && NF)
		allowed[$1 " " $2] = 0
	next
}
/^total:/ || /^fatal: your current branch/ { next }
{
	split($0, part, ":")
	folder = part[1]
	sub("[^/]*$", "", folder)
	entry = part[1] " " part[4]
	if (!(entry in allowed))
		entry = folder " " part[4]
	if (!(entry in allowed))
		entry = "* " part[4]
	if (entry in allowed) {
		allowed[entry]++
	} else {
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
