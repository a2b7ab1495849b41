#!/bin/sh
# Makes a Debian 12 image with debootstrap: OUT/debian-12.imgmanifest and
# OUT/debian-12.tar.gz, which any smartbox takes by
#   imgadm install -m debian-12.imgmanifest -f debian-12.tar.gz
# Each build is an image of its own, with a uuid of its own.
#
# usage (root): build.sh OUT [MIRROR]
set -eu

out=${1:?usage: build.sh OUT [MIRROR]}
mirror=${2:-}
suite=bookworm
packages=systemd-sysv,dbus,iproute2,iputils-ping,netbase,ifupdown,procps,less,ca-certificates

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root

# The mirror that this host itself uses, when it is a Debian.
if [ -z "$mirror" ] && grep -qs '^ID=debian' /etc/os-release; then
	# shellcheck disable=SC2016 # apt-get expands it
	mirror=$(apt-get indextargets --format '$(REPO_URI)' "Origin: Debian" "Component: main" 2>/dev/null |
		grep -v security | head -n 1)
fi

debootstrap --variant=minbase --include="$packages" "$suite" "$root" ${mirror:+"$mirror"} >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	exit 1
}

# What belongs to one machine, or can be fetched again, is no part of an image.
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/bootstrap.log \
	"$root"/etc/ssh/ssh_host_* "$root"/var/lib/dbus/machine-id "$root"/etc/resolv.conf
: >"$root/etc/machine-id"
echo localhost >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
# The host gives a zone its addresses before its init runs.
printf 'auto lo\niface lo inet loopback\n' >"$root/etc/network/interfaces"
# A zone has no hardware to look after.
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service \
	systemd-timesyncd.service getty@tty1.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

mkdir -p "$out"
file=$out/debian-12.tar.gz
tar --numeric-owner --sort=name --xattrs -C "$root" -cf - . | gzip -6 >"$file.new"
mv "$file.new" "$file"

cat >"$out/debian-12.imgmanifest" <<MANIFEST
{
  "v": 2,
  "uuid": "$(cat /proc/sys/kernel/random/uuid)",
  "owner": "00000000-0000-0000-0000-000000000000",
  "name": "debian-12",
  "version": "$(date -u +%Y%m%d)",
  "description": "Debian 12 (bookworm), minimal, with systemd.",
  "homepage": "https://www.debian.org/",
  "state": "active",
  "disabled": false,
  "public": true,
  "published_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "type": "lx-dataset",
  "os": "linux",
  "files": [
    {
      "sha1": "$(sha1sum "$file" | cut -d' ' -f1)",
      "size": $(stat -c %s "$file"),
      "compression": "gzip"
    }
  ],
  "requirements": {
    "brand": "lx",
    "networks": [{ "name": "net0", "description": "public" }]
  },
  "tags": { "role": "os", "kernel_version": "6.1" }
}
MANIFEST
