#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What a guest runs in place of the suite where LAVA has the console: a shell, with a
# prompt that nothing else prints. To be made part of an image:
#   PFN_MKWRITE_WRAP=lava/console.sh ./run_tests.sh --vm --image DIR RIG

# The boot is over, and the messages of drivers shall not tear the lines of the suite.
dmesg -n 1
cd suite || exit
# A prompt after Enter is what LAVA takes for a living console.
export PS1='root@pfn-mkwrite:# '
exec setsid cttyhack sh -i
