#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetches npm's tap-parser and prints the command that runs it: as Debian packages it,
# without npm, or a newer one, with npm. Usage: tests/consumers_fetch.sh debian|npm

set -euo pipefail
cd "$(dirname "$0")/.."
export PFN_MKWRITE_ME=tests/${0##*/}
# shellcheck source=vm/fetch.sh
. vm/fetch.sh

# The same for every architecture, as are its dependencies except node.
tap_parser_debian() {
	local package path=''

	for package in node-minipass node-yallist node-tap-parser; do
		fetch_package arm64 bookworm "$package"
		path+=:$fetched/usr/share/nodejs
	done
	echo "env NODE_PATH=${path#:} node $fetched/usr/share/nodejs/tap-parser/bin/cmd.js"
}

# Pin the dependencies, too.
tap_parser_npm() {
	local version=16.0.1
	local home=$cache/npm/tap-parser-$version

	if [[ ! -d $home ]]; then
		lock npm
		if [[ ! -d $home ]]; then
			make_stage npm
			step "fetching tap-parser $version" npm install \
				--prefix "$stage/made" --cache "$stage/cache" \
				--no-audit --no-fund --ignore-scripts \
				--fetch-retries=1 --fetch-timeout=15000 \
				"tap-parser@$version" events-to-array@2.0.3 \
				tap-yaml@2.2.2 yaml@2.9.1 yaml-types@0.3.0 ||
				die "tap-parser $version cannot be fetched:" \
					"$(grep -i -m 1 '^npm err' "$tmp/log")"
			keep "$stage/made" "$home"
		fi
		unlock
	fi
	echo "node $home/node_modules/tap-parser/bin/cmd.cjs"
}

case ${1:-}:$# in
debian:1 | npm:1)
	command -v node >/dev/null || die "there is no node"
	[[ $1 == debian ]] || command -v npm >/dev/null || die "there is no npm"
	"tap_parser_$1" ;;
*)	die "usage: tests/consumers_fetch.sh debian|npm" ;;
esac
