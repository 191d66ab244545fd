#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Prints docs/report.html from what a few rigs showed: the bug where software sets the
# dirty bit, the core series, and CPUs that hide it.
# Usage: tests/story.sh DIR, as ./run_tests.sh --vm --output DIR RIG... has filled it
#	tests/story.sh, to print these rigs

set -eu
cd "$(dirname "$0")/.."
# shellcheck source=../vm/table.sh
. vm/table.sh

# shellcheck disable=SC2034	# for report_input
declare -A folder
rigs=(arm64-7.3-a57 arm64-core-a57 arm64-7.3-max arm64-7.3-max-nodbm
	riscv64-stock-svade riscv64-core-svade amd64-7.3-qxl)
if (($# == 0)); then
	echo "${rigs[@]}"
	exit
fi
for name in "${rigs[@]}"; do
	folder[$name]=$1/$name
	[[ -s $1/$name/result ]] || { echo "$1/$name/result is missing" >&2; exit 1; }
done
report_input | LC_ALL=C awk -v form=html -f report/read.awk -f report/report.awk
