#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# checkpatch, sparse and shellcheck. Usage: tests/style.sh

set -u
cd "$(dirname "$0")/.." || exit
. tests/tap.sh
harness=$(vm/fetch.sh harness) || exit
ksrc=${harness%/tools/testing/selftests}

c_files() {
	git ls-files --cached --others --exclude-standard '*.c' '*.h'
}

shell_files() {
	git ls-files --cached --others --exclude-standard '*.sh' vm/init .ci/run
}

# Prints complaints that are not in checkpatch.allow, and entries that nothing needs.
checkpatch() {
	c_files | xargs "$ksrc/scripts/checkpatch.pl" --no-tree --strict --show-types \
		--terse -f 2>&1 | awk -v all=1 -f tests/checkpatch.awk tests/checkpatch.allow -
	local rc=$?

	# Its notes on the names in include/, of which there is none.
	rm -f .checkpatch-camelcase.*
	return $rc
}

# sparse knows no __has_include, and complains about the harness. sources.c declares the
# sources. tests/modules.sh runs sparse on the kernel module.
sparse_all() {
	local compat file

	! c_files | grep '\.c$' | grep -v '^module/pfn_mkwrite_mod' | while read -r file; do
		compat=()
		[[ $file != pfn_mkwrite_* ]] || compat=(-include lib/tests/compat.h)
		sparse -D_GNU_SOURCE= "-D__has_include(x)=0" -isystem "$harness" \
			-isystem /usr/include/libdrm "${compat[@]}" "$file" 2>&1 || echo "$file"
	done | grep -v -e "$harness" -e 'note: in included file' -e "_source' was not declared"
}

check checkpatch checkpatch
check sparse sparse_all
check shellcheck eval 'shell_files | xargs shellcheck -x -P SCRIPTDIR'
plan
