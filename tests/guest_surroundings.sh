#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in a guest in place of run_tests.sh, with the suite in the folder "suite"
# beside it: the same mappings in poor surroundings. TAP.

cd "$(dirname "$0")/suite" || exit
nr=0

ok() {
	nr=$((nr + 1))
	echo "ok $nr surroundings.$1"
}

not_ok() {
	nr=$((nr + 1))
	echo "not ok $nr surroundings.$1"
}

# expect NAME STATUS FILE TEXT...: the run that FILE holds ended with STATUS, and
# said each TEXT.
expect() {
	name=$1 want="status $2" file=$3
	shift 3

	for text in "$want" "$@"; do
		grep -qF -e "$text" "$file" && continue
		sed 's/^/#   /' "$file"
		echo "# missing: $text"
		not_ok "$name"
		return
	done
	ok "$name"
}

# run FILE COMMAND...
run() {
	file=$1
	shift
	"$@" >"$file" 2>&1
	echo "status $?" >>"$file"
}

results() {
	grep -E '^((not )?ok [0-9]|# mapping )' "$1"
}

# The measured mappings of devices, and nothing else.
devices() {
	grep '^# mapping ' "$1" | grep -vE 'mapping (memfd|perf_ring):|not measured'
}

same() {
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		ok "$1"
	else
		diff "$2" "$3" | sed 's/^/#   /'
		not_ok "$1"
	fi
}

as_nobody() {
	su nobody -s /bin/sh -c "$*"
}

before=$(ls /tmp /dev /dev/shm)
mkdir -p /etc /tmp/t
echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >/etc/passwd

# Twice the same.
run /tmp/t/root ./run_tests.sh
run /tmp/t/root2 ./run_tests.sh
results /tmp/t/root >/tmp/t/results
results /tmp/t/root2 >/tmp/t/results2
same two_runs_agree /tmp/t/results /tmp/t/results2
devices /tmp/t/root >/tmp/t/devices

# Debian's kernels let nobody but root count (perf_event_paranoid 3).
run /tmp/t/denied as_nobody ./run_tests.sh
expect not_permitted 4 /tmp/t/denied \
	'# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; run as root)' \
	'# SKIP no permission to make such memory' \
	'cards in /dev/dri could not be opened: Permission denied; run as root' \
	'pfn_mkwrite_drm # SKIP no DRM card could be opened' \
	'# no device mapping was measured: '

chmod a+rw /dev/udmabuf /dev/dri/card*
run /tmp/t/nobody as_nobody ./run_tests.sh -t first_store
expect perf_refused 1 /tmp/t/nobody \
	'#   no fault log (perf_event_open(): Permission denied)' \
	'# mapping perf_ring: not measured (perf_event_open(): Permission denied;'
devices /tmp/t/nobody >/tmp/t/nobody_devices
same perf_refused_changes_no_verdict /tmp/t/devices /tmp/t/nobody_devices
chmod go-rw /dev/udmabuf /dev/dri/card*

# Without pgreuse a notification and a dirty fault look the same: no accusation.
mount --bind /dev/null /proc/vmstat
run /tmp/t/novmstat ./run_tests.sh -t first_store -t mkwrite_honoured
umount /proc/vmstat
expect no_pgreuse 0 /tmp/t/novmstat \
	'# mapping udmabuf: undecided (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 65, pgreuse -)' \
	'#   /proc/vmstat has no pgreuse: a notification looks like a dirty fault here' \
	'mapping.radeon.first_store # SKIP no counter here tells the causes apart'

# Nothing at all to read.
run /tmp/t/noproc unshare -m sh -c 'umount -l /proc &&
	./run_tests.sh -t pagemap_and_smaps -t counters_agree -t store_refused'
expect no_proc 0 /tmp/t/noproc \
	'mapping.udmabuf.pagemap_and_smaps # SKIP smaps or pagemap cannot be read here' \
	'mapping.udmabuf.counters_agree' \
	'vdso.vvar.store_refused # SKIP this kernel maps no vvar page'

# One card out of several.
slot=$(basename "$(readlink -f /sys/bus/pci/drivers/radeon/0*)")
card=$(basename "/sys/bus/pci/devices/$slot/drm"/card*)
for pick in "driver radeon" "node /dev/dri/$card" "slot pci:$slot" \
	"short_slot pci:${slot#0000:}"; do
	run /tmp/t/pick env PFN_MKWRITE_SKIP= PFN_MKWRITE_DRM="${pick#* }" \
		./pfn_mkwrite_drm -t second_store
	grep -v '^# mapping radeon\(-prime\)*:' /tmp/t/pick | grep '^# mapping ' >>/tmp/t/pick.others
	expect "pick.${pick%% *}" 0 /tmp/t/pick 'ok 1 mapping.radeon.second_store' '1..2'
done
if [ -s /tmp/t/pick.others ]; then not_ok pick.nothing_else; else ok pick.nothing_else; fi

run /tmp/t/pick env PFN_MKWRITE_DRM=nouveau ./pfn_mkwrite_drm
expect pick.unknown 4 /tmp/t/pick \
	'# PFN_MKWRITE_DRM=nouveau fits none of these cards:' \
	'#   radeon: driver radeon ' \
	'1..0 # SKIP PFN_MKWRITE_DRM names no card that is here'

run /tmp/t/list ./pfn_mkwrite_drm -l
expect list 4 /tmp/t/list radeon vgem virtio_gpu bochs-drm notified_once

# A device node that is there while its driver is not.
mv /dev/udmabuf /tmp/t/udmabuf
run /tmp/t/nodev ./pfn_mkwrite_test -v udmabuf
mknod /dev/udmabuf c 10 250
run /tmp/t/dead ./pfn_mkwrite_test -v udmabuf
rm /dev/udmabuf
mv /tmp/t/udmabuf /dev/udmabuf
expect no_node 0 /tmp/t/nodev 'No such file or directory; the kernel needs CONFIG_UDMABUF' \
	'# SKIP this machine has no such memory'
expect dead_node 0 /tmp/t/dead 'No such device; the kernel needs CONFIG_UDMABUF'

# Nothing is left behind.
rm -r /tmp/t
if [ "$before" = "$(ls /tmp /dev /dev/shm)" ] &&
	! pidof pfn_mkwrite_test pfn_mkwrite_drm; then
	ok nothing_left
else
	find /tmp /dev/shm | sed 's/^/#   /'
	not_ok nothing_left
fi
echo "1..$nr"
