#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest: what a first touch of each of its mappings costs, of udmabuf in larger
# sizes, too. An emulated card has no more than 16 MB, and its driver complains of who
# wants all of it. Started by bench.sh as the run_tests.sh of the guest.

bench=/suite/suite/pfn_mkwrite_bench

$bench -r 31 -p 32768 -m udmabuf &&
	PFN_MKWRITE_SKIP="@(${PFN_MKWRITE_SKIP:-}|udmabuf)" $bench -r 31 -p 512 &&
	echo '#@ done'
