#!/bin/sh
# Removes everything of one SMARTBOX_ROOT by force, whatever state it is in:
# what a demo or a test cleans up with when it was itself killed half-way.
#   usage (root): sweep.sh ROOT
set -eu

root=${1:?usage: sweep.sh ROOT}
case $root in
/tmp/* | /var/tmp/* | */build/*) ;;
*) echo "sweep: $root is no throw-away root" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mark=$(printf %s "$root" | sha256sum | cut -c1-8)
PATH=$PATH:/usr/sbin:/sbin

cgroups() { find /sys/fs/cgroup -depth -type d -path "*$mark*" 2>/dev/null || :; }

pids() {
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in
		zoneadmd* | smartbox | exe)
			if tr '\0' '\n' <"$p/environ" | grep -qx "SMARTBOX_ROOT=$root"; then
				echo "${p#/proc/}"
			fi
			;;
		esac
	done 2>/dev/null
	for c in $(cgroups); do cat "$c/cgroup.procs" 2>/dev/null || :; done
}

for _ in 1 2 3 4 5 6 7 8 9 10; do
	gone=$(pids | sort -u)
	[ -n "$gone" ] || break
	# shellcheck disable=SC2086 # a list of words
	kill -9 $gone 2>/dev/null || :
	sleep 0.2
done

"$here/leaks.sh" "$root" | sed -n 's/^link \([^ ]*\) .*/\1/p' | while read -r l; do
	ip link delete "$l" 2>/dev/null || :
done
nft list tables 2>/dev/null | grep "$mark" | while read -r _ family name; do
	nft delete table "$family" "$name" || :
done

for _ in 1 2 3; do
	awk -v root="$root" '$5 == root || index($5, root "/") == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r m; do umount -l "$m" 2>/dev/null || :; done
done
for f in /sys/block/loop*/loop/backing_file; do
	[ -r "$f" ] || continue
	case $(cat "$f") in
	"$root"/*) d=${f#/sys/block/}; losetup -d "/dev/${d%%/*}" || : ;;
	esac
done
for c in $(cgroups); do rmdir "$c" 2>/dev/null || :; done
rm -rf --one-file-system "$root"
