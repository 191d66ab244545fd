#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# In a guest, in place of run_tests.sh: the suite as it comes out of a kernel tree, with
# "make kselftest-gen_tar". Beside it: kselftest.tar.xz, bash, and the shared libraries.
# Usage: run_tests.sh COLLECTION

collection=$1
cp bash /bin/ && mkdir -p /lib && cp lib/* /lib/ || exit 2
mkdir /tmp/kselftest && tar -xJf kselftest.tar.xz -C /tmp/kselftest || exit 2
cd /tmp/kselftest || exit 2
# The runner takes it for that of coreutils, whose options this one does not know.
rm -f /usr/bin/timeout

# A user's command, and its result. The runner opens its output a second
# time, which a pipe takes, and the port that this output goes to does not.
try() {
	{
		echo "\$ $*"
		"$@"
		echo "status $?"
	} 2>&1 | cat
}

# The user's commands with all devices, with those that pass if the CPU sets the dirty bit,
# with a card that may not be opened, without a card, and without any device.
all_ways() {
	echo '== all'
	commands
	export PFN_MKWRITE_ONLY='@(udmabuf|radeon|memfd)'
	echo '== some'
	commands
	unset PFN_MKWRITE_ONLY
	mv /dev/dri /dev/dri.away
	echo '== udmabuf'
	commands
	mkdir /dev/dri && mknod /dev/dri/card0 c 226 250
	echo '== dead_card'
	commands
	rm -r /dev/dri
	[ ! -e /dev/udmabuf ] || mv /dev/udmabuf /dev/udmabuf.away
	echo '== none'
	commands
}

commands() {
	if [ -e "$collection/ksft_pfn_mkwrite.sh" ]; then
		try ./run_kselftest.sh -t "$collection:ksft_pfn_mkwrite.sh" \
			-t "$collection:ksft_pfn_mkwrite_drm.sh"
	elif grep -q '^CATEGORY=' "$collection/run_vmtests.sh"; then
		(cd "$collection" && try ./run_vmtests.sh -t pfn_mkwrite)
		(cd "$collection" && try ./run_vmtests.sh -t pfn_mkwrite_drm)
	else
		try ./run_kselftest.sh -t "$collection:pfn_mkwrite_test" \
			-t "$collection:pfn_mkwrite_drm"
	fi
}

try ./run_kselftest.sh -c "$collection" -l
all_ways
