#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Runs in the guest instead of run_tests.sh if LAVA has the console: a shell with a
# unique prompt. Make an image with it:
#   PFN_MKWRITE_WRAP=lava/console.sh ./run_tests.sh --vm --image DIR RIG

# Kernel messages must not split the lines of the suite.
dmesg -n 1
cd suite || exit
# LAVA sends Enter and waits for the prompt.
export PS1='root@pfn-mkwrite:# '
exec setsid cttyhack sh -i
