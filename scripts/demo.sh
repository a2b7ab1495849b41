#!/bin/bash
# "make demo": from nothing to two running zones and back, in a root of its
# own, with every command printed before its output. It cleans up after
# itself, also when interrupted and also after an earlier run that was killed.
# KEEP=1 leaves everything up.
set -euo pipefail

cd "$(dirname -- "$0")/.."
here=$PWD
export SMARTBOX_ROOT=/var/tmp/smartbox-demo
export PATH=$here/build/bin:$PATH
images=$here/build/images # kept from run to run: debootstrap takes its minute

if [ "$(id -u)" != 0 ]; then
	echo "demo: needs root: sudo make demo" >&2
	exit 1
fi

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }

# run prints a command as one would type it, then runs it.
run() {
	printf '%s# %s%s\n' "$bold" "$1" "$plain"
	eval "$1"
}

# refused runs a command that must fail.
refused() {
	printf '%s# %s%s\n' "$bold" "$1" "$plain"
	if eval "$1"; then
		fail "this should have been refused"
	fi
}

fail() {
	echo "demo: FAILED: $*" >&2
	exit 1
}

# same VALUE WANT WHAT: the demo's own proof of what it says.
same() { [ "$1" = "$2" ] || fail "$3: got '$1', wanted '$2'"; }

finish() {
	code=$?
	trap - EXIT INT TERM HUP
	if [ -n "${KEEP:-}" ] && [ -d "$SMARTBOX_ROOT" ]; then
		keep
	else
		scripts/sweep.sh "$SMARTBOX_ROOT"
	fi
	exit $code
}
keep() {
	cat <<-TEXT

		Everything was left up. To use it:
		  export SMARTBOX_ROOT=$SMARTBOX_ROOT PATH=$here/build/bin:\$PATH
		  vmadm list
		  zlogin ${deb:-ZONE}
		To remove it:
		  $here/scripts/sweep.sh $SMARTBOX_ROOT
	TEXT
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
scripts/sweep.sh "$SMARTBOX_ROOT" # an earlier run that was killed, or KEEP=1
mkdir -p "$SMARTBOX_ROOT"

title "1  One static binary, and the tools as links to it"
run "ls -l build/smartbox"
run "build/smartbox --version"
run "build/smartbox --install build/bin"
run "ls build/bin"
note "SMARTBOX_ROOT=$SMARTBOX_ROOT keeps all of this apart from the host's own."

title "2  A pool in a sparse file, and two images"
run "truncate -s 10G $SMARTBOX_ROOT/disk.img"
run "zpool create zones $SMARTBOX_ROOT/disk.img"
run "zpool list"
run "imgadm sources"
run "imgadm import 5f3d2c1a-9e47-4b0e-8c6d-7a1b0e2f4d10"
run "images/debian-12/build.sh build/images"
run "imgadm install -m build/images/debian-12.imgmanifest -f build/images/debian-12.tar.zst"
run "imgadm list"

title "3  A switch in memory, a UNIX zone and a Debian zone"
run "dladm create-etherstub stub0"
run "cat examples/payloads/joyent-web.json"
run "vmadm create -f examples/payloads/joyent-web.json"
web=$(vmadm lookup -1 alias=web)
image=$(sed -n 's/.*"uuid": "\(.*\)".*/\1/p' "$images/debian-12.imgmanifest")
run "sed s/IMAGE_UUID/$image/ examples/payloads/lx-debian.json | vmadm create"
deb=$(vmadm lookup -1 alias=deb)

title "4  They run"
run "vmadm list"
run "zoneadm list -cv"
run "zlogin $web 'uname -n; id; ip -br address; df -h /'"
run "zlogin $web mdata-get greeting"
same "$(zlogin "$web" mdata-get greeting)" "hello from the metadata" "metadata"
note "Debian's systemd takes a moment to come up."
run "zlogin $deb 'timeout 60 sh -c \"until test -e /run/systemd/private; do sleep 0.1; done\"; systemctl is-system-running --wait'"
same "$(zlogin "$deb" systemctl is-system-running)" running "systemd in the Debian zone"
run "zlogin $deb 'cat /etc/debian_version; uname -n; id; ip -br address; df -h /; ps -e | head -n 8'"
run "zlogin $web ping -c 2 10.88.0.12"
run "dladm show-vnic"
note "The quota holds: 1 GB."
refused "zlogin $web 'dd if=/dev/zero of=/var/tmp/big bs=1M count=1200'"
run "zlogin $web rm /var/tmp/big"
note "The memory limit holds: 128 MB for one who wants 300."
refused "zlogin $web 'head -c 300M /dev/zero | tail -n 1 | wc -c | grep -q 314572800'"
run "vmadm update $web max_physical_memory=256 cpu_cap=50"
run "vmadm get $web | grep -E 'max_physical_memory|cpu_cap'"

title "5  Break it, roll back, reboot, and leave nothing"
run "vmadm create-snapshot $deb before"
run "zlogin $deb 'rm -rf /usr/lib/systemd /etc/passwd; ls /etc/passwd || :'"
run "vmadm rollback-snapshot $deb before"
run "zlogin $deb head -n 1 /etc/passwd"
same "$(zlogin "$deb" head -n 1 /etc/passwd)" "root:x:0:0:root:/root:/bin/bash" "the rolled back file"
run "vmadm reboot $web"
run "zlogin $web uptime -p"
run "vmadm stop $web"
run "vmadm list"
if [ -n "${KEEP:-}" ]; then
	run "vmadm start $web"
	exit 0
fi
run "vmadm delete $web"
run "vmadm delete $deb"
run "imgadm delete $image"
run "imgadm delete 5f3d2c1a-9e47-4b0e-8c6d-7a1b0e2f4d10"
run "dladm delete-etherstub stub0"
run "zpool destroy zones"

title "What is left"
note "Processes, mounts, loop devices, cgroups, links and filters of this root:"
left=$(scripts/leaks.sh "$SMARTBOX_ROOT" | grep -vx "file $SMARTBOX_ROOT" || :)
[ -z "$left" ] || fail "left behind: $left"
note "none."
note "Zones, and the uid ranges they claim:"
zones=$(find "$SMARTBOX_ROOT"/{etc/zones,zones,run/smartbox/zones} -type f ! -name '.*' 2>/dev/null || :)
claims=$(grep -rl "$web\|$deb" "$SMARTBOX_ROOT/etc" "$SMARTBOX_ROOT/run" "$SMARTBOX_ROOT/var/lib" 2>/dev/null || :)
[ -z "$zones$claims" ] || fail "left behind: $zones $claims"
note "none."
rm -rf --one-file-system "$SMARTBOX_ROOT"
[ ! -e "$SMARTBOX_ROOT" ] || fail "$SMARTBOX_ROOT is still there"
title "Done."
