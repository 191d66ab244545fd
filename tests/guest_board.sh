#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in a guest in place of run_tests.sh, with board.tar.xz and "commands", the README's
# commands for the board, beside it: in a root with only BusyBox. tests/board.sh judges
# the output, each line behind "## RUN ".

cd "$(dirname "$0")" || exit
root=/board

in_board() {
	# Leave out the same mappings as the rig.
	chroot $root /bin/env -i PATH=/bin PFN_MKWRITE_SKIP="$PFN_MKWRITE_SKIP" sh -c "$*"
}

as_nobody() {
	in_board "cd /home/pfn-mkwrite && su nobody -s /bin/sh -c '$*'"
}

# report RUN COMMAND...: prints its output without the harness's lines for each test.
report() {
	run=$1
	shift
	"$@" >/tmp/said 2>&1
	echo "status $?" >>/tmp/said
	grep -vE '^#  +(RUN|OK|FAIL|SKIP) ' /tmp/said | sed "s/^/## $run /"
}

make_root() {
	mkdir $root &&
	mount -t tmpfs tmpfs $root &&
	mkdir $root/bin $root/dev $root/etc $root/home $root/proc $root/sys $root/tmp &&
	cp /bin/busybox $root/bin &&
	cp board.tar.xz commands $root/home &&
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >$root/etc/passwd &&
	mount --bind /dev $root/dev &&
	mount --bind /dev/shm $root/dev/shm &&
	mount -t proc proc $root/proc &&
	mount -t sysfs sysfs $root/sys &&
	chroot $root /bin/busybox --install -s /bin
}

# Leaves no place but /dev to write to, as it is on a board.
take_away() {
	umount $root/dev/shm &&
	umount /dev/shm &&
	rmdir /dev/shm $root/tmp &&
	mount -o remount,ro $root
}

# Users may open the devices, or not, and nobody may write beside them.
devices() {
	mount -o remount,bind,rw $root/dev &&
	chmod "$1" $root/dev/udmabuf $root/dev/dri/card* &&
	mount -o remount,bind,ro $root/dev
}

# Prints where a file can be made.
writable() {
	for dir in / /bin /dev /dev/shm /etc /home /home/pfn-mkwrite /tmp /var/tmp; do
		in_board "true >$dir/file" 2>/dev/null && echo $dir
	done
	:
}

# Prints the files of the new root, and where its links lead to.
files() {
	cd $root && {
		find . -xdev -type f
		find . -xdev -type l -exec readlink {} \;
	} | sort -u
}

# Prints what a board need not have.
tools() {
	for tool in bash gawk perl python3 stdbuf; do
		in_board "command -v $tool"
	done
	:
}

report make_root make_root
report files files
report tools tools
report root in_board 'cd /home && exec sh ./commands'
# For vm/run.sh, which knows what the rig has to show.
grep '^# mapping ' /tmp/said
report unpacked in_board 'cd /home && ls -lnR pfn-mkwrite'
report xz in_board 'mkdir /home/xz && cd /home/xz && xz -dc ../board.tar.xz | tar x &&
	diff -r pfn-mkwrite ../pfn-mkwrite && rm -r /home/xz'
# shellcheck disable=SC2016	# for the other shell
report report in_board 'cd /home/pfn-mkwrite && {
	./run_tests.sh --report /tmp/report -t first_store >/tmp/said
	[ $? -eq 1 ] && grep "summary.*udmabuf" /tmp/report/report.html && cat /tmp/report/report.txt
	rc=$?
	rm -r /tmp/report /tmp/said
	exit $rc
}'
report left ls -A $root/tmp $root/dev/shm

report take_away take_away
report writable writable
report read_only in_board 'cd /home/pfn-mkwrite && ./run_tests.sh'
report help in_board 'cd / && /home/pfn-mkwrite/run_tests.sh --help'

report devices devices go-rw
report not_writable writable
report nobody as_nobody ./run_tests.sh
devices a+rw
report user as_nobody ./run_tests.sh -t first_store -t mkwrite_honoured
