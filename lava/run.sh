#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs a LAVA job on this machine with Debian's lava-dispatcher, without a server. The
# dispatcher has many dependencies, so it is installed in a Debian in the cache, and runs
# in namespaces without network and without this machine's processes.
# Usage: lava/run.sh --help
# shellcheck disable=SC2317	# step runs functions, which shellcheck does not see

set -euo pipefail
lava=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
PFN_MKWRITE_ME=${PFN_MKWRITE_ME:-lava/run.sh}
# shellcheck source=../vm/common.sh
. "$lava/../vm/common.sh"
# shellcheck source=../vm/deps.sh
. "$lava/../vm/deps.sh"
# shellcheck source=../vm/fetch.sh
. "$lava/../vm/fetch.sh"

debian=bookworm
# The packages of a worker: QEMU, TFTP and U-Boot's tools.
content='lava-dispatcher,qemu-system-arm,tftpd-hpa,u-boot-tools'

usage() {
	cat <<-END
	Usage: lava/run.sh [OPTION...] JOB
	Runs the LAVA job of the file JOB without a server, as root, and prints its results,
	"SUITE RESULT NAME", of which the last one is that of the job.

	  --files DIR      what the job finds in /srv/pfn-mkwrite, and what
	                   http://example.com/pfn-mkwrite has for it
	  --device FILE    what the device's dictionary adds to the template of its type
	  --validate       let LAVA check job and device, and do not run it
	  --output DIR     where log.yaml and device.yaml go

	Exit status: 0 LAVA has run the job, whatever its tests say; 1 it has not;
	2 it could not be tried; 3 this machine does not allow it.
	END
}

# Its children end with it, and it ends with this shell. Mounts are private.
private=(setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child)

make_root() {
	"${private[@]}" --mount-proc mmdebstrap --quiet --mode=root --variant=apt \
		--include="$content" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		"$debian" "$1" "deb [signed-by=$keyring] $2 $debian main"
}

# fetch_dispatcher: sets $fetched to a Debian with the dispatcher in it.
fetch_dispatcher() {
	local uri

	fetched=$cache/lava/$debian
	[[ ! -d $fetched ]] || return 0
	lock lava
	if [[ ! -d $fetched ]]; then
		[[ -r $keyring ]] || die "$keyring is missing (package debian-archive-keyring)"
		uri=$(mirror)
		[[ $uri ]] || die "apt's configuration names no mirror of the Debian" \
			"archive; PFN_MKWRITE_MIRROR can name one"
		make_stage lava
		step "making a Debian with lava-dispatcher" make_root "$stage/root" "$uri" ||
			die "a Debian with lava-dispatcher cannot be made: $(why)"
		keep "$stage/root" "$fetched"
	fi
	unlock
}

refuse() {
	echo "$me: $*" >&2
	finish 3
}

options=() files='' device='' output=''
while (($#)); do
	case $1 in
	--files | --device | --output)
		(($# > 1)) || die "$1 needs a value"
		case $1 in
		--files)	files=$2 ;;
		--device)	device=$2 ;;
		--output)	output=$2 ;;
		esac
		shift ;;
	--validate)
		options+=(--validate) ;;
	--help | -h)
		usage
		exit 0 ;;
	-*)	die "$1 is not an option; --help lists them" ;;
	*)	break ;;
	esac
	shift
done
(($# == 1)) || die "it takes one job; --help says more"
[[ -r $1 && -f $1 ]] || die "$1 is not a file that can be read"
[[ ! $device || -r $device && -f $device ]] ||
	die "--device $device is not a file that can be read"
[[ ! $files || -d $files ]] || die "--files $files is not a folder"
((EUID == 0)) || refuse "LAVA's dispatcher has to be run as root"

make_cache
deps lava
"${private[@]}" --net true 2>"$tmp/log" || refuse "this machine gives root no namespaces: $(why)"
output=${output:-$cache/lava/run}
mkdir -p "$output" "$tmp/job" || die "the output folder $output cannot be made"
fetch_package "$(dpkg --print-architecture)" "$debian" lava-server
templates=$fetched/usr/share/lava-server/device-types
fetch_dispatcher
cp "$lava/server.py" "$tmp/job/"
cp "$1" "$tmp/job/job.yaml"
cp "${device:-/dev/null}" "$tmp/job/dictionary.jinja2"

# In the background: bash defers traps while a foreground command runs.
rc=0
"${private[@]}" --net "$BASH" "$lava/inside.sh" "$fetched" "$templates" "$tmp/job" \
	"${files:-/var/empty}" "${options[@]}" </dev/null 2>"$tmp/log" &
worker=$!
wait "$worker" || rc=$?
worker=
for file in log.yaml device.yaml; do
	[[ ! -e $tmp/job/$file ]] || cp "$tmp/job/$file" "$output/"
done
((rc < 2)) || die "LAVA does not take the job: $(why)"
finish "$rc"
