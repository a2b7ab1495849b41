#!/bin/sh
# Prints what smartbox can leave on a host, one thing a line, sorted. Two runs
# compared show what the time between them left behind.
# With ROOT only what belongs to that SMARTBOX_ROOT.
#   usage: leaks.sh [ROOT]
set -eu

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

# A process is ours by its root, its cgroup or its program. Who runs this script
# is not meant.
processes() {
	callers=" "
	pid=$$
	while [ "$pid" -gt 1 ]; do
		callers="$callers$pid "
		pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status")
	done
	for p in /proc/[0-9]*; do
		case $callers in *" ${p#/proc/} "*) continue ;; esac
		name=$(cat "$p/comm" 2>/dev/null) || continue
		if grep -qx "PPid:	$$" "$p/status" 2>/dev/null; then
			continue # a part of this script
		elif grep -q "/[^/]*$mark" "$p/cgroup" 2>/dev/null; then
			echo "process $name (cgroup)"
		elif [ -n "$root" ]; then
			if tr '\0' '\n' <"$p/environ" | grep -qx "SMARTBOX_ROOT=$root"; then
				echo "process $name (root)"
			fi
		else
			case $name in zoneadmd*) echo "process $name" ;; esac
		fi
	done 2>/dev/null
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
