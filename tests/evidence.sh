#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the cover letter of the series quotes: the protection that a first store's
# PTE is made of, seen by a kprobe, beside the faults that the suite counts.
# Usage: tests/evidence.sh RIG...

cd "$(dirname "$0")/.." || exit
PFN_MKWRITE_WRAP=tests/guest_evidence.sh exec ./run_tests.sh --vm "$@"
