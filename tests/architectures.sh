#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Prints docs/architectures.md from what the rigs showed.
# Usage: tests/architectures.sh DIR, as ./run_tests.sh --vm --output DIR all has filled it

set -eu
cd "$(dirname "$0")/.."
dir=$1

# Name, rig without and rig with the core series. Some of the first are Debian's 7.3.
pairs='arm64, no DBM: arm64-stock-a57 arm64-core-a57
arm64, no DBM, 16 KiB: arm64-7.3-16k-a76-nodbm arm64-core-16k
arm64, no DBM, 64 KiB: arm64-stock-64k arm64-core-64k
arm64 with DBM: arm64-7.3-max arm64-core-max
32-bit ARM, LPAE: armhf-stock-a15 armhf-core-a15
riscv64 with Svade: riscv64-stock-svade riscv64-core-svade
riscv64 with Svadu: riscv64-stock-svadu riscv64-core-svadu
x86_64: amd64-7.3-qxl amd64-core-qxl'

# mapping RIG NAME: the line that sums up its measurement.
mapping() {
	grep "^# mapping $2: [a-z]* (" "$dir/$1/output.log"
}

# faults RIG NAME: "ignored 65"
faults() {
	mapping "$1" "$2" | sed -E 's/^# mapping [^:]*: ([a-z]*) .* 64 pages ([0-9]*),.*/\1 \2/' | grep . ||
		echo 'not known'
}

# dirties RIG: a forked child has clean PTEs (fork() cleans them), and stores.
dirties() {
	local child

	child=$(mapping "$1" udmabuf | sed 's/.*forked child \([^,]*\),.*/\1/')
	case $child in
	0)	echo "the CPU (0 faults)" ;;
	1)	echo "software (1 fault)" ;;
	*)	echo "not known ($child)" ;;
	esac
}

prot() {
	sed -n '/^# explain radeon: /,/^#   so:/s/.*, prot \(0x[0-9a-f]*\).*/\1/p' \
		"$dir/$1/output.log" | sed q
}

cat <<'END'
# It is not arm64 alone

"Question is why is arm64 doing this?" was asked of the patch of 2024, which said that
the problem only exists there. It exists wherever software sets the dirty bit: the
kernel marks a writable PTE that a driver inserts as clean, and a store to a clean PTE
faults.

`ALL=1 tests/guests.sh`, a part of `make check-all`, makes this table with
`tests/architectures.sh`. The kernels are Linux 7.3, Debian's or built, without and with
the core series (`patches/core`). `./run_tests.sh --vm RIG` shows a row again.

- *Dirty bit set by*: measured, not looked up. `fork()` cleans the PTEs of a shared
  mapping of device memory as it copies them, so the child's store to a page that its
  parent has dirtied faults once if software sets the bit, and not at all if the CPU does.
- *udmabuf* maps all pages in the first fault, *TTM* (radeon or qxl) 16: the verdict, and
  the page faults of 64 first stores in order. `hidden`: the fault leaves the same clean
  PTE, and the CPU sets the bit.
- *prot*: what TTM passed to `vmf_insert_pfn_prot()`, as `--explain` shows it of a verdict
  that fails; it cannot trace 32-bit ARM.

| architecture | dirty bit set by | udmabuf | with the series | TTM | with the series | prot | rigs |
|---|---|---|---|---|---|---|---|
END
while IFS=: read -r name rigs; do
	read -r before after <<<"$rigs"
	for ttm in radeon qxl; do
		! mapping "$before" $ttm >/dev/null || break
	done
	prot=$(prot "$before")
	printf '| %s | %s | %s | %s | %s | %s | %s | %s, %s |\n' "$name" \
		"$(dirties "$before")" "$(faults "$before" udmabuf)" \
		"$(faults "$after" udmabuf)" "$(faults "$before" "$ttm")" \
		"$(faults "$after" "$ttm")" "${prot:--}" "$before" "$after"
done <<<"$pairs"
cat <<'END'

## What rests on QEMU

The guests are emulated. This table lists what a real machine may do differently, and how to check.

| statement | rests on | on a board |
|---|---|---|
| arm64: this CPU has DBM, or not | the ID registers that QEMU gives the CPU; `max` is no CPU that is built | `dmesg` says `detected: Hardware dirty bit management`, and the suite says `hidden` |
| arm64: `id_aa64mmfr1.hafdbs=0` is like a CPU without DBM | the kernel (7.3): it does not switch DBM on | the same parameter |
| 32-bit ARM: software sets the bit | the architecture: its page tables have no dirty bit, `L_PTE_DIRTY` is the kernel's own | run the suite |
| riscv64: Svade or Svadu | the CPU that the rig asks QEMU for; QEMU 7.2 always sets the bit | `svade` or `svadu` in `isa` of /proc/cpuinfo (not in 6.12) |
| x86_64: the CPU sets the bit | the architecture | run the suite |
| no fault but those of the table | QEMU's TLB does not keep what the kernel has changed. A real one may: since 6.19 arm64 flushes only the TLB of its own CPU when a write fault upgrades a PTE, so another CPU can fault once more | the suite measures on one CPU; `threads_one_page` on all |
| machines with two kinds of CPU | the rig arm64-control-mixed, whose kernel switches DBM off on odd CPUs | the suite says that the CPUs differ |

On a board: `make board.tar.xz CROSS_COMPILE=...`, unpack it there, `./run_tests.sh` as
root. The times of QEMU's guests say nothing about silicon.
END
