#!/bin/bash
# Prints what smartbox can leave on a host, one thing a line, sorted. Two runs
# compared show what the time between them left behind.
# With ROOT only what belongs to that SMARTBOX_ROOT.
#   usage: leaks.sh [ROOT]
set -euo pipefail

root=${1:-}
PATH=$PATH:/usr/sbin:/sbin

# mark is what all kernel-wide names of one root carry; see internal/paths.
mark=smartbox
[ -z "$root" ] || mark=$(printf %s "$root" | sha256sum | cut -c1-8)

mounts() { awk '{ print "mount", $5 }' /proc/self/mountinfo; }

loops() {
	for f in /sys/block/loop*/loop/backing_file; do
		[ -r "$f" ] && printf 'loop %s\n' "$(cat "$f")"
	done 2>/dev/null || :
}

cgroups() { find /sys/fs/cgroup -type d -path "*$mark*" 2>/dev/null | sed 's/^/cgroup /'; }

# A process is ours by its root, its cgroup or its program. Those of this
# script's own process group are who asks. Nothing is forked, for there may be
# thousands.
processes() {
	local p name stat words me
	group $$ && me=${words[2]}
	for p in /proc/[0-9]*; do
		{ read -r name <"$p/comm" && group "${p#/proc/}"; } || continue
		[ "${words[2]}" != "$me" ] || continue
		if belongs "$p/cgroup" $'\n' "/*$mark*"; then
			echo "process $name (cgroup)"
		elif [ -z "$root" ]; then
			[[ $name != zoneadmd* ]] || echo "process $name"
		elif belongs "$p/environ" '' "SMARTBOX_ROOT=$root"; then
			echo "process $name (root)"
		fi
	done 2>/dev/null
}

# group PID: the fields of its stat after the name, into words; the third is
# the process group.
group() {
	read -r stat <"/proc/$1/stat" && read -ra words <<<"${stat##*) }"
}

# belongs FILE END PATTERN: a line of FILE matches.
belongs() {
	local line
	while IFS= read -r -d "$2" line; do
		# shellcheck disable=SC2053 # a pattern
		[[ $line != $3 && $line != *:$3 ]] || return 0
	done <"$1"
	return 1
}

# The alias of a link of ours names its root.
links() {
	for l in /sys/class/net/*; do
		[ -e "$l" ] || continue
		alias=$(cat "$l/ifalias" 2>/dev/null) || :
		case $root:$alias in
		:*) echo "link ${l##*/} $alias" ;;
		*root=$mark*) echo "link ${l##*/} $alias" ;;
		esac
	done
}

tables() {
	{ nft list tables 2>/dev/null || :; } | { grep "$mark" || :; }
}

files() {
	if [ -n "$root" ]; then
		[ ! -e "$root" ] || echo "file $root"
	else
		for f in /run/smartbox /run/netns/* /var/lib/smartbox /var/imgadm /etc/zones /etc/dladm /usbkey /zones; do
			[ ! -e "$f" ] || echo "file $f"
		done
	fi
}

{
	if [ -n "$root" ]; then
		mounts | grep -F " $root" || :
		loops | grep -F " $root" || :
	else
		mounts
		loops
	fi
	cgroups
	processes
	links
	tables
	files
} | LC_ALL=C sort
