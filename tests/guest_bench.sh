#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Measure a first touch of the mappings of a guest that match the pattern, as its
# run_tests.sh: see bench.sh. An emulated card has 16 MB, and its driver complains if all
# of it is wanted.

bench=/suite/suite/pfn_mkwrite_bench
export PFN_MKWRITE_ONLY="$1"

case $1 in
*udmabuf*)
	$bench -r 31 -p 32768 -m udmabuf || exit
	PFN_MKWRITE_SKIP="@(${PFN_MKWRITE_SKIP:-}|udmabuf)" ;;
esac
$bench -r 31 -p 512 && echo '#@ done'
