# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Common code of the scripts in vm/: the cache, errors, progress, cleanup. Sourced by
# them.

cache=${PFN_MKWRITE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pfn-mkwrite}
# Errors name the command that the user typed, which may have called this one.
me=${PFN_MKWRITE_ME:-vm/${0##*/}}
# -q: rows and errors only; -v: everything.
quiet=
verbose=
far=		# tells how far a step is
shown=		# whether the last line of the terminal is ours
width=		# of the terminal
# Which of several jobs at once this is, for its messages.
job=${PFN_MKWRITE_JOB:-}
# depmod and modprobe work without root, but only root has their folder in PATH.
PATH=$PATH:/usr/sbin:/sbin
# apt's and tar's messages are searched for words.
export LC_ALL=C

# Print a message unless quiet.
tell() {
	wipe
	[[ $quiet ]] || printf '%s\n' "${job:+$job: }$*" >&2
}

# Print progress, on a terminal or with -v only.
say() {
	if [[ $verbose || ( -t 2 && ! $job ) ]]; then
		tell "$@"
	fi
}

# is_live: whether to show progress: on a terminal, or in the file that vm/table.sh
# reads.
is_live() {
	[[ ! $quiet && ! $verbose ]] || return
	if [[ $job ]]; then
		[[ ${PFN_MKWRITE_PROGRESS:-} ]]
	else
		[[ -t 2 && ${TERM:-dumb} != dumb ]]
	fi
}

# show WHAT [FAR] TIME: the line, in place of the last one.
show() {
	local line=$1 part

	for part in "${@:2}"; do
		line+=${part:+, $part}
	done
	if [[ $job ]]; then
		{ echo "$line" >"$PFN_MKWRITE_PROGRESS"; } 2>/dev/null || :
		return
	fi
	[[ $width ]] || read -r _ width < <(stty size <&2 2>/dev/null) || :
	((${width:=0} > 20)) || width=80
	printf '\r%s\033[K' "${line::width - 1}" >&2
	shown=1
}

# wipe: erases the progress line, also that of another job, before other output.
wipe() {
	[[ ! $shown && ! ${PFN_MKWRITE_PROGRESS:-} ]] || printf '\r\033[K' >&2
	shown=
}

# For errors of the environment or the command line, not of the kernel under test:
# exit status 2.
die() {
	wipe
	printf '%s: %s\n' "$me${job:+: $job}" "$*" >&2
	[[ ! $reason_file ]] || { echo "failed $*" >>"$reason_file"; } 2>/dev/null || :
	finish 2
}

# Exits with an intended status. cleanup() turns any other, from "set -e", into 2.
finish() {
	meant=1
	exit "$1"
}

tmp=		# temporary files
stage=		# what is being made, in the cache, to be renamed when complete
meant=		# the exit status is intended
reason_file=	# where to write why it could not be done
worker=		# the process that is being waited for
workers=()	# runs of this script that are to end with this one
cleanup() {
	local rc=$?

	trap '' INT TERM HUP PIPE
	wipe
	if ((${#workers[@]})); then
		kill -TERM "${workers[@]}" 2>/dev/null || :
		wait "${workers[@]}" 2>/dev/null || :
	fi
	if [[ $worker ]]; then
		# The worker of a step() has a process group, QEMU has not.
		kill -KILL -- "-$worker" 2>/dev/null || kill -KILL "$worker" 2>/dev/null || :
		wait "$worker" 2>/dev/null || :
	fi
	[[ -z $tmp ]] || rm -rf "$tmp"
	[[ -z $stage ]] || rm -rf "$stage"
	if [[ ! $meant ]] && ((rc != 0)); then
		printf '%s: stopped by an error that it does not expect\n' "$me" >&2
		exit 2
	fi
}
trap cleanup EXIT
trap 'finish 129' HUP
trap 'finish 130' INT
trap 'finish 141' PIPE
trap 'finish 143' TERM

make_tmp() {
	[[ -z $tmp ]] || return 0
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/pfn-mkwrite.XXXXXX" 2>/dev/null) ||
		die "no temporary folder can be made in ${TMPDIR:-/tmp}"
}

make_cache() {
	mkdir -p "$cache" 2>/dev/null || :
	[[ -w $cache ]] ||
		die "the cache $cache cannot be written to; PFN_MKWRITE_CACHE names another"
	make_tmp
}

# follow FILE PID: shows what comes into the file until the process ends.
follow() {
	tail -n +1 -s 0.1 -f --pid="$2" "$1" >&2
}

# step WHAT COMMAND...: runs COMMAND and shows its progress, from the function named by
# far, and its time. The output goes to $tmp/log. The command runs in the background,
# because bash defers traps while a foreground command runs.
step() {
	local what=$1 start=$SECONDS rc=0 follower=
	shift

	make_tmp
	: >"$tmp/log"
	[[ ! $verbose ]] || say "$what"
	set -m
	"$@" >>"$tmp/log" 2>&1 </dev/null &
	worker=$!
	set +m
	if [[ $verbose ]]; then
		follow "$tmp/log" "$worker" &
		follower=$!
	fi
	while is_live && kill -0 "$worker" 2>/dev/null; do
		show "$what" "${far:+$("$far")}" "$((SECONDS - start)) s"
		sleep 0.3
	done
	wait "$worker" || rc=$?
	worker=
	[[ ! $follower ]] || wait "$follower" || :
	wipe
	((rc != 0 || SECONDS == start)) || say "$what: took $((SECONDS - start)) s"
	return "$rc"
}

# Print why the last step failed.
why() {
	local line

	if grep -qi 'no space left on device' "$tmp/log" ||
	   df --output=avail -k "$cache" "$tmp" 2>/dev/null | awk 'NR > 1 && $1 < 1024' | grep -q .; then
		echo "no space is left on the file system of $cache or of $tmp"
		return
	fi
	# The very last line of apt only sums up, the one above it names the cause.
	line=$(grep -E '^[EW]: ' "$tmp/log" | grep -v 'Some index files failed' | tail -n 1) ||
		line=$(tail -n 1 "$tmp/log")
	echo "${line:-no reason was given}"
}

lock_fds=()
# lock NAME: one run at a time fills a part of the cache. unlock releases the last lock;
# the end of the script releases all.
lock() {
	local fd

	make_cache
	exec {fd}>"$cache/$1.lock" || die "$cache/$1.lock cannot be written to"
	lock_fds+=("$fd")
	flock -n "$fd" || step "waiting for another run to finish with $1" flock "$fd"
}

unlock() {
	local fd=${lock_fds[-1]}

	exec {fd}>&-
	unset 'lock_fds[-1]'
}
