#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The same mappings in poor surroundings. Runs in a guest in place of run_tests.sh, with
# the folder "suite", with_seccomp, fault_log_test and setfacl with its libraries in "acl"
# beside it. Prints TAP, and rows for docs/labs.md.
# shellcheck disable=SC2086	# $few and $container are to be split into words

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

# expect NAME STATUS FILE TEXT...: the run in FILE ended with STATUS and printed each
# TEXT.
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

# said NAME: how the run NAME ended, for the table in docs/labs.md.
said() {
	sed -n -e 's/^status /exit status /p' \
		-e 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) .*skip:\([0-9]*\) .*/\1 passed, \2 failed, \3 skipped/p' \
		"/tmp/t/$1" | sort -r | sed 'N; s/\n/, /'
}

# row NAME COMMAND [REMARK]
row() {
	printf '# lab %s\t%s\t%s\n' "$1" "$2" "$(said "$1")${3:+, $3}"
}

results() {
	grep -E '^((not )?ok [0-9]|# mapping )' "$1"
}

# The measured mappings of devices, and nothing else.
devices() {
	grep '^# mapping ' "$1" | grep -vE 'mapping (memfd|perf_ring):|not measured'
}

fails() {
	sed -n 's/^not ok [0-9]* //p' "$1"
}

# unchanged NAME COMMAND [MAPPING]: the run NAME has the verdicts of the first run, but for
# MAPPING, and no other test fails.
unchanged() {
	grep -v "^# mapping ${3:-none}:" /tmp/t/devices >/tmp/t/wanted
	{
		devices "/tmp/t/$1"
		fails "/tmp/t/$1" | grep -vxF -f /tmp/t/fails
	} >/tmp/t/seen
	row "$1" "$2" "$(wc -l </tmp/t/wanted) verdicts as with everything"
	same "$1_changes_no_verdict" /tmp/t/wanted /tmp/t/seen
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

# The tests of the verdict, and why a mapping is absent. All tests take longer.
few='-t first_store -t mkwrite_honoured -t mapping'

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
fails /tmp/t/root >/tmp/t/fails
row root ./run_tests.sh

# Only root may count: the default of Debian's kernels.
echo 3 >/proc/sys/kernel/perf_event_paranoid
run /tmp/t/not_permitted as_nobody ./run_tests.sh
expect not_permitted 4 /tmp/t/not_permitted \
	'# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; run as root, or as a user whom ls -l permits)' \
	'# SKIP no permission to make such memory' \
	'cards in /dev/dri could not be opened: Permission denied; run as root, or as a user whom ls -l permits' \
	'pfn_mkwrite_drm # SKIP no mapping to test' \
	'# no device mapping was measured: '
row not_permitted "su nobody -c ./run_tests.sh"

chmod a+rw /dev/udmabuf /dev/dri/card*
run /tmp/t/perf_refused as_nobody ./run_tests.sh $few
expect perf_refused 1 /tmp/t/perf_refused \
	'#   no fault log (perf_event_open(): Permission denied)' \
	'# mapping perf_ring: not measured (perf_event_open(): Permission denied; be root outside of a user namespace, or lower kernel.perf_event_paranoid)'
unchanged perf_refused "perf_event_paranoid 3: su nobody -c ./run_tests.sh $few"

# getrusage() must count the store, and not a fault of the stack.
run /tmp/t/stack ../fault_log_test -t denied_perf_counts_no_stack
expect stack_not_counted 0 /tmp/t/stack 'ok 1 global.denied_perf_counts_no_stack'

# Users may count user mode, which is enough for most probes.
echo 2 >/proc/sys/kernel/perf_event_paranoid
run /tmp/t/perf_user_mode as_nobody ./run_tests.sh $few
echo 3 >/proc/sys/kernel/perf_event_paranoid
chmod go-rw /dev/udmabuf /dev/dri/card*
expect perf_user_mode 1 /tmp/t/perf_user_mode '# mapping perf_ring: notify (' \
	'#   store to an untouched page, fault 2: '
unchanged perf_user_mode "perf_event_paranoid 2: su nobody -c ./run_tests.sh $few"

# Access by the group alone, as with group kvm, and by an ACL alone, as with uaccess.
echo 'kvm:x:104:nobody' >/etc/group
chgrp 104 /dev/udmabuf /dev/dri/card*
chmod g+rw /dev/udmabuf /dev/dri/card*
run /tmp/t/group_alone as_nobody ./run_tests.sh $few
chmod g-rw /dev/udmabuf /dev/dri/card*
chgrp 0 /dev/udmabuf /dev/dri/card*
expect group_alone 1 /tmp/t/group_alone '#   no fault log (perf_event_open(): Permission denied)'
unchanged group_alone "a user in the group of the devices: ./run_tests.sh $few"

setfacl="../acl/ld-linux-aarch64.so.1 --library-path ../acl ../acl/setfacl"
$setfacl -m u:65534:rw /dev/udmabuf /dev/dri/card*
run /tmp/t/acl_alone as_nobody ./run_tests.sh $few
$setfacl -b /dev/udmabuf /dev/dri/card*
expect acl_alone 1 /tmp/t/acl_alone '#   no fault log (perf_event_open(): Permission denied)'
unchanged acl_alone "a user in an ACL of the devices: ./run_tests.sh $few"

# Root of a user namespace is told that this root is not enough.
run /tmp/t/namespace_root as_nobody "unshare -Ur ./run_tests.sh $few"
expect namespace_root 4 /tmp/t/namespace_root \
	'# mapping udmabuf: not measured (/dev/udmabuf: Permission denied; be root outside of a user namespace or container)' \
	'cards in /dev/dri could not be opened: Permission denied; be root outside of a user namespace or container' \
	'# mapping perf_ring: not measured (perf_event_open(): Permission denied; be root outside of a user namespace, or lower kernel.perf_event_paranoid)'
row namespace_root "su nobody -c 'unshare -Ur ./run_tests.sh $few'"
run /tmp/t/namespace_explain as_nobody "unshare -Ur ./run_tests.sh --explain memfd"
expect namespace_explain 0 /tmp/t/namespace_explain \
	'# explain memfd: the kernel cannot be traced: ' \
	'; be root outside of a user namespace or container'

# Only explanations need tracefs.
run /tmp/t/no_tracefs unshare -m sh -c "umount -l /sys/kernel/debug &&
	umount -l /sys/kernel/tracing && ! [ -e /sys/kernel/tracing/trace ] &&
	./run_tests.sh $few"
expect no_tracefs 1 /tmp/t/no_tracefs '#   store to an untouched page, fault 2: '
unchanged no_tracefs "umount /sys/kernel/tracing: ./run_tests.sh $few"

# Names of cards and mappings do not come from sysfs.
run /tmp/t/no_sysfs unshare -m sh -c "umount -l /sys && ! [ -e /sys/class ] &&
	./run_tests.sh $few"
expect no_sysfs 1 /tmp/t/no_sysfs \
	'# mapping udmabuf_thp: not measured (there is no /sys/kernel/mm/'
unchanged no_sysfs "umount /sys: ./run_tests.sh $few"

# The seccomp filter of containers, with both errors, and all tests: counts that need a
# fault log must skip. The C library starts threads without clone3(), too.
container='add_key bpf io_uring_enter io_uring_register io_uring_setup kcmp keyctl
	mount perf_event_open process_vm_readv process_vm_writev ptrace request_key setns
	umount2 unshare userfaultfd'
for errno in EPERM ENOSYS; do
	case $errno in
	EPERM)	why='Operation not permitted' more= ;;
	ENOSYS)	why='Function not implemented' more='clone3 statx' ;;
	esac
	run /tmp/t/seccomp_$errno ../with_seccomp $errno $container $more -- \
		./run_tests.sh
	expect seccomp_$errno 1 /tmp/t/seccomp_$errno \
		"#   no fault log (perf_event_open(): $why): faults counted by getrusage() alone" \
		"# mapping perf_ring: not measured (perf_event_open(): $why; this kernel has no perf, or a container hides it)"
	unchanged seccomp_$errno "with_seccomp $errno perf_event_open bpf mount ... -- ./run_tests.sh"

	run /tmp/t/no_memfd_$errno ../with_seccomp $errno memfd_create -- ./run_tests.sh $few
	expect no_memfd_$errno 1 /tmp/t/no_memfd_$errno \
		'# mapping udmabuf: not measured (a memfd of ' " bytes: $why)" \
		'absent.udmabuf.mapping # SKIP ' 'absent.memfd.mapping # SKIP '
	unchanged no_memfd_$errno "with_seccomp $errno memfd_create -- ./run_tests.sh" udmabuf
done

# Without affinity and priority, the tests wait for a quiet moment.
run /tmp/t/no_scheduling ../with_seccomp EPERM sched_getaffinity sched_setaffinity \
	sched_setscheduler prctl setpgid -- ./run_tests.sh $few -t threads_disjoint
expect no_scheduling 1 /tmp/t/no_scheduling '# mapping radeon: ignored ('
unchanged no_scheduling "with_seccomp EPERM sched_setaffinity sched_setscheduler prctl ... -- ./run_tests.sh"

# masters: prints the DRM master of each card. vgem has none.
masters() {
	awk '$4 == "y" { print $1, $2, $3 }' /sys/kernel/debug/dri/[0-9]*:*/clients
}

# A compositor owns the cards. It must keep them, and must not hinder the tests.
nr_cards=$(find /sys/kernel/debug/dri/[0-9]*:*/clients | wc -l)
masters >/tmp/t/nobody_owns
exec 7<>/dev/dri/card0 8<>/dev/dri/card1 9<>/dev/dri/card2
masters >/tmp/t/owners
run /tmp/t/owned_cards ./pfn_mkwrite_drm $few 7<&- 8<&- 9<&-
masters >/tmp/t/owners_after
exec 7<&- 8<&- 9<&-
expect owned_cards 1 /tmp/t/owned_cards '# mapping radeon: ignored ('
unchanged owned_cards "cards with a DRM master: ./pfn_mkwrite_drm $few" udmabuf
if [ ! -s /tmp/t/nobody_owns ] && [ "$(wc -l </tmp/t/owners)" = "$nr_cards" ]; then
	same owned_cards_stay_so /tmp/t/owners /tmp/t/owners_after
else
	sed 's/^/#   /' /tmp/t/owners
	not_ok owned_cards_stay_so
fi

# A compositor that starts while a card without a master is measured.
slot=$(basename "$(readlink -f /sys/bus/pci/drivers/radeon/0*)")
card=$(basename "/sys/bus/pci/devices/$slot/drm"/card*)
run /tmp/t/late_master env PFN_MKWRITE_DRM=radeon ./pfn_mkwrite_drm $few &
moments=0
until grep pfn_mkwrite_drm "/sys/kernel/debug/dri/$slot/clients" >/tmp/t/clients ||
	[ $moments -eq 500 ]; do
	moments=$((moments + 1))
done
# The first process that opens a card is its DRM master until it drops that. If the
# program is stopped between the two, try again.
# shellcheck disable=SC2046	# it is more than one
while kill -STOP $(pidof pfn_mkwrite_drm); do
	masters >/tmp/t/nobody_owns
	if [ ! -s /tmp/t/nobody_owns ] || [ $moments -ge 500 ]; then break; fi
	moments=$((moments + 1))
	kill -CONT $(pidof pfn_mkwrite_drm)
done
exec 9<>"/dev/dri/$card"
masters >/tmp/t/owners
# shellcheck disable=SC2046
kill -CONT $(pidof pfn_mkwrite_drm)
wait
masters >>/tmp/t/owners
exec 9<&-
masters >>/tmp/t/nobody_owns
expect late_master 1 /tmp/t/late_master '# mapping radeon: ignored (first store 2, '
if [ -s /tmp/t/clients ] && [ ! -s /tmp/t/nobody_owns ] &&
	[ "$(grep -c "^run_tests.sh $$ " /tmp/t/owners)" = 2 ]; then
	ok late_master_is_let_in
else
	sed 's/^/#   /' /tmp/t/clients /tmp/t/nobody_owns /tmp/t/owners
	not_ok late_master_is_let_in
fi
row late_master "a DRM master that starts meanwhile: PFN_MKWRITE_DRM=radeon ./pfn_mkwrite_drm $few"

# Without pgreuse a notification and a dirty fault look the same: undecided.
mount --bind /dev/null /proc/vmstat
run /tmp/t/no_pgreuse ./run_tests.sh $few
umount /proc/vmstat
expect no_pgreuse 0 /tmp/t/no_pgreuse \
	'# mapping udmabuf: undecided (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 65, pgreuse -)' \
	'#   /proc/vmstat has no pgreuse: a notification looks like a dirty fault here' \
	'mapping.radeon.first_store # SKIP no counter here tells the causes apart'
row no_pgreuse "no /proc/vmstat: ./run_tests.sh $few"

# No /proc.
run /tmp/t/no_proc unshare -m sh -c 'umount -l /proc &&
	./run_tests.sh -t pagemap_and_smaps -t counters_agree -t store_refused'
expect no_proc 0 /tmp/t/no_proc \
	'mapping.udmabuf.pagemap_and_smaps # SKIP smaps or pagemap cannot be read here' \
	'mapping.udmabuf.counters_agree' \
	'vdso.vvar.store_refused # SKIP this kernel maps no vvar page'
row no_proc "umount /proc: ./run_tests.sh -t pagemap_and_smaps -t counters_agree"

# One card out of several.
for pick in "driver radeon" "node /dev/dri/$card" "slot pci:$slot" \
	"short_slot pci:${slot#0000:}"; do
	run /tmp/t/pick env PFN_MKWRITE_SKIP= PFN_MKWRITE_DRM="${pick#* }" \
		./pfn_mkwrite_drm -t second_store
	grep -v '^# mapping radeon\(-prime\)*:' /tmp/t/pick | grep '^# mapping ' >>/tmp/t/pick.others
	expect "pick.${pick%% *}" 0 /tmp/t/pick 'ok 1 mapping.radeon.second_store' '1..2'
done
if [ -s /tmp/t/pick.others ]; then not_ok pick.nothing_else; else ok pick.nothing_else; fi

run /tmp/t/pick env PFN_MKWRITE_DRM=nouveau ./pfn_mkwrite_drm
expect pick.unknown 2 /tmp/t/pick \
	'PFN_MKWRITE_DRM=nouveau matches no card; there are: bochs-drm radeon '

run /tmp/t/list ./pfn_mkwrite_drm -l
expect list 4 /tmp/t/list radeon vgem virtio_gpu bochs-drm notified_once

# No device node, and a device node without a driver.
mv /dev/udmabuf /tmp/t/udmabuf
run /tmp/t/no_node ./pfn_mkwrite_test -v udmabuf
mknod /dev/udmabuf c 10 250
run /tmp/t/dead_node ./pfn_mkwrite_test -v udmabuf
rm /dev/udmabuf
mv /tmp/t/udmabuf /dev/udmabuf
expect no_node 0 /tmp/t/no_node 'No such file or directory; the kernel needs CONFIG_UDMABUF' \
	'# SKIP this machine has no such memory'
expect dead_node 0 /tmp/t/dead_node 'No such device; the kernel needs CONFIG_UDMABUF'

row no_node "no /dev/udmabuf: ./pfn_mkwrite_test -v udmabuf"
row dead_node "no driver behind /dev/udmabuf: ./pfn_mkwrite_test -v udmabuf"

# A lockdown, which stays until the guest ends, forbids explanations and nothing else.
mount -t securityfs securityfs /sys/kernel/security
echo confidentiality >/sys/kernel/security/lockdown
run /tmp/t/lockdown_explain ./run_tests.sh --explain radeon
expect lockdown_explain 0 /tmp/t/lockdown_explain \
	'# explain radeon: the kernel cannot be traced: /sys/kernel/security/lockdown is confidentiality; boot without lockdown' \
	'fault 2, of the store: '
run /tmp/t/lockdown ./run_tests.sh $few
expect lockdown 1 /tmp/t/lockdown '#   store to an untouched page, fault 2: '
unchanged lockdown "lockdown confidentiality: ./run_tests.sh $few"

# Some readers take a reason for a part of the name. Paths are on the # lines.
grep -h '# SKIP ' /tmp/t/* | sed 's/.* # SKIP //' | sort -u >/tmp/t/reasons
if [ -s /tmp/t/reasons ] && ! grep -q / /tmp/t/reasons; then
	ok reasons_have_no_path
else
	sed 's/^/#   /' /tmp/t/reasons
	not_ok reasons_have_no_path
fi

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
