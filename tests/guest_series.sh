#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest, in place of run_tests.sh: runs the programs of each state of a series, which
# are in folders beside this file. Started by tree.sh.

cd "${0%/*}" || exit
for program in [0-9]*/*; do
	echo "== $program"
	"./$program" 2>&1
	echo "status $?"
done
