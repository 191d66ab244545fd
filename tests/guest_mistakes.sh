#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest with the module: runs tests while it makes a mistake. Each argument is
# MISTAKE:MAPPING:TEST[+TEST...]; "none" is no mistake.
# Started by mistakes.sh as the run_tests.sh of the guest.

cd /suite/suite || exit

for item; do
	mistake=${item%%:*}
	rest=${item#*:}
	mapping=${rest%%:*}
	options=
	for test in $(echo "${rest#*:}" | tr '+' ' '); do
		options="$options -r mapping.$mapping.$test"
	done
	[ "$mistake" != none ] || mistake=
	echo "#@ $item"
	# shellcheck disable=SC2086	# to be split into words
	PFN_MKWRITE_WRONG=$mistake ./pfn_mkwrite_module $options 2>&1
done
echo '#@ done'
