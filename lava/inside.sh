#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The part of lava/run.sh that runs in namespaces of its own: its mounts and processes
# end with it. ROOT is read-only.
# Usage: lava/inside.sh ROOT TEMPLATES JOB-FOLDER FILES [OPTION-OF-LAVA-RUN...]

set -euo pipefail
root=$1 templates=$2 job=$3 files=$4
shift 4

inside() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 chroot "$root" "$@"
}

mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
for dir in tmp run srv var/lib/lava/dispatcher; do
	mount -t tmpfs tmpfs "$root/$dir"
done
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mkdir "$root"/tmp/{job,templates} "$root"/srv/{tftp,pfn-mkwrite}
mount --bind "$job" "$root/tmp/job"
mount --bind "$templates" "$root/tmp/templates"
[[ ! -d $files ]] || mount --bind -o ro "$files" "$root/srv/pfn-mkwrite"

# This is the only host on this network.
ip link set lo up
echo 127.0.0.1 localhost example.com >"$job/hosts"
mount --bind "$job/hosts" "$root/etc/hosts"
# The address of the host in QEMU's user network.
echo dispatcher_ip: 10.0.2.2 >"$job/dispatcher.yaml"
inside python3 -m http.server --bind 127.0.0.1 --directory /srv 80 >/dev/null 2>&1 &
until (: </dev/tcp/127.0.0.1/80) 2>/dev/null; do
	sleep 0.1
done

inside python3 /tmp/job/server.py device /tmp/templates /tmp/job/dictionary.jinja2 \
	/tmp/job/job.yaml >"$job/device.yaml" || exit 2
rc=0
inside lava-run --job-id 1 --output-dir /tmp/output --device /tmp/job/device.yaml \
	--dispatcher /tmp/job/dispatcher.yaml "$@" /tmp/job/job.yaml \
	>"$job/log.yaml" 2>&1 || rc=$?
inside python3 /tmp/job/server.py results /tmp/job/log.yaml || exit 2
exit "$rc"
